"""A table that is scrolled and has a cursor."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from actors.dashboard.top.paint import Painted
from actors.dashboard.top.rows.table import Column, Fitted, Key, Line, Row, Table, fit, heading, lay

NOTHING = Table(title="", columns=(), rows=(), empty="")

HEADING = 1
"""How many lines of a panel are its columns' titles; these do not scroll."""


class Panel(Painted, ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a table. The cursor keeps to its session when rows move; at the top it stays at the top.

    Args:
        id: the widget's.
        tail: whether a cursor at the end goes on with the end.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,g", "move(-1000000)", show=False),
        Binding("end,G", "move(1000000)", show=False),
        Binding("enter", "open", show=False),
    ]
    DEFAULT_CSS = """
    Panel {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-background: $background;
        scrollbar-color: $foreground 25%;
    }
    """

    class Moved(Message):
        """The cursor is at another row."""

    class Opened(Message):
        """Somebody wants to see a session's timeline."""

        def __init__(self, session: Key) -> None:
            super().__init__()
            self.session = session

    def __init__(self, *, id: str, tail: bool = False) -> None:  # noqa: A002 - as textual's own
        super().__init__(id=id)
        self.table = NOTHING
        self.cursor = 0
        self._tail = tail
        self._fitted: tuple[tuple[Column, ...], int, Fitted] | None = None
        self._laid: dict[int, tuple[Row, Line]] = {}
        """Lines that were drawn, by their rows' places: most are drawn again as they are."""

    def show(self, table: Table) -> None:
        """Draw another table."""
        if table == self.table:
            return  # nothing to paint
        before, self.table = self.table, table
        self.cursor = self._place(before.rows)
        self.virtual_size = Size(0, HEADING + len(table.rows))
        if self.border_title != table.title:
            self.border_title = table.title
        self._reveal()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        table, width = self.table, self.scrollable_content_region.width
        if self._fitted is None or self._fitted[:2] != (table.columns, width):
            self._fitted = table.columns, width, fit(table.columns, width)
            self._laid.clear()
        fitted = self._fitted[2]
        if not table.rows:
            return self.paint(((f" {table.empty}", "dim"),) if y == 0 else (), width)
        if y < HEADING:
            return self.paint(heading(table, fitted), width)
        index = self.scroll_offset.y + y - HEADING
        if index >= len(table.rows):
            return self.paint((), width)
        return self.paint(self._line(index, fitted), width, reverse=self.has_focus and index == self.cursor)

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.cursor = max(0, min(self.cursor + by, len(self.table.rows) - 1))
        self._reveal()
        self.refresh()
        self.post_message(self.Moved())

    def action_page(self, by: int) -> None:
        """Move the cursor by what is seen at once."""
        self.action_move(by * max(1, self._seen))

    def action_open(self) -> None:
        """Ask for the timeline of the session at the cursor."""
        if self.cursor < len(self.table.rows):
            session = self.table.rows[self.cursor].session
            if session is not None:
                self.post_message(self.Opened(session))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one opens."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y >= HEADING:
            self.action_move(self.scroll_offset.y + offset.y - HEADING - self.cursor)
            if event.chain > 1:
                self.action_open()

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._reveal()

    @property
    def _seen(self) -> int:
        return self.scrollable_content_region.height - HEADING

    def _line(self, index: int, fitted: Fitted) -> Line:
        row = self.table.rows[index]
        laid = self._laid.get(index)
        if laid is None or laid[0] != row:
            laid = self._laid[index] = row, lay(self.table.columns, row.cells, fitted)
        return laid[1]

    def _place(self, before: tuple[Row, ...]) -> int:
        rows = self.table.rows
        last = max(0, len(rows) - 1)
        if self._tail and self.cursor >= len(before) - 1:
            return last
        if 0 < self.cursor < len(before) and (session := before[self.cursor].session) is not None:
            for index, row in enumerate(rows):
                if row.session == session:
                    return index
        return min(self.cursor, last)

    def _reveal(self) -> None:
        top = self.scroll_offset.y
        if self.cursor < top:
            top = self.cursor
        elif self.cursor >= top + self._seen:
            top = self.cursor - self._seen + 1
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, immediate=True, force=True)
