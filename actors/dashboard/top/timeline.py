"""One session from its beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from actors.dashboard.top.paint import Lines
from actors.dashboard.top.panel import Panel
from actors.dashboard.top.rows import keys, timeline
from actors.dashboard.top.rows.table import Key, clip
from actors.fleet.view import Timeline

if TYPE_CHECKING:
    from actors.dashboard.top.app import Top


class TimelineScreen(Screen[None]):
    """What happened to a session, as it goes on."""

    app: Top

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "app.pop_screen", show=False),
    ]
    DEFAULT_CSS = """
    TimelineScreen {
        #facts { height: 2; background: $panel; padding: 0 1; }
        #entries { height: 1fr; padding: 0 1; background: $background; }
        #told { height: 3; background: $surface; padding: 0 1; }
        #keys { height: 1; background: $panel; }
    }
    """

    def __init__(self, session: Key) -> None:
        super().__init__()
        self._session = session
        self._facts, self._told, self._keys = Lines(id="facts"), Lines(id="told"), Lines(id="keys")
        self._entries = Panel(id="entries", tail=True)
        self._found: Timeline | None = None

    def compose(self) -> ComposeResult:
        """Put the widgets where they belong."""
        yield self._facts
        yield self._entries
        yield self._told
        yield self._keys

    def on_mount(self) -> None:
        """Show what there is."""
        self._entries.focus()
        self.draw()

    def draw(self) -> None:
        """Draw the session as it is now; if it has no row any more, what was drawn last stays."""
        self._keys.show(lambda width: (keys.back(width),))
        found = self.app.source.fleet.timeline(*self._session, self.app.source.now())
        if found is None:
            return
        facts = timeline.facts(found)
        self._facts.show(lambda width: tuple(clip(line, width) for line in facts))
        self._entries.show(timeline.table(found))
        self._found = found
        self._tell()

    @on(Panel.Moved)
    def _tell(self) -> None:
        found, row = self._found, self._entries.cursor
        if found is not None:
            self._told.show(lambda width: timeline.told(found, row, width))
