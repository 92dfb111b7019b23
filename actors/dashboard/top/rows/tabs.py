"""The line that says which panels there are, where only one of them is seen."""

from __future__ import annotations

from collections.abc import Sequence

from actors.dashboard.top.rows.table import Line, Part, Style, clip


def line(names: Sequence[str], selected: int, alarming: frozenset[int], width: int) -> Line:
    """The panels by number and name; those that hold something bad stand out."""
    parts: list[Part] = []
    for index, name in enumerate(names):
        style: Style = "bad" if index in alarming else "label"
        parts += [(" ", ""), (f"{(index + 1) % 10} {name}", "chosen" if index == selected else style)]
    return clip(parts, width)
