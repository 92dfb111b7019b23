"""When each attempt began and how it ended: what the plots are made of. Pure."""

from __future__ import annotations

import msgspec

from actors.events import (
    AttemptStarted,
    Event,
    RetryScheduled,
    StepFinished,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)


class Span(msgspec.Struct):
    """An attempt; moments are Unix seconds."""

    session: str
    turn: int
    step: int
    attempt: int
    began: float
    first: float | None = None
    """When it first showed something."""
    ended: float | None = None
    kind: str = "unfinished"
    """How it ended, as `outcome.kind`; `unfinished`: it has not."""
    reason: str = ""
    """The same with its detail, as `outcome.reason`."""


class Retry(msgspec.Struct, frozen=True):
    """That an attempt is tried again, and why."""

    at: float
    kind: str
    reason: str


class Chronicle:
    """A fold over the events of all sessions, in the order in which they were seen."""

    def __init__(self) -> None:
        self.began: float | None = None
        """The first event's moment; None: there was none."""
        self.ended = 0.0
        self.spans: dict[str, list[Span]] = {}
        """The attempts by session, sessions in the order in which they came on."""
        self.retries: list[Retry] = []
        self.first_chunks: list[float] = []
        """From a turn's start to the first thing that it shows, in seconds; so with the next, to its end."""
        self.turns: list[float] = []
        self._turns: dict[str, list[float]] = {}
        """Of the turn that runs: when it began and, if it has, when it first showed something."""
        self._running: dict[str, Span] = {}

    def apply(self, event: Event) -> None:
        """Take up the next event."""
        if self.began is None:
            self.began = event.timestamp
        self.ended = max(self.ended, event.timestamp)
        match event:
            case TextDelta() | ThoughtDelta() | ToolCallDelta():
                self._shown(event)
            case TurnStarted():
                self._turns[event.session] = [event.timestamp]
            case AttemptStarted():
                self._begin(event)
            case RetryScheduled():
                self._end(event, event.outcome.kind, event.outcome.reason)
                self.retries.append(Retry(event.timestamp, event.outcome.kind, event.outcome.reason))
            case StepFinished():
                self._end(event, "complete", "complete")
            case TurnCompleted() | TurnFailed() | TurnCancelled():
                self._end_turn(event)

    def _shown(self, event: Event) -> None:
        span = self._running.get(event.session)
        if span is not None and span.first is None:
            span.first = event.timestamp
        turn = self._turns.get(event.session)
        if turn is not None and len(turn) == 1:
            turn.append(event.timestamp)
            self.first_chunks.append(event.timestamp - turn[0])

    def _begin(self, event: AttemptStarted) -> None:
        span = Span(event.session, event.turn, event.step, event.attempt, event.timestamp)
        self._running[event.session] = span
        self.spans.setdefault(event.session, []).append(span)

    def _end(self, event: Event, kind: str, reason: str) -> None:
        span = self._running.pop(event.session, None)
        if span is not None:
            span.ended, span.kind, span.reason = event.timestamp, kind, reason

    def _end_turn(self, event: TurnCompleted | TurnFailed | TurnCancelled) -> None:
        span = self._running.get(event.session)
        if span is not None and span.turn == event.turn:
            outcome = None if isinstance(event, TurnCancelled) else event.outcome
            self._end(
                event,
                "cancelled" if outcome is None else outcome.kind,
                "cancelled" if outcome is None else outcome.reason,
            )
        turn = self._turns.pop(event.session, None) if event.step or event.attempt else None
        if turn is not None:
            self.turns.append(event.timestamp - turn[0])
