"""`seq`: from 1, without gaps, across restarts; merged events stand for `first_seq` to `seq`."""

from __future__ import annotations

from actors.events import Event, Retracted, SessionEnded, TextDelta, ThoughtDelta, ToolCallDelta
from actors.scenario.laws.evidence import Evidence, SessionFacts
from actors.scenario.laws.law import Law, named

_MERGED = TextDelta | ThoughtDelta | ToolCallDelta | Retracted


class Sequence(Law):
    """Every event has the number behind the last one's, up to the session's end."""

    name = "seq goes from 1 without a gap, up to the session's end"

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self.last = 0
        """The last `seq` so far."""
        self._ended = False

    def apply(self, event: Event) -> None:
        """Compare its number with the last one's."""
        first = event.first_seq if isinstance(event, _MERGED) else event.seq
        if first != self.last + 1 or first > event.seq:
            self.broken(event.turn, f"{named(event)} has seq {_range(first, event.seq)} after {self.last}")
        if self._ended:
            self.broken(event.turn, f"{named(event)} came after session_ended")
        self.last = event.seq
        self._ended = self._ended or type(event) is SessionEnded

    def judge(self, facts: SessionFacts | None, evidence: Evidence) -> None:  # noqa: ARG002 - events are enough
        """The runtime is closed, and every session has said so."""
        if not self._ended:
            self.broken(0, f"its events break off at seq {self.last}, without session_ended")


def _range(first: int, last: int) -> str:
    return str(last) if first == last else f"{first}..{last}"
