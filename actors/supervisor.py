"""A session's supervisor: the retry policy, the routing of events, and their sequence.

It does little and runs no host code. What it decides, it asks a pure function (`core.retry`, `core.splice`,
`core.intensity`); what it must not lose lies in its `Ledger`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
import pykka

from actors.aggregator import AggregatorActor
from actors.caller import CallerActor, CallSpec, call_spec
from actors.core import retry
from actors.core.aggregate import TextPiece, ThoughtPiece, ToolCallPiece
from actors.core.intensity import add_restart
from actors.core.splice import Shown
from actors.errors import UsageError
from actors.events import (
    AttemptStarted,
    Custom,
    Retracted,
    RetryScheduled,
    SessionRestarted,
    StepStarted,
    ThoughtDelta,
    ToolCallDelta,
    TurnStarted,
)
from actors.events import StepFinished as StepFinishedEvent
from actors.kernel.handlers import HandlingActor
from actors.kernel.loop_actor import ChildFailed, Directive, Restart, RestartWith, Timer
from actors.ledger import Ledger, Turn
from actors.messages import (
    AbortTurn,
    AttemptFailed,
    AttemptFinished,
    AttemptKey,
    BatchTaken,
    CallsTaken,
    Cancel,
    Close,
    Deltas,
    Drained,
    EndAfterStep,
    Keep,
    Pause,
    Publish,
    Resume,
    RetryDue,
    RunStep,
    SlotGranted,
    StartTurn,
    StepFailed,
    StepFinished,
    Submit,
    Subscribe,
    Tell,
    TurnDone,
    TurnGaveUp,
    TurnStopped,
    Unsubscribe,
)
from actors.outcome import Failure, Internal
from actors.reporting import SessionReport, describe
from actors.services import Services
from actors.session import SessionActor


class Supervisor(HandlingActor):
    """Supervises one session."""

    handlers: ClassVar[dict[type, str]] = {
        Deltas: "_deltas",
        Submit: "_submit",
        Cancel: "_cancel",
        Publish: "_publish",
        Subscribe: "_subscribe",
        Unsubscribe: "_unsubscribe",
        Drained: "_drained",
        Close: "_close",
        RunStep: "_run_step",
        TurnDone: "_turn_done",
        TurnGaveUp: "_turn_gave_up",
        TurnStopped: "_turn_stopped",
        CallsTaken: "_calls_taken",
        Tell: "_tell",
        Keep: "_keep",
        AttemptFinished: "_attempt_finished",
        AttemptFailed: "_attempt_failed",
        RetryDue: "_retry_due",
        BatchTaken: "_batch_taken",
        SlotGranted: "_slot_granted",
    }

    def __init__(self, ledger: Ledger, services: Services) -> None:
        super().__init__()
        self._ledger = ledger
        self._services = services
        self._caller: pykka.ActorRef[Any] | None = None
        self._aggregator: pykka.ActorRef[Any] | None = None
        self._retry_timer: Timer | None = None
        self._key: AttemptKey | None = None
        """The attempt that runs; None between attempts."""
        self._spec: CallSpec | None = None
        self._report = SessionReport(services.log, ledger.session)
        self._paused = False
        services.supervisors[self.actor_urn] = ledger
        ledger.supervisor = self.actor_ref
        if self.incarnation == 0:  # in a later life the session actor is there: it outlived the last one
            ledger.actor = self.spawn(SessionActor, *self._session_args(), restart=Restart.PERMANENT)

    def on_start(self) -> None:
        """Go on with the turns that wait: in a first life there are none."""
        if self.incarnation == 0:
            self._report.session_started()
        else:
            self.send(self._ledger.actor, AbortTurn(self._ledger.conversation))
        self._take_up()

    def _session_args(self) -> tuple[Any, ...]:
        ledger, services = self._ledger, self._services
        given = ledger.session, self.actor_ref, ledger.conversation, ledger.memory
        return *given, services.threads, services.ids

    # Turns

    def _submit(self, message: Submit) -> None:
        if self._ledger.end is not None:
            message.turn.refuse()
            return
        self._ledger.accept(message.turn)
        self._take_up()

    def _take_up(self) -> None:
        ledger = self._ledger
        if ledger.current is not None or ledger.end is not None:
            return
        gate = ledger.gate
        if gate and not gate.passes(self.actor_urn, self._to_root, turns_wait=bool(ledger.waiting)):
            return
        turn = ledger.next_turn()
        if turn is None:
            return
        turn.started = self.dispatcher.now()
        ledger.emit(TurnStarted, turn)
        self._report.turn_started(turn)
        start = StartTurn(turn.number, turn.messages, turn.tools, turn.config, turn.stateless, turn.endpoint)
        self.send(ledger.actor, start)

    def _slot_granted(self, message: SlotGranted) -> None:
        if self._ledger.gate is not None and self._ledger.gate.granted(message.ticket):
            self._take_up()

    def _to_root(self, message: Any) -> None:
        self.send(self._services.root[0], message)

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

    def _turn_done(self, message: TurnDone) -> None:
        turn = self._current(message.turn)
        if turn is None:
            return  # cancelled in the same moment: the cancel came first
        self._ledger.conversation = message.conversation
        self._ledger.complete(turn, message.result, message.value)
        self._report.turn_completed(turn, self.dispatcher.now())
        self._take_up()

    def _turn_gave_up(self, message: TurnGaveUp) -> None:
        turn = self._current(message.turn)
        if turn is not None:
            self._fail(turn, message.outcome)
            self._take_up()

    def _cancel(self, message: Cancel) -> None:
        turn = self._ledger.find(message.turn)
        if turn is None:
            return  # it ended by itself in the meantime
        runs = turn is self._ledger.current
        if runs and message.after_step:
            self.send(self._ledger.actor, EndAfterStep(turn.number, message.reason))
            return
        self._end_turn(turn, message.reason)
        if runs:
            self.send(self._ledger.actor, AbortTurn(self._ledger.conversation))
        self._take_up()

    def _turn_stopped(self, message: TurnStopped) -> None:
        turn = self._current(message.turn)
        if turn is not None:
            self._end_turn(turn, message.reason)
            self._take_up()

    def _end_turn(self, turn: Turn, reason: str) -> None:
        """End a turn that somebody asked to end."""
        if turn is self._ledger.current:
            self._drop_attempt()
        self._interrupt(turn)
        self._ledger.cancel(turn, reason)
        self._report.turn_cancelled(turn, reason, self.dispatcher.now())

    def _fail(self, turn: Turn, outcome: Failure) -> None:
        self._interrupt(turn)
        self._ledger.fail(turn, outcome)
        self._report.turn_failed(turn, outcome, self.dispatcher.now())

    def _interrupt(self, turn: Turn) -> None:
        for event in self._ledger.interrupt(turn):
            self._report.told(event)

    # Tools

    def _calls_taken(self, message: CallsTaken) -> None:
        turn = self._current(message.turn)
        if turn is not None:
            now = self.dispatcher.wall()
            turn.open_calls = {call: (name, now, False) for call, name in message.calls}

    def _tell(self, message: Tell) -> None:
        turn = self._current(message.turn)
        if turn is None:
            return  # the turn was cancelled while its tools ran
        event = self._ledger.emit(message.kind, turn, **message.fields)
        turn.note(event)
        self._report.told(event)
        self._check_room()

    def _keep(self, message: Keep) -> None:
        turn = self._current(message.turn)
        if turn is not None:
            turn.kept = message.conversation

    def _current(self, number: int) -> Turn | None:
        turn = self._ledger.current
        return turn if turn is not None and turn.number == number else None

    # Attempts

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

    # Consumers

    def _publish(self, message: Publish) -> None:
        self._ledger.emit(Custom, self._ledger.current, payload=message.payload)
        self._check_room()

    def _subscribe(self, message: Subscribe) -> None:
        self._ledger.outlets += (message.outlet,)

    def _unsubscribe(self, message: Unsubscribe) -> None:
        kept = tuple(outlet for outlet in self._ledger.outlets if outlet is not message.outlet)
        self._ledger.outlets = kept
        self._check_room()

    def _drained(self, _: Drained) -> None:
        self._check_room()

    def _batch_taken(self, message: BatchTaken) -> None:
        if message.error is None:
            message.outlet.taken()
            self._check_room()
            return
        self._report.subscriber_failed(message.outlet.ref, message.error)
        self._unsubscribe(Unsubscribe(message.outlet))

    def _check_room(self) -> None:
        """Stop or go on reading the socket, as the slowest consumer demands."""
        if self._caller is None or self._key is None or self._ledger.full() == self._paused:
            return
        self._paused = not self._paused
        self.send(self._caller, Pause() if self._paused else Resume())

    # Failure and the end

    def on_child_failed(self, failed: ChildFailed) -> Directive | RestartWith:
        """Restart the session actor within its intensity; fail the turn of a caller or aggregator that broke."""
        error = describe(failed.error)
        turn = self._ledger.current
        if failed.ref == self._ledger.actor:
            return self._session_failed(failed, turn, error)
        if turn is not None and failed.ref in {self._caller, self._aggregator}:
            self._drop_attempt()
            self._fail(turn, Internal(message=error))
            self.send(self._ledger.actor, AbortTurn(self._ledger.conversation))
            self._take_up()
        return Directive.STOP

    def _session_failed(self, failed: ChildFailed, turn: Turn | None, error: str) -> Directive | RestartWith:
        ledger = self._ledger
        self._drop_attempt()
        if turn is not None:
            self._fail(turn, Internal(message=error))
        ledger.restarts, within = add_restart(ledger.restarts, self.dispatcher.now(), ledger.config.intensity)
        if not within:
            self._end("restart_intensity", error)
            return Directive.STOP
        ledger.emit(SessionRestarted, restarts=len(ledger.restarts), error=error)
        self._report.session_restarted(error, failed.error, len(ledger.restarts), who="session actor")
        self._take_up()
        return RestartWith(*self._session_args())

    def _close(self, message: Close) -> None:
        self._end(message.reason)

    def _end(self, reason: Any, error: str = "") -> None:
        self._drop_attempt()
        self._ledger.close(reason, error)
        self._report.session_ended(reason, error)
        self.stop()
