"""Text of a model or an endpoint, made fit to be shown: it is untrusted, and a line has only so much room."""

from __future__ import annotations

from rich.cells import cell_len


def inert(text: str) -> str:
    """The text on one line, with a dot for each character that a terminal would obey or not draw."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char.isspace() else "·" for char in text)


def tail(text: str, cells: int) -> str:
    """As much of the text's end as fits into so many cells of a terminal, inert."""
    shown = inert(text[-cells:]) if cells > 0 else ""
    while cell_len(shown) > cells:
        shown = shown[1:]
    return shown
