"""Lines of styled text as textual's strips. What a style looks like is said here, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, TypeAlias

from rich.segment import Segment
from rich.style import Style as Look
from textual.strip import Strip
from textual.widget import Widget

from actors.dashboard.top.rows.table import STYLES, Line, Part

REVERSED = Look(reverse=True)
PLAIN = "plain"

Maker: TypeAlias = Callable[[int], tuple[Line, ...]]
"""Makes lines of so many cells."""


class Painted(Widget):
    """A widget that draws parts; their text is inert already, and no markup is read in it."""

    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"painted--{style}" for style in (PLAIN, *STYLES)}
    DEFAULT_CSS = """
    Painted {
        .painted--dim { color: $foreground 50%; }
        .painted--label { color: $foreground 70%; }
        .painted--strong { text-style: bold; }
        .painted--chosen { text-style: bold reverse; }
        .painted--name { color: $primary-lighten-3; }
        .painted--good { color: $success; }
        .painted--busy { color: $primary-lighten-2; }
        .painted--warn { color: $warning; }
        .painted--bad { color: $error-lighten-1; }
    }
    """

    def paint(self, parts: Iterable[Part], width: int, *, reverse: bool = False) -> Strip:
        """A line of this width."""
        segments = [Segment(text, self._look(style, reverse=reverse)) for text, style in parts]
        return Strip(segments).adjust_cell_length(width, self._look("", reverse=reverse))

    def _look(self, style: str, *, reverse: bool) -> Look:
        # `rich_style` would be plain text's, but textual works it out anew each time.
        look = self.get_component_rich_style(f"painted--{PLAIN if reverse else style or PLAIN}")
        return look + REVERSED if reverse else look


class Lines(Painted):
    """Some lines, made for the width that there is."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - as textual's own
        super().__init__(id=id)
        self._make: Maker = lambda _: ()
        self._made: tuple[int, tuple[Line, ...]] | None = None

    def show(self, make: Maker) -> None:
        """Draw other lines."""
        self._make = make
        made = self.size.width, make(self.size.width)
        if made != self._made:
            self._made = made
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        width = self.size.width
        if self._made is None or self._made[0] != width:
            self._made = width, self._make(width)
        lines = self._made[1]
        return self.paint(lines[y] if y < len(lines) else (), width)
