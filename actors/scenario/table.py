"""A table that a script leaves behind: `stage.table(...)`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A further table of a report."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Each as long as `columns`; its first cell names it."""
    note: str = ""

    def text(self) -> Iterator[str]:
        """Its lines, in columns of one width each."""
        widths = [max(map(len, cells)) for cells in zip(self.columns, *self.rows, strict=True)]
        yield self.title
        for row in (self.columns, *self.rows):
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if self.note:
            yield self.note

    def markdown(self) -> Iterator[str]:
        """Its lines as GitHub's Markdown, without the title."""
        yield _piped(self.columns)
        yield "|" + "---|" * len(self.columns)
        yield from map(_piped, self.rows)
        if self.note:
            yield ""
            yield self.note


def _piped(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
