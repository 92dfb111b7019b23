"""All panels: side by side where there is room, else one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, get_args

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import var
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from actors.dashboard.top.paint import Lines
from actors.dashboard.top.panel import Panel
from actors.dashboard.top.panels import KINDS
from actors.dashboard.top.rows import headline, keys, scrubber, tabs
from actors.dashboard.top.timeline import TimelineScreen
from actors.fleet.view import Query, Sort, View

if TYPE_CHECKING:
    from actors.dashboard.top.app import Top

WIDE: Final = (140, 40)
"""From this size on, all panels are shown at once."""

LEFT: Final = frozenset({"sessions", "tree", "tools"})
"""The panels in the left column."""

ROWS: Final = 200
"""How many rows a panel has at most."""

SORTS: Final[tuple[Sort, ...]] = get_args(Sort)


class Board(Screen[None]):
    """The fleet."""

    app: Top

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(number % 10), f"panel({number - 1})", show=False)
            for number in range(1, len(KINDS) + 1)
        ),
        Binding("tab", "next(1)", show=False),
        Binding("shift+tab", "next(-1)", show=False),
        Binding("slash", "filter", show=False),
        Binding("escape", "unfilter", show=False),
        Binding("s", "sort(1)", show=False),
        Binding("S", "sort(-1)", show=False),
        Binding("r", "reverse", show=False),
    ]
    DEFAULT_CSS = """
    Board {
        layout: vertical;
        #headline { height: 3; background: $panel; }
        #tabs { height: 1; background: $surface; }
        #panels { height: 1fr; }
        #filter { height: 1; border: none; padding: 0 1; display: none; }
        #scrubber { height: 1; background: $surface; display: none; }
        #keys { height: 1; background: $panel; }
        .column { display: none; }
        .column.selected { display: block; }
        Panel { display: none; height: 1fr; padding: 0 1; background: $background; }
        Panel.selected { display: block; }
        &.replay #scrubber { display: block; }
        &.wide {
            #headline { height: 4; }
            #tabs { display: none; }
            #panels { layout: horizontal; }
            .column { display: block; width: 2fr; }
            #left { width: 3fr; }
            Panel {
                display: block;
                border: round $foreground 30%;
                border-title-color: $foreground 80%;
            }
            Panel:focus { border: heavy $accent; border-title-color: $accent; border-title-style: bold; }
            #sessions, #outcomes, #problems { height: 3fr; }
            #tree, #waits { height: 2fr; }
            #latency, #tools { height: 7; }
            #letters, #stalls, #runs { height: 5; }
        }
    }
    """

    focused = var[Widget | None](None)
    """As any screen's, but a change of it does not paint the whole screen: the panels do that themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.selected = 0
        self.asked = Query(sort="state", top=ROWS)
        self._headline, self._tabs = Lines(id="headline"), Lines(id="tabs")
        self._scrubber, self._keys = Lines(id="scrubber"), Lines(id="keys")
        self._filter = Input(id="filter", placeholder="id, agent, model, state or error", compact=True)
        self._panels = [Panel(id=kind.id) for kind in KINDS]
        left = [panel for panel in self._panels if panel.id in LEFT]
        right = [panel for panel in self._panels if panel.id not in LEFT]
        self._left = Vertical(*left, id="left", classes="column")
        self._right = Vertical(*right, id="right", classes="column")

    def compose(self) -> ComposeResult:
        """Put the widgets where they belong."""
        yield self._headline
        yield self._tabs
        with Horizontal(id="panels"):
            yield self._left
            yield self._right
        yield self._filter
        yield self._scrubber
        yield self._keys

    def on_mount(self) -> None:
        """Show what there is."""
        self.set_class(self.app.replay is not None, "replay")
        self.action_panel(self.selected)

    def on_resize(self, event: events.Resize) -> None:
        """Change the layout where the size asks for it."""
        width, height = event.size
        self.set_class(width >= WIDE[0] and height >= WIDE[1], "wide")
        self._arrange()
        self.draw()

    def draw(self) -> None:
        """Draw the fleet as it is now."""
        source = self.app.source
        view = source.fleet.view(source.now(), self.asked)
        status = msgspec.structs.replace(source.status, filter=self.asked.text)
        wide = self.has_class("wide")
        self._headline.show(lambda width: headline.lines(view, status, width, sparks=wide))
        self._draw_tabs(view)
        self._draw_scrubber()
        self._keys.show(lambda width: (keys.footer(width, replay=self.app.replay is not None),))
        for kind, panel in zip(KINDS, self._panels, strict=True):
            if panel.display:
                panel.show(kind.table(view, self.asked))

    def action_panel(self, number: int) -> None:
        """Go to a panel."""
        self.selected = number
        self._panels[number].focus()
        if not self.has_class("wide"):
            self._arrange()
            self.draw()

    def action_next(self, by: int) -> None:
        """Go to the next panel, or to the one before."""
        self.action_panel((self.selected + by) % len(KINDS))

    def action_filter(self) -> None:
        """Ask for a filter."""
        self._filter.display = True
        self._filter.focus()

    def action_unfilter(self) -> None:
        """Show all sessions again."""
        self._filter.value = ""
        self._leave_filter()
        self._ask(text="")

    def action_sort(self, by: int) -> None:
        """Sort the sessions by the next column, or by the one before."""
        index = (SORTS.index(self.asked.sort) + by) % len(SORTS)
        self._ask(sort=SORTS[index], reverse=False)

    def action_reverse(self) -> None:
        """Show the other end of the order first."""
        self._ask(reverse=not self.asked.reverse)

    @on(Input.Changed)
    def filter_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self._ask(text=event.value)

    @on(Input.Submitted)
    def filter_entered(self) -> None:
        """Go back to the panels."""
        self._leave_filter()

    @on(Panel.Opened)
    def session_opened(self, event: Panel.Opened) -> None:
        """Show a session's timeline."""
        self.app.push_screen(TimelineScreen(event.session))

    @on(events.DescendantFocus)
    def panel_focused(self, event: events.DescendantFocus) -> None:
        """A click may have chosen a panel, too."""
        if isinstance(event.widget, Panel):
            self.selected = self._panels.index(event.widget)

    def _arrange(self) -> None:
        """Where there is room for one panel only, let it be the one that is selected."""
        for index, panel in enumerate(self._panels):
            panel.set_class(index == self.selected, "selected")
        left = KINDS[self.selected].id in LEFT
        self._left.set_class(left, "selected")
        self._right.set_class(not left, "selected")

    def _ask(self, **changes: object) -> None:
        self.asked = msgspec.structs.replace(self.asked, **changes)
        self.draw()

    def _leave_filter(self) -> None:
        self._filter.display = False
        self._panels[self.selected].focus()

    def _draw_tabs(self, view: View) -> None:
        alarming = frozenset(index for index, kind in enumerate(KINDS) if kind.alarming(view))
        names, selected = [kind.name for kind in KINDS], self.selected
        self._tabs.show(lambda width: (tabs.line(names, selected, alarming, width),))

    def _draw_scrubber(self) -> None:
        replay = self.app.replay
        if replay is not None and (time := replay.clock) is not None:
            history = replay.history
            self._scrubber.show(lambda width: (scrubber.line(time, history, width),))
