"""What has happened on stage so far: a fold over the events of all sessions. Pure."""

from __future__ import annotations

from typing import Literal, TypeAlias

from actors.core.conversation import named
from actors.core.fold import Fold
from actors.events import (
    ApprovalDecided,
    AttemptStarted,
    Event,
    Retracted,
    RetryScheduled,
    SessionEnded,
    StepFinished,
    Terminal,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolOutcome,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
)
from actors.scenario.expect import Expectation, Results, differences
from actors.scenario.timeline import Timeline

State: TypeAlias = Literal["idle", "asking", "streaming", "waiting", "completed", "failed", "cancelled"]
"""`idle`: no turn yet; `asking`: an attempt has shown nothing yet; `waiting`: for the next attempt."""


class TurnTally:
    """One turn, as its events tell it and as the script wants it."""

    def __init__(self, session: str, number: int) -> None:
        self.session = session
        self.number = number
        self.expected: Expectation | None = None
        self.state: State = "idle"
        self.fold = Fold()
        self.timeline = Timeline()
        self.attempts = 0
        self.attempt = 0
        """The one that runs, in its step; 0 before the first."""
        self.retries: list[RetryScheduled] = []
        self.deltas = 0
        self.retractions = 0
        self.calls: dict[tuple[int, str], ToolCallFinished | None] = {}
        """The tool calls in order, by step and id, each with its result; None: it has none (yet)."""
        self.decisions: list[ApprovalDecided] = []
        self.started: float | None = None
        """Unix seconds, as all moments here."""
        self.first_delta: float | None = None
        self.ended: Terminal | None = None
        self.cut_off = False
        """Whether the run was over before it could end; then nothing is expected of it any more."""

    def apply(self, event: Event) -> None:
        """Take up the turn's next event."""
        if self.started is None:
            self.started = event.timestamp
        self.fold.apply(event)
        self.timeline.apply(event)
        match event:
            case AttemptStarted():
                self.attempts += 1
                self.attempt = event.attempt
                self.state = "asking"
            case TextDelta() | ThoughtDelta() | ToolCallDelta():
                # A merged delta stands for as many as it was merged from.
                self.deltas += event.seq - event.first_seq + 1
                self.state = "streaming"
                if self.first_delta is None:
                    self.first_delta = event.timestamp
            case Retracted():
                self.retractions += 1
            case RetryScheduled():
                self.retries.append(event)
                self.state = "waiting"
            case TurnCompleted() | TurnFailed() | TurnCancelled():
                self.ended = event
                self.state = _STATES[type(event)]
            case _:
                self._act(event)

    def _act(self, event: Event) -> None:
        match event:
            case StepFinished():
                self.calls |= {(event.step, one.id): None for one in named(event.calls)}
            case ToolCallFinished():
                self.calls[event.step, event.call_id] = event
            case ApprovalDecided():
                self.decisions.append(event)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it was retried, in order."""
        return tuple(retry.outcome.reason for retry in self.retries)

    @property
    def answered(self) -> tuple[ToolCallFinished, ...]:
        """The results of its tool calls, in the order of the calls."""
        return tuple(finished for finished in self.calls.values() if finished is not None)

    @property
    def results(self) -> Results:
        """How its tool calls ended, by tool."""
        found: dict[str, tuple[ToolOutcome, ...]] = {}
        for finished in self.answered:
            found[finished.name] = (*found.get(finished.name, ()), finished.result)
        return found

    def problems(self) -> tuple[str, ...]:
        """What of this turn is not as it must be, a sentence each. Of a turn under way: nothing yet."""
        ended = self.ended
        if ended is None:
            return ()
        found: list[str] = []
        if (self.fold.text, self.fold.thoughts) != (ended.text, ended.thoughts):
            found.append("the fold of its events is not the text of its terminal event")
        if self.expected is not None and not self.cut_off:
            found += differences(self.expected, ended, self.reasons, self.results)
        return tuple(found)


class Tally:
    """All turns of all sessions, in the order in which they came on."""

    def __init__(self) -> None:
        self.turns: dict[tuple[str, int], TurnTally] = {}
        self.on_stage: dict[str, TurnTally] = {}
        """By session: the turn that it is at, or was last."""
        self.attempts = 0
        self.retries = 0
        self.deltas = 0
        self.retractions = 0
        self.wrong = 0
        """Turns that ended, and not as they must."""

    def turn(self, session: str, number: int) -> TurnTally:
        """A turn by its number in its session; it begins here if it is new."""
        turn = self.turns.get((session, number))
        if turn is None:
            turn = self.turns[session, number] = TurnTally(session, number)
            self.on_stage.setdefault(session, turn)
        return turn

    def apply(self, event: Event) -> TurnTally | None:
        """Take up the next event; gives the turn that it belongs to, None for an event of the session itself."""
        if event.turn == 0:
            turn = self.on_stage.get(event.session)
            if turn is not None and not isinstance(event, SessionEnded):
                turn.timeline.apply(event)  # what happened to the session tells of the turn that it was at
            return None
        turn = self.turn(event.session, event.turn)
        turn.apply(event)
        self.on_stage[event.session] = turn
        self._count(event, turn)
        return turn

    def _count(self, event: Event, turn: TurnTally) -> None:
        match event:
            case TextDelta() | ThoughtDelta() | ToolCallDelta():
                self.deltas += event.seq - event.first_seq + 1
            case AttemptStarted():
                self.attempts += 1
            case RetryScheduled():
                self.retries += 1
            case Retracted():
                self.retractions += 1
            case TurnCompleted() | TurnFailed() | TurnCancelled():
                self.wrong += bool(turn.problems())

    def cut_off(self) -> None:
        """The run is over: what has not ended will be cancelled, and that is nobody's fault."""
        for turn in self.turns.values():
            turn.cut_off = turn.ended is None


_STATES: dict[type[Event], State] = {
    TurnCompleted: "completed",
    TurnFailed: "failed",
    TurnCancelled: "cancelled",
}
