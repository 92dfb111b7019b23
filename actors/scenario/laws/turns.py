"""Turns: each that was accepted ends in exactly one terminal event, and they run one after the other."""

from __future__ import annotations

from actors.events import (
    Custom,
    Event,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from actors.scenario.laws.evidence import Evidence, SessionFacts
from actors.scenario.laws.law import Law, named

_TERMINAL = TurnCompleted | TurnFailed | TurnCancelled


class OneTerminal(Law):
    """Of each accepted turn there is one terminal event, and nothing of it after that."""

    name = "each accepted turn has one terminal event, and nothing after it"

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self._open: dict[int, None] = {}
        self._ended: dict[int, str] = {}
        """By number, the name of its terminal event."""

    def apply(self, event: Event) -> None:
        """Open the turn, or close it."""
        turn = event.turn
        if turn == 0:
            return
        before = self._ended.get(turn)
        if before is not None:
            self.broken(turn, f"{named(event)} came after its terminal event, {before}")
        elif isinstance(event, _TERMINAL):
            self._open.pop(turn, None)
            self._ended[turn] = named(event)
        else:
            self._open[turn] = None

    def judge(self, facts: SessionFacts | None, evidence: Evidence) -> None:  # noqa: ARG002 - facts are enough
        """No turn is left open; and so many have ended as came in."""
        for turn in self._open:
            self.broken(turn, "it began, and no terminal event came")
        if facts is not None and facts.accepted != len(self._ended) + len(self._open):
            self.broken(
                0, f"{facts.accepted} turns were accepted, and {len(self._ended)} have a terminal event"
            )


class OneAtATime(Law):
    """A session's turns do not overlap."""

    name = "a session runs one turn at a time"

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self._current = 0

    def apply(self, event: Event) -> None:
        """Compare the event's turn with the one that runs."""
        turn = event.turn
        if type(event) is TurnStarted:
            if self._current:
                self.broken(turn, f"it began while turn {self._current} ran")
            self._current = turn
        elif isinstance(event, _TERMINAL):
            if turn == self._current:
                self._current = 0
        elif turn not in {0, self._current} and not isinstance(event, Custom):
            running = f"turn {self._current} ran" if self._current else "none ran"
            self.broken(turn, f"{named(event)} of it came while {running}")
