"""What the keys do, on a page of its own: to dim what is beneath would take textual a tenth of a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from actors.dashboard.top.paint import Lines
from actors.dashboard.top.rows import keys
from actors.dashboard.top.rows.table import width_of

if TYPE_CHECKING:
    from actors.dashboard.top.app import Top


class Help(Screen[None]):
    """The keys; any of them closes it."""

    app: Top

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,enter,space", "dismiss", show=False),
    ]
    DEFAULT_CSS = """
    Help {
        align: center middle;
        #help { border: heavy $accent; border-title-style: bold; padding: 1 2; background: $panel; }
    }
    """

    def compose(self) -> ComposeResult:
        """Put the keys into a box."""
        page = keys.page(replay=self.app.replay is not None)
        box = Lines(id="help")
        box.border_title = "Keys"
        box.styles.width = max(map(width_of, page)) + 6
        box.styles.height = len(page) + 4
        box.show(lambda _: page)
        yield box
