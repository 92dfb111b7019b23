"""What a log's records add up to, also those that have no row any more."""

from __future__ import annotations

from collections import Counter

from actors.fleet.view import Totals
from actors.log.schema import (
    ActorDeadLetter,
    ActorFailed,
    ActorGaveUp,
    ApprovalDecided,
    ApprovalRequested,
    DispatcherStalled,
    RequestCancelled,
    RequestCompleted,
    RequestFailed,
    RequestStarted,
    RetryScheduled,
    SessionRestarted,
    SessionStarted,
    ToolCompleted,
    ToolFailed,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)


class Sums:
    """Counts records by kind, so that one addition a record is enough for almost all totals."""

    def __init__(self) -> None:
        self.of: Counter[type] = Counter()
        """How many records there were of each."""
        self.bad_lines = self.calls = self.input_tokens = self.output_tokens = 0

    def totals(self, *, ended: int, forgotten: int) -> Totals:
        """All of it; of sessions, how many ended and how many have no row any more."""
        of = self.of
        return Totals(
            records=sum(of.values()),
            bad_lines=self.bad_lines,
            sessions_started=of[SessionStarted],
            sessions_ended=ended,
            sessions_forgotten=forgotten,
            turns_started=of[TurnStarted],
            turns_completed=of[TurnCompleted],
            turns_failed=of[TurnFailed],
            turns_cancelled=of[TurnCancelled],
            requests_started=of[RequestStarted],
            requests_completed=of[RequestCompleted],
            requests_failed=of[RequestFailed],
            requests_cancelled=of[RequestCancelled],
            retries=of[RetryScheduled],
            restarts=of[SessionRestarted],
            gave_up=of[ActorGaveUp],
            failures=of[ActorFailed],
            dead_letters=of[ActorDeadLetter],
            stalls=of[DispatcherStalled],
            calls=self.calls,
            tools_completed=of[ToolCompleted],
            tools_failed=of[ToolFailed],
            approvals_requested=of[ApprovalRequested],
            approvals_decided=of[ApprovalDecided],
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
        )
