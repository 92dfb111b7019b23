"""A session's state as its records leave it, and the rows made of it."""

from __future__ import annotations

from collections import deque

from actors.fleet.view import Entry, RetryRow, SessionRow, State, Timeline
from actors.log.schema import RequestCompleted, RequestProgress, RetryScheduled


class Session:
    """What is known of a session. Its fold calls a method a record, in order."""

    __slots__ = (
        "agent",
        "attempt",
        "chunks_per_s",
        "dropped",
        "entries",
        "error",
        "first_chunk",
        "id",
        "input_tokens",
        "model",
        "output_tokens",
        "parent",
        "restarts",
        "retries",
        "retry",
        "run",
        "seen",
        "state",
        "step",
        "tokens_per_s",
        "turn",
        "turns",
    )

    def __init__(self, run: str, session: str, at: float, timeline: int) -> None:
        self.run, self.id, self.seen = run, session, at
        self.agent = self.model = self.error = self.parent = ""
        self.state: State = "idle"
        self.turn = self.step = self.attempt = 0
        self.turns = self.retries = self.restarts = self.dropped = 0
        self.input_tokens = self.output_tokens = 0
        self.tokens_per_s: float | None = None
        self.chunks_per_s: float | None = None
        self.first_chunk: float | None = None
        self.retry: RetryScheduled | None = None
        self.entries: deque[Entry] = deque(maxlen=timeline)

    def progressed(self, record: RequestProgress) -> None:
        """The reply goes on."""
        self.chunks_per_s = record.chunks_count / record.duration if record.duration > 0 else None

    def answered(self, record: RequestCompleted) -> None:
        """The reply is complete."""
        streamed = record.attempt_duration - (self.first_chunk or 0.0)
        if record.output_tokens is not None and streamed > 0:
            self.tokens_per_s = record.output_tokens / streamed

    def ended(self) -> None:
        """The session is over."""
        self.state = "ended"
        self.retry = self.chunks_per_s = None

    def row(self, now: float) -> SessionRow:
        """The session as a row, at `now`."""
        return SessionRow(
            run=self.run,
            session=self.id,
            parent=self.parent,
            agent=self.agent,
            model=self.model,
            state=self.state,
            turn=self.turn,
            step=self.step,
            attempt=self.attempt,
            turns=self.turns,
            retries=self.retries,
            restarts=self.restarts,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            tokens_per_s=self.tokens_per_s,
            chunks_per_s=self.chunks_per_s,
            first_chunk=self.first_chunk,
            idle=max(0.0, now - self.seen),
            retry_in=None if self.retry is None else max(0.0, self.retry.retry_next_at - now),
            last_error=self.error,
        )

    def retry_row(self, now: float) -> RetryRow:
        """The session as a row of the retry queue; it must wait for a retry."""
        retry = self.retry
        assert retry is not None  # noqa: S101 - by the state it is in
        return RetryRow(
            run=self.run,
            session=self.id,
            turn=self.turn,
            attempt=self.attempt,
            retry_max=retry.retry_max,
            retry_in=max(0.0, retry.retry_next_at - now),
            delay=retry.retry_delay,
            reason=retry.retry_reason,
        )

    def timeline(self, now: float) -> Timeline:
        """The session with what happened to it."""
        return Timeline(row=self.row(now), entries=tuple(self.entries), dropped=self.dropped)
