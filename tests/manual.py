"""What the README shows of what was measured: a part between two markers, written by a command, never by hand."""

from __future__ import annotations

from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def markers(part: str) -> tuple[str, str]:
    """The lines that the part stands between."""
    return f"<!-- {part}: begin -->", f"<!-- {part}: end -->"


def read(part: str) -> str:
    """What the README shows there."""
    begin, end = markers(part)
    return README.read_text("utf-8").split(begin)[1].split(end)[0].strip("\n")


def write(part: str, text: str) -> None:
    """Put a text there."""
    begin, end = markers(part)
    before, rest = README.read_text("utf-8").split(begin)
    after = rest.split(end)[1]
    README.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")
