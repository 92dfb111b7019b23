"""What is shown while a scenario runs: the hooks, and the plain lines for pipes and people without colour."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console

from actors.events import Event, RetryScheduled, TurnCancelled, TurnFailed
from actors.scenario.report import Bill
from actors.scenario.tally import Tally, TurnTally
from actors.scenario.words import inert


class Display:
    """Shows nothing. Everything is called on the loop that the scenario runs on."""

    period: float | None = None
    """Seconds between two calls of `refresh`; None: it is not called."""

    def begin(self, bill: Bill, tally: Tally, now: Callable[[], float]) -> None:
        """Called before the script runs; `now` gives Unix seconds, as the events have them."""

    def happened(self, event: Event, turn: TurnTally) -> None:
        """Called after an event of a turn was tallied."""

    def refresh(self) -> None:
        """Called every so often."""

    def end(self) -> None:
        """Called once nothing more will happen, however the run ended."""


class PlainDisplay(Display):
    """A line for each retry and each turn that has ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = 0.0

    def begin(self, bill: Bill, tally: Tally, now: Callable[[], float]) -> None:  # noqa: ARG002 - lines need no tally
        """Say what is played."""
        self._began = now()
        self._line(heading(bill))
        if bill.story:
            self._line(bill.story)

    def happened(self, event: Event, turn: TurnTally) -> None:
        """Say it if it is a retry or an end."""
        said = None
        if isinstance(event, RetryScheduled):
            said = "retry", retry_line(event)
        elif event is turn.ended and not turn.cut_off:
            said = "wrong" if turn.problems() else turn.state, ending_line(turn)
        if said is not None:
            word, line = said
            self._line(f"{event.timestamp - self._began:7.2f} s  {word:<9}  {event.session:<20}  {line}")

    def _line(self, line: str) -> None:
        self._console.out(inert(line), highlight=False)


def heading(bill: Bill) -> str:
    """What is played, in one line."""
    where = {
        "wire": f"provider at {bill.provider}",
        "live": f"live at {bill.provider}",
        "sim": "in simulated time",
    }
    return f"{bill.name}: {bill.sessions} sessions, seed {bill.seed}, {where[bill.mode]}"


def retry_line(event: RetryScheduled) -> str:
    """What failed, and when it is tried again."""
    tries = event.max_retries + 1
    return f"attempt {event.failed_attempts} of {tries} failed, next in {event.backoff_ms} ms: {event.error}"


def ending_line(turn: TurnTally) -> str:
    """How a turn ended, and whether that is right."""
    problems = turn.problems()
    if problems:
        return "; ".join(problems)
    right = "" if turn.expected is None else " as expected,"
    attempts = "1 attempt" if turn.attempts == 1 else f"{turn.attempts} attempts"
    match turn.ended:
        case TurnFailed(outcome=outcome):
            return f"{outcome.reason},{right} after {attempts}"
        case TurnCancelled(reason=reason):
            return f"{reason},{right} after {attempts}"
        case _:
            return f"{len(turn.fold.text)} characters,{right} after {attempts}"
