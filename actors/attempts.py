"""The part of a session's supervisor that runs a step: its attempts, the waits between them, and what is shown of them.

What it decides, it asks a pure function (`core.retry`, `core.splice`).
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
import pykka

from actors.aggregator import AggregatorActor
from actors.caller import CallerActor, CallSpec, call_spec
from actors.core import retry
from actors.core.aggregate import TextPiece, ThoughtPiece, ToolCallPiece
from actors.core.splice import Shown
from actors.errors import UsageError
from actors.events import (
    AttemptStarted,
    Retracted,
    RetryScheduled,
    StepStarted,
    ThoughtDelta,
    ToolCallDelta,
)
from actors.events import StepFinished as StepFinishedEvent
from actors.kernel.handlers import HandlingActor
from actors.kernel.loop_actor import Timer
from actors.ledger import Ledger
from actors.messages import (
    AttemptFailed,
    AttemptFinished,
    AttemptKey,
    Deltas,
    Pause,
    Resume,
    RetryDue,
    RunStep,
    StepFailed,
    StepFinished,
)
from actors.outcome import Failure, Internal
from actors.reporting import SessionReport
from actors.services import Services
from actors.turn import Turn


class Attempts(HandlingActor):
    """Runs the attempts of one step after the other."""

    handlers: ClassVar[dict[type, str]] = {
        Deltas: "_deltas",
        RunStep: "_run_step",
        AttemptFinished: "_attempt_finished",
        AttemptFailed: "_attempt_failed",
        RetryDue: "_retry_due",
    }

    def __init__(self, ledger: Ledger, services: Services) -> None:
        super().__init__()
        self._ledger = ledger
        self._services = services
        self._report = SessionReport(services.log, ledger.session)
        self._caller: pykka.ActorRef[Any] | None = None
        self._aggregator: pykka.ActorRef[Any] | None = None
        self._retry_timer: Timer | None = None
        self._key: AttemptKey | None = None
        """The attempt that runs; None between attempts."""
        self._spec: CallSpec | None = None
        self._paused = False

    def _run_step(self, message: RunStep) -> None:
        turn = self._current(message.turn)
        if turn is None:
            return  # the turn was cancelled while the session asked for its step
        turn.step += 1
        turn.attempt = turn.failed_attempts = 0
        turn.backoff_ms = None
        turn.hidden = message.hidden
        turn.splice.begin_step()
        self._ledger.emit(StepStarted, turn)
        try:
            self._spec = call_spec(self._ledger.session, turn, message.request, self._services)
        except UsageError as error:
            self.send(self._ledger.actor, StepFailed(turn.number, Internal(message=str(error))))
            return
        self._begin_attempt(turn)

    def _begin_attempt(self, turn: Turn) -> None:
        assert self._spec is not None  # noqa: S101 - set by the step that this attempt belongs to
        turn.attempt += 1
        turn.retrying = False
        turn.partial = (None, 0)
        turn.splice.begin_attempt()
        key = self._key = AttemptKey(turn.number, turn.step, turn.attempt)
        self._ledger.emit(AttemptStarted, turn)
        labels = {**self._spec.labels, "attempt": turn.attempt, "request_id": self._services.ids().hex}
        spec = msgspec.structs.replace(self._spec, labels=labels)
        self._report.attempt_began(labels, self.dispatcher.now())
        self._aggregator = self.spawn(AggregatorActor, key, self.actor_ref, turn.config)
        self._caller = self.spawn(CallerActor, spec, self._aggregator, self._services.log)
        self._paused = False
        self._check_room()

    def _deltas(self, message: Deltas) -> None:
        if message.key != self._key:
            return  # an attempt that was given up had this under way
        turn = self._ledger.current
        assert turn is not None  # noqa: S101 - a key is set only while a turn runs
        turn.partial = (message.usage, message.received)
        if turn.hidden:
            return
        self._show(turn, turn.splice.feed(message.pieces))
        self._check_room()

    def _show(self, turn: Turn, shown: tuple[Shown, ...]) -> None:
        emit = self._ledger.emit
        for piece in shown:
            match piece:
                case TextPiece():
                    self._ledger.emit_text(turn, piece.text)
                case ThoughtPiece():
                    emit(ThoughtDelta, turn, text=piece.text)
                case ToolCallPiece():
                    if turn.config.tool_call_deltas:
                        emit(
                            ToolCallDelta,
                            turn,
                            call=piece.call,
                            id=piece.id,
                            name=piece.name,
                            arguments=piece.arguments,
                        )
                case _:
                    emit(Retracted, turn, text_keep=piece.text_keep, thought_keep=piece.thought_keep)

    def _attempt_finished(self, message: AttemptFinished) -> None:
        if message.key != self._key:
            return  # as in _deltas
        turn = self._ledger.current
        assert turn is not None  # noqa: S101 - as in _deltas
        self._show(turn, turn.splice.complete())
        self._caller = None  # it may still be reading to the body's end, so that the connection can be kept
        self._key = None
        self._drop_attempt()
        turn.usage.append(message.usage)
        result = message.result
        self._report.attempt_finished(message, self.dispatcher.now())
        self._ledger.emit(
            StepFinishedEvent,
            turn,
            is_tool_call=result.is_tool_call,
            calls=result.calls,
            usage=message.usage,
            outcome=result.outcome,
        )
        self.send(self._ledger.actor, StepFinished(turn.number, result))

    def _attempt_failed(self, message: AttemptFailed) -> None:
        if message.key != self._key:
            return  # as in _deltas
        turn = self._ledger.current
        assert turn is not None  # noqa: S101 - as in _deltas
        self._key = None
        self._drop_attempt()
        turn.usage.append(message.usage)
        turn.failed_attempts += 1
        outcome = message.outcome
        self._report.attempt_failed(message, self.dispatcher.now())
        decision = retry.decide(
            turn.config.retry,
            failed_attempts=turn.failed_attempts,
            backoff_ms=turn.backoff_ms,
            outcome=outcome,
            shown=turn.splice.shown_in_step,
            rng=self._services.rng,
        )
        if isinstance(decision, retry.GiveUp):
            turn.why = decision.why
            self.send(self._ledger.actor, StepFailed(turn.number, outcome))
            return
        turn.backoff_ms = decision.backoff_ms
        self._schedule_retry(turn, message.key, outcome, decision.wait_ms)

    def _schedule_retry(self, turn: Turn, key: AttemptKey, outcome: Failure, wait_ms: int) -> None:
        assert turn.config.retry is not None  # noqa: S101 - without a policy there is no retry
        self._services.counters.retries += 1
        self._ledger.emit(
            RetryScheduled,
            turn,
            failed_attempts=turn.failed_attempts,
            max_retries=turn.config.retry.max_retries,
            backoff_ms=wait_ms,
            error=outcome.describe(),
            outcome=outcome,
        )
        self._report.retry_scheduled(turn, outcome, wait_ms, self.dispatcher.wall())
        turn.retrying = True
        self._retry_timer = self.send_after(wait_ms / 1000, RetryDue(key))

    def _retry_due(self, message: RetryDue) -> None:
        turn = self._ledger.current
        if turn is None or message.key != (turn.number, turn.step, turn.attempt):
            return  # the turn was cancelled when the timer had already fired
        self._retry_timer = None
        self._begin_attempt(turn)

    def _drop_attempt(self) -> None:
        """Whatever runs or waits for the current attempt ends now."""
        if self._key is not None:
            self._key = None
            self._report.attempt_cancelled(self.dispatcher.now())
        for ref in (self._caller, self._aggregator):
            if ref is not None:
                self.kill(ref)
        self._caller = self._aggregator = None
        if self._retry_timer is not None:
            self._retry_timer.cancel()
            self._retry_timer = None

    def _check_room(self) -> None:
        """Stop or go on reading the socket, as the slowest consumer demands."""
        if self._caller is None or self._key is None or self._ledger.full() == self._paused:
            return
        self._paused = not self._paused
        self.send(self._caller, Pause() if self._paused else Resume())

    def _current(self, number: int) -> Turn | None:
        turn = self._ledger.current
        return turn if turn is not None and turn.number == number else None
