"""Restart intensity: OTP's sliding window, counted anew from the events alone."""

from __future__ import annotations

from actors.config import Intensity
from actors.events import Event, SessionEnded, SessionRestarted
from actors.scenario.laws.evidence import Evidence, SessionFacts
from actors.scenario.laws.law import Law

SLACK_S = 0.05
"""Events say the time of day, and the window goes by the loop's clock: at its edge they may differ by so much."""

_ROOT = "the root supervisor failed"


class Restarts(Law):
    """A session is restarted as often as its intensity allows, and no oftener; past that it ends."""

    name = "restarts stay within the session's intensity, and past it the session ends"
    of = (SessionRestarted, SessionEnded)

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self._restarts: list[SessionRestarted] = []
        self._end: SessionEnded | None = None

    def apply(self, event: Event) -> None:
        """Remember it."""
        if isinstance(event, SessionRestarted):
            self._restarts.append(event)
        elif isinstance(event, SessionEnded):
            self._end = event

    def judge(self, facts: SessionFacts | None, evidence: Evidence) -> None:  # noqa: ARG002 - facts are enough
        """Slide the window over them."""
        if facts is None:
            return
        allowed = facts.intensity
        for place, event in enumerate(self._restarts, 1):
            surely, perhaps = self._within(event.timestamp, allowed, self._restarts[:place])
            if surely > allowed.restarts:
                self.broken(
                    0,
                    f"it was restarted {surely} times in {allowed.within:g} s, and its intensity allows "
                    f"{allowed.restarts}",
                )
            if not surely <= event.restarts <= perhaps:
                self.broken(
                    0,
                    f"session_restarted counts {event.restarts} restarts in the window, and {surely} are in it",
                )
        self._judge_end(allowed)

    def _judge_end(self, allowed: Intensity) -> None:
        end = self._end
        if end is None or end.reason != "restart_intensity" or end.error.startswith(_ROOT):
            return  # the runtime's own supervisor has an intensity of its own, and ends all sessions
        _, perhaps = self._within(end.timestamp, allowed, self._restarts)
        if perhaps < allowed.restarts:
            self.broken(
                0,
                f"it ended for its intensity after {perhaps} restarts in {allowed.within:g} s, and "
                f"{allowed.restarts} are allowed",
            )

    @staticmethod
    def _within(now: float, allowed: Intensity, restarts: list[SessionRestarted]) -> tuple[int, int]:
        ages = [now - restart.timestamp for restart in restarts]
        return (
            sum(age <= allowed.within - SLACK_S for age in ages),
            sum(age <= allowed.within + SLACK_S for age in ages),
        )
