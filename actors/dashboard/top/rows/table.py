"""Columns of a certain width, and rows laid out in them. All text comes out inert: here, so that no panel forgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias, get_args

import msgspec
from rich.cells import cell_len, chop_cells, set_cell_size

from actors.fleet.view import Sort
from actors.log.format import inert

Style: TypeAlias = Literal["", "dim", "label", "strong", "chosen", "name", "good", "busy", "warn", "bad"]
"""What a text is; the terminal's theme says how it looks."""

STYLES: Final[tuple[Style, ...]] = get_args(Style)[1:]

Part: TypeAlias = tuple[str, Style]
Line: TypeAlias = tuple[Part, ...]

Key: TypeAlias = tuple[str, str]
"""A session: its run, and its id."""

GAP: Final = 2
NARROW: Final = 100
"""A table of fewer cells has gaps of one."""
READ: Final = 4
"""How many characters of a text are looked at, for each cell there is room for; marks take no cell."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a table."""

    title: str
    width: int
    """The least, in cells."""
    right: bool = False
    grow: int = 0
    """How many parts it gets of the room that is left."""
    rank: int = 0
    """Where there is no room, columns of the greatest rank go first; those of 0 stay."""
    sort: Sort | None = None
    """The order that goes by it."""


class Row(msgspec.Struct, frozen=True):
    """A row; `session` is whose timeline is behind it."""

    cells: Line
    session: Key | None = None


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What a panel shows."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str
    """What is said where there are no rows."""
    sort: Sort | None = None
    reverse: bool = False


class Fitted(msgspec.Struct, frozen=True):
    """The columns there is room for: which, and how wide; and how wide the gaps are between them."""

    columns: tuple[tuple[int, int], ...]
    gap: int


def fit(columns: Sequence[Column], width: int) -> Fitted:
    """Choose the columns that `width` cells have room for, and share out what is left."""
    gap = 1 if width < NARROW else GAP
    kept = list(range(len(columns)))
    while len(kept) > 1 and _needed(columns, kept, gap) > width:
        last = max(reversed(kept), key=lambda it: columns[it].rank)
        if columns[last].rank == 0:
            break
        kept.remove(last)
    room = max(0, width - _needed(columns, kept, gap))
    parts = sum(columns[it].grow for it in kept)
    fitted = []
    for index in kept:
        grow = columns[index].grow
        more = room * grow // parts if grow else 0
        room, parts = room - more, parts - grow
        fitted.append((index, columns[index].width + more))
    return Fitted(tuple(fitted), gap)


def heading(table: Table, fitted: Fitted) -> Line:
    """The columns' titles; an arrow is at the one that the rows are sorted by."""
    arrow = "▲" if table.reverse is not (table.sort == "session") else "▼"
    titles = []
    for column in table.columns:
        sorted_by = column.sort is not None and column.sort == table.sort
        style: Style = "strong" if sorted_by else "label"
        titles.append((f"{column.title}{arrow if sorted_by else ''}", style))
    return lay(table.columns, titles, fitted)


def lay(columns: Sequence[Column], cells: Sequence[Part], fitted: Fitted) -> Line:
    """Lay cells out in their columns. Neighbours of one style become one part: each part costs when it is painted."""
    parts: list[Part] = []
    gap = ""
    for index, width in fitted.columns:
        text, style = cells[index]
        said = gap + pad(text, width, right=columns[index].right)
        if parts and parts[-1][1] == style:
            parts[-1] = parts[-1][0] + said, style
        else:
            parts.append((said, style))
        gap = " " * fitted.gap
    return tuple(parts)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Make a text inert and exactly `width` cells wide; where it is cut off it ends with `…`."""
    text = inert(text[: READ * width + 1])
    cells = cell_len(text)
    if cells > width:
        return set_cell_size(set_cell_size(text, width - 1) + "…", width) if width > 0 else ""
    return " " * (width - cells) + text if right else text + " " * (width - cells)


def clip(parts: Iterable[Part], width: int) -> Line:
    """Make a line inert and exactly `width` cells wide."""
    line: list[Part] = []
    for text, style in parts:
        if width <= 0:
            break
        said = inert(text[: READ * width + 1])
        cells = min(cell_len(said), width)
        line.append((pad(said, cells), style))
        width -= cells
    if width > 0:
        line.append((" " * width, ""))
    return tuple(line)


def wrap(text: str, width: int, most: int) -> tuple[str, ...]:
    """Make a text inert and break it into at most so many lines of at most `width` cells."""
    if width <= 0:
        return ()
    lines = chop_cells(inert(text[: READ * width * most + 1]), width)
    if len(lines) > most:
        lines[most - 1 :] = [pad(lines[most - 1] + lines[most], width)]
    return tuple(lines)


def width_of(parts: Iterable[Part]) -> int:
    """How many cells a line takes."""
    return sum(cell_len(text) for text, _ in parts)


def _needed(columns: Sequence[Column], kept: Sequence[int], gap: int) -> int:
    return sum(columns[it].width for it in kept) + gap * (len(kept) - 1)
