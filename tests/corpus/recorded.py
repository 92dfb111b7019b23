"""The recorded streams of real providers, read in place from a folder beside the checkout.

The folder is named by `GREENROOM_CORPUS`, or it is `shared/corpus` in a folder above the checkout. Where
there is none, the tests skip and say so; nothing of it is ever copied.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

MISSING = "the corpus of recorded streams is not here; GREENROOM_CORPUS can name its folder"
_CHECKOUT = Path(__file__).parents[2]


class Recorded(msgspec.Struct, frozen=True):
    """A row of the corpus's index."""

    repo: str
    wire: str
    features: tuple[str, ...]
    body: str
    """The name of its file, which names it in tests too."""

    def sent(self) -> bytes:
        """The response's body, framed as server-sent events where the recording kept the payloads alone."""
        folder = find_corpus()
        assert folder is not None
        data = (folder / "bodies" / self.body).read_bytes()
        if "payload-lines" in self.features:
            return b"".join(b"data: " + line + b"\n\n" for line in data.split(b"\n") if line.strip())
        return data


def find_corpus() -> Path | None:
    """Where the corpus is; None if it is nowhere."""
    named = os.environ.get("GREENROOM_CORPUS")
    folders = [Path(named)] if named else [up / "shared" / "corpus" for up in _CHECKOUT.parents[:2]]
    return next((folder for folder in folders if (folder / "index.jsonl").is_file()), None)


def recorded(wire: str) -> list[Recorded]:
    """All responses of a wire format, such as `oai-chat`; none without the corpus."""
    folder = find_corpus()
    if folder is None:
        return []
    rows = msgspec.json.Decoder(Recorded).decode_lines((folder / "index.jsonl").read_bytes())
    return [row for row in rows if row.wire == wire]


def each_recorded(wire: str) -> pytest.MarkDecorator:
    """Run a test, which takes a `row`, for all responses of a wire format; skipped without the corpus."""
    missing = pytest.param(None, marks=pytest.mark.skip(reason=MISSING), id="no-corpus")
    rows = [pytest.param(row, id=row.body) for row in recorded(wire)]
    return pytest.mark.parametrize("row", rows or [missing])
