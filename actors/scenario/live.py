"""The display on a terminal: sessions as they stream, over them a line for each retry."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from actors.events import Event, Retracted, RetryScheduled
from actors.scenario.display import Display, heading, retry_line
from actors.scenario.report import Bill
from actors.scenario.tally import Tally, TurnTally
from actors.scenario.words import inert, tail

FLASH_S = 0.8
"""How long a text that was cut back is shown as such."""

RATE_S = 2.0
"""Over how many seconds deltas a second are counted."""

_LEAST_CELLS = 38
_MOST_CELLS = 76
_RETRY_LINES = 7
"""So many lines over the sessions are left for retries."""
_GAP = "  "

_LOOKS = {
    "idle": ("·", "dim"),
    "asking": ("…", "dim"),
    "streaming": ("▶", "cyan"),
    "waiting": ("↻", "yellow"),
    "completed": ("✔", "green"),
    "failed as expected": ("✔", "green"),
    "failed": ("✘", "red"),
    "cancelled": ("■", "magenta"),
    "cut off": ("■", "magenta"),
    "wrong": ("✘", "bold red"),
}


class LiveDisplay(Display):
    """A grid of sessions under the retries.

    Args:
        console: of a terminal.
    """

    period = 0.08

    def __init__(self, console: Console) -> None:
        self._console = console
        self._seen: deque[tuple[float, int]] = deque()
        """When there were how many deltas, over the last moments."""
        self._cut: dict[str, float] = {}
        """When a session's text was last cut back."""
        self._now: Callable[[], float]
        self._tally: Tally
        self._bill: Bill
        self._began: float
        self._live: Live

    def begin(self, bill: Bill, tally: Tally, now: Callable[[], float]) -> None:
        """Open the display."""
        self._bill, self._tally, self._now, self._began = bill, tally, now, now()
        if bill.story:
            self._console.print(Text(inert(bill.story), "italic"))
        # Drawn on the loop, by `refresh`: a thread of rich's own would read the tally while it changes.
        self._live = Live(console=self._console, auto_refresh=False, get_renderable=self.render)
        self._live.start()

    def happened(self, event: Event, turn: TurnTally) -> None:  # noqa: ARG002 - the tally has it
        """Print a retry; remember a retraction."""
        if isinstance(event, Retracted):
            self._cut[event.session] = event.timestamp
        elif isinstance(event, RetryScheduled):
            line = Text.assemble(
                (f"{event.timestamp - self._began:6.2f} s  ", "dim"),
                ("↻ ", "yellow"),
                (f"{event.session:<20}  ", "bold"),
                inert(retry_line(event)),
            )
            self._console.print(line, no_wrap=True, overflow="ellipsis", crop=True)

    def refresh(self) -> None:
        """Draw."""
        self._live.refresh()

    def end(self) -> None:
        """Draw a last time, and leave that on the screen."""
        self._live.refresh()
        self._live.stop()

    def render(self) -> RenderableType:
        """The heading, the sessions, the counters."""
        width, height = self._console.size
        turns = list(self._tally.on_stage.values())
        lines = max(3, height - _RETRY_LINES - 3)
        wanted = max(1, math.ceil(len(turns) / lines))
        columns = min(wanted, max(1, width // _LEAST_CELLS))
        shown = _foremost(turns, columns * lines)
        cells = min(_MOST_CELLS, (width - len(_GAP) * (columns - 1)) // columns)
        grid = [self._cell(turn, cells) for turn in shown]
        per_column = math.ceil(len(grid) / columns)
        rows = [Text(_GAP).join(grid[row::per_column]) for row in range(per_column)]
        hidden = len(turns) - len(shown)
        return Group(self._heading(), *rows, self._counters(turns, hidden))

    def _heading(self) -> Text:
        line = Text(inert(heading(self._bill)), "bold", no_wrap=True, overflow="ellipsis")
        return line.append(f"   {self._now() - self._began:.1f} s", "dim")

    def _cell(self, turn: TurnTally, cells: int) -> Text:
        symbol, style = _LOOKS[_look(turn)]
        named = min(22, cells * 2 // 5)
        name = Text(inert(turn.session))
        name.truncate(named, overflow="ellipsis", pad=True)
        again = f" {turn.attempt:>2} " if turn.attempt > 1 else "    "
        cell = Text.assemble((f"{symbol} ", style), name, (again, "yellow"))
        text, look = self._snippet(turn, cells - named - 6)
        cell.append(text, look)
        cell.truncate(cells, pad=True)
        return cell

    def _snippet(self, turn: TurnTally, cells: int) -> tuple[str, str]:
        cut = self._now() - self._cut.get(turn.session, -math.inf) < FLASH_S
        if turn.fold.text:
            ended = "dim" if turn.ended is not None else ""
            return tail(turn.fold.text, cells), "reverse yellow" if cut else ended
        if turn.state == "waiting":
            return turn.reasons[-1][:cells], "yellow"
        if turn.fold.thoughts:
            return tail(turn.fold.thoughts, cells), "italic dim"
        outcome = getattr(turn.ended, "outcome", None)
        if turn.state == "failed" and outcome is not None:
            return outcome.reason[:cells], "dim"
        return "", ""

    def _counters(self, turns: list[TurnTally], hidden: int) -> Text:
        looks = Counter(_look(turn) for turn in turns)
        line = Text(no_wrap=True, overflow="ellipsis")
        for label, (symbol, style) in _LOOKS.items():
            if looks[label]:
                line.append(f"{symbol} {looks[label]} {label}   ", style)
        tally = self._tally
        line.append(
            f"│ {tally.attempts} attempts, {tally.retries} retries, {tally.deltas} deltas, "
            f"{self._rate():.0f} a second, {tally.retractions} retractions",
            "dim",
        )
        if tally.wrong:
            line.append(f"   ✘ {tally.wrong} turns wrong", "bold red")
        if hidden:
            line.append(f"   ({hidden} more sessions than fit)", "dim")
        return line

    def _rate(self) -> float:
        """Deltas a second, over the last moments."""
        seen = self._seen
        seen.append((self._now(), self._tally.deltas))
        while seen[-1][0] - seen[0][0] > RATE_S:
            seen.popleft()
        took = seen[-1][0] - seen[0][0]
        return (seen[-1][1] - seen[0][1]) / took if took else 0.0


def _foremost(turns: list[TurnTally], room: int) -> list[TurnTally]:
    """As many as there is room for, in their order; those that have ended give way."""
    if len(turns) <= room:
        return turns
    chosen = sorted(range(len(turns)), key=lambda place: turns[place].ended is not None)[:room]
    return [turns[place] for place in sorted(chosen)]


def _look(turn: TurnTally) -> str:
    """The turn's state, and whether it is right: a turn that failed as it should is as right as a completed one."""
    if turn.problems():
        return "wrong"
    if turn.cut_off:
        return "cut off"
    return "failed as expected" if turn.state == "failed" and turn.expected is not None else turn.state
