"""Steps are numbered from 1 in their turn, attempts from 1 in their step; each attempt ends once."""

from __future__ import annotations

from typing import Literal, TypeAlias

from actors.events import (
    ApprovalDecided,
    ApprovalRequested,
    AttemptStarted,
    Event,
    Retracted,
    RetryScheduled,
    StepFinished,
    StepStarted,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    ToolProgress,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from actors.scenario.laws.law import Law, named

_Phase: TypeAlias = Literal["idle", "between steps", "before an attempt", "in an attempt", "waiting"]


class Numbers(Law):
    """The place that every event of a turn says it belongs to."""

    name = "steps and attempts are numbered without a gap, and events come in their place"
    of = (
        TurnStarted,
        StepStarted,
        AttemptStarted,
        TextDelta,
        ThoughtDelta,
        ToolCallDelta,
        Retracted,
        RetryScheduled,
        StepFinished,
        ToolCallStarted,
        ToolProgress,
        ToolCallFinished,
        ApprovalRequested,
        ApprovalDecided,
        TurnCompleted,
        TurnFailed,
        TurnCancelled,
    )

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self._turn = self._step = self._attempt = 0
        self._phase: _Phase = "idle"

    def apply(self, event: Event) -> None:
        """Go on to the next place."""
        match event:
            case TurnStarted():
                self._turn, self._step, self._attempt = event.turn, 0, 0
                self._go("idle", "between steps", event)
            case StepStarted():
                self._expect(event, self._step + 1, 0)
                self._go("between steps", "before an attempt", event)
            case AttemptStarted():
                self._expect(event, self._step, self._attempt + 1)
                if self._phase != "waiting":
                    self._go("before an attempt", "in an attempt", event)
                self._phase = "in an attempt"
            case TurnCompleted() | TurnFailed() | TurnCancelled():
                self._end(event)
            case RetryScheduled():
                self._expect(event, self._step, self._attempt)
                if event.failed_attempts != event.attempt:
                    self.broken(
                        event.turn,
                        f"attempt {event.attempt} of step {event.step} is the failure number {event.failed_attempts}",
                    )
                self._go("in an attempt", "waiting", event)
            case StepFinished():
                self._expect(event, self._step, self._attempt)
                self._go("in an attempt", "between steps", event)
            case (
                ToolCallStarted()
                | ToolProgress()
                | ToolCallFinished()
                | ApprovalRequested()
                | ApprovalDecided()
            ):
                self._expect(event, self._step, self._attempt)
                self._go("between steps", "between steps", event)
            case _:
                self._expect(event, self._step, self._attempt)
                self._go("in an attempt", "in an attempt", event)

    def _end(self, event: Event) -> None:
        if event.turn != self._turn:
            return  # it was cancelled while it waited for its turn
        if type(event) is TurnCompleted and (self._phase != "between steps" or self._step == 0):
            self.broken(event.turn, f"turn_completed came {self._phase}, and no step had finished")
        self._turn, self._phase = 0, "idle"

    def _expect(self, event: Event, step: int, attempt: int) -> None:
        if (event.step, event.attempt) != (step, attempt):
            self.broken(
                event.turn,
                f"{named(event)} says step {event.step}, attempt {event.attempt}; it should be step {step}, "
                f"attempt {attempt}",
            )
        self._step, self._attempt = event.step, event.attempt

    def _go(self, where: _Phase, then: _Phase, event: Event) -> None:
        if self._phase != where:
            self.broken(event.turn, f"{named(event)} came {self._phase}, not {where}")
        self._phase = then
