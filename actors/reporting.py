"""What a session's supervisors write to the log: one method a fact, so that the actors read as what they do."""

from __future__ import annotations

from typing import Any

import pykka

from actors.carried import EndReason
from actors.core.kinship import FAILURES
from actors.events import Event
from actors.log.record import Log
from actors.messages import AttemptFailed, AttemptFinished
from actors.outcome import Failure, HttpError
from actors.telling import telling
from actors.turn import Turn


class SessionReport:
    """A session's log records."""

    def __init__(self, log: Log, session: str) -> None:
        self._log = log
        self._session = session
        self._labels: dict[str, Any] = {}
        self._began = 0.0

    def session_started(self, parent: str | None = None, agent: str = "") -> None:
        """The session is there: a child of that one, and that agent."""
        self._emit("actors.session.started", "session started", session_parent=parent, agent=agent or None)

    def session_restarted(self, error: str, exc: BaseException, restarts: int, *, who: str) -> None:
        """An actor of the session was started anew."""
        message = f"the {who} failed and was restarted: {error}"
        self._emit("actors.session.restarted", message, level="ERROR", exc=exc, actor_restarts=restarts)

    def session_ended(self, reason: EndReason, error: str) -> None:
        """The session is over."""
        level = "ERROR" if reason in FAILURES else "INFO"
        message = f"session ended: {reason}" + (f": {error}" if error else "")
        self._emit("actors.session.ended", message, level=level, reason=reason)

    def turn_started(self, turn: Turn) -> None:
        """A turn was taken up."""
        self._emit("actors.turn.started", "turn started", **_place(turn))

    def turn_completed(self, turn: Turn, now: float) -> None:
        """A turn has its answer."""
        self._emit(
            "actors.turn.completed",
            "turn completed",
            **_place(turn),
            outcome="complete",
            duration=now - turn.started,
        )

    def turn_failed(self, turn: Turn, outcome: Failure, now: float) -> None:
        """A turn failed for good."""
        self._emit(
            "actors.turn.failed",
            f"turn failed in attempt {turn.attempt}: {outcome.describe()}",
            level="WARNING",
            **_place(turn),
            outcome=outcome.kind,
            error_type=outcome.reason,
            reason=turn.why or None,
            duration=now - turn.started if turn.started else None,
        )

    def turn_cancelled(self, turn: Turn, reason: str, now: float) -> None:
        """A turn was cancelled."""
        self._emit(
            "actors.turn.cancelled",
            "turn cancelled",
            **_place(turn),
            outcome="cancelled",
            reason=reason,
            duration=now - turn.started if turn.started else None,
        )

    def attempt_began(self, labels: dict[str, Any], now: float) -> None:
        """Remember what the records of this attempt carry; its caller logs the request itself."""
        self._labels = labels
        self._began = now

    def attempt_finished(self, last: AttemptFinished, now: float) -> None:
        """A request was answered."""
        self._request(
            "actors.request.completed",
            last.outcome.describe(),
            last,
            now,
            outcome="complete",
            response_id=last.result.response_id,
            response_model=last.result.response_model,
            finish_reasons=[last.outcome.finish_reason],
            calls_count=len(last.result.calls) or None,
        )

    def attempt_failed(self, last: AttemptFailed, now: float) -> None:
        """A request was not."""
        outcome = last.outcome
        self._request(
            "actors.request.failed",
            outcome.describe(),
            last,
            now,
            level="WARNING",
            outcome=outcome.kind,
            error_type=outcome.reason,
            status=outcome.status if isinstance(outcome, HttpError) else None,
        )

    def attempt_cancelled(self, now: float) -> None:
        """Nobody waits for the request any more."""
        self._write(
            "actors.request.cancelled",
            "request cancelled",
            **self._labels,
            attempt_duration=now - self._began,
        )

    def retry_scheduled(self, turn: Turn, outcome: Failure, wait_ms: int, wall: float) -> None:
        """The next attempt is due."""
        assert turn.config.retry is not None  # noqa: S101 - without a policy there is no retry
        self._emit(
            "actors.request.retry_scheduled",
            f"attempt {turn.failed_attempts} of {turn.config.retry.max_retries + 1} failed, "
            f"next in {wait_ms} ms: {outcome.describe()}",
            level="WARNING",
            **_place(turn),
            retry_delay=wait_ms / 1000,
            retry_max=turn.config.retry.max_retries,
            retry_reason=outcome.reason,
            retry_next_at=wall + wait_ms / 1000,
        )

    def told(self, event: Event) -> None:
        """What a session's tools and approvals are doing."""
        record = telling(event) if self._log.enabled else None
        if record is not None:
            place = {"turn": event.turn, "step": event.step}
            self._emit(record.event, record.message, level=record.level, **place, **record.fields)

    def subscriber_failed(self, ref: pykka.ActorRef[Any], error: BaseException) -> None:
        """A subscribed actor raised on its events, or is dead."""
        self._emit(
            "actors.actor.failed",
            f"{ref} failed on its events and is unsubscribed",
            level="WARNING",
            exc=error,
            actor_class=ref.actor_class.__name__,
            actor_urn=ref.actor_urn,
        )

    def _request(
        self, event: str, message: str, last: AttemptFinished | AttemptFailed, now: float, **fields: Any
    ) -> None:
        usage = last.usage
        self._write(
            event,
            message,
            **self._labels,
            **fields,
            attempt_duration=now - self._began,
            chunks_count=last.chunks,
            usage_source=usage.source,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_input_tokens=usage.cached_input_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            total_tokens=usage.total_tokens,
        )

    def _emit(self, event: str, message: str, **fields: Any) -> None:
        self._write(event, message, session=self._session, **fields)

    def _write(self, event: str, message: str, *, level: str = "INFO", **fields: Any) -> None:
        if self._log.enabled:
            self._log.emit(event, message, level=level, **fields)


def _place(turn: Turn) -> dict[str, int]:
    return {"turn": turn.number, "step": turn.step, "attempt": turn.attempt}


def describe(error: BaseException) -> str:
    """One line for an exception that is nobody's outcome."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
