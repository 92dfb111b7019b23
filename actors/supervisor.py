"""A session's supervisor: the retry policy, the routing of events, and their sequence.

It does little and runs no host code. What it decides, it asks a pure function (`core.retry`, `core.splice`,
`core.intensity`); what it must not lose lies in its `Ledger`.
"""

from __future__ import annotations

import functools
from typing import Any, ClassVar

from actors.attempts import Attempts
from actors.carried import EndReason
from actors.company.messages import ChildrenEnded, ChildrenFailed, EndChildren
from actors.company.overseer import end_by_force
from actors.core.intensity import add_restart
from actors.errors import ConfigError
from actors.events import (
    Custom,
    HandedOff,
    Nested,
    SessionRestarted,
    ToolCallStarted,
    TurnStarted,
)
from actors.kernel.future import LoopFuture
from actors.kernel.loop_actor import ChildFailed, Directive, Restart, RestartWith
from actors.ledger import Ending, Ledger
from actors.messages import (
    AbortTurn,
    BatchTaken,
    BeginTool,
    BudgetDue,
    CallsTaken,
    Cancel,
    Close,
    Drained,
    EndAfterStep,
    HandOver,
    Keep,
    OutOfBudget,
    Publish,
    Relay,
    SlotGranted,
    StartTurn,
    Submit,
    Subscribe,
    Tell,
    ToolMayRun,
    TurnDone,
    TurnGaveUp,
    TurnStopped,
    Unsubscribe,
)
from actors.outcome import Failure, Internal
from actors.reporting import describe
from actors.services import Services
from actors.session import SessionActor
from actors.turn import Turn


class Supervisor(Attempts):
    """Supervises one session."""

    handlers: ClassVar[dict[type, str]] = {
        **Attempts.handlers,
        Submit: "_submit",
        Cancel: "_cancel",
        Publish: "_publish",
        Relay: "_relay",
        Subscribe: "_subscribe",
        Unsubscribe: "_unsubscribe",
        Drained: "_drained",
        Close: "_close",
        TurnDone: "_turn_done",
        TurnGaveUp: "_turn_gave_up",
        TurnStopped: "_turn_stopped",
        CallsTaken: "_calls_taken",
        BeginTool: "_begin_tool",
        Tell: "_tell",
        Keep: "_keep",
        HandOver: "_hand_over",
        BatchTaken: "_batch_taken",
        SlotGranted: "_slot_granted",
        OutOfBudget: "_out_of_budget",
        BudgetDue: "_budget_due",
        ChildrenEnded: "_children_ended",
        ChildrenFailed: "_children_failed",
    }

    def __init__(self, ledger: Ledger, services: Services) -> None:
        super().__init__(ledger, services)
        services.supervisors[self.actor_urn] = ledger
        ledger.supervisor = self.actor_ref
        if self.incarnation == 0:  # in a later life the session actor is there: it outlived the last one
            ledger.actor = self.spawn(SessionActor, *self._session_args(), restart=Restart.PERMANENT)

    def on_start(self) -> None:
        """Go on with the turns that wait: in a first life there are none."""
        ledger = self._ledger
        if self.incarnation == 0:
            above = ledger.parent
            self._report.session_started(None if above is None else above.session)
        else:
            self.send(self._ledger.actor, AbortTurn(self._ledger.conversation))
        self._take_up()
        if self._ledger.ending is not None:
            self._wind_up()

    def _session_args(self) -> tuple[Any, ...]:
        ledger, services = self._ledger, self._services
        given = ledger.session, self.actor_ref, ledger.conversation, ledger.memory
        return *given, ledger.agents, services.threads, services.ids

    # Turns

    def _submit(self, message: Submit) -> None:
        if self._ledger.over:
            message.turn.refuse()
            return
        self._ledger.accept(message.turn)
        self._take_up()

    def _take_up(self) -> None:
        ledger = self._ledger
        if ledger.current is not None or ledger.over:
            return
        gate = None if ledger.gate is None or ledger.is_lent_a_slot else ledger.gate
        if gate and not gate.passes(self.actor_urn, self._to_root, turns_wait=bool(ledger.waiting)):
            return
        turn = ledger.next_turn()
        if turn is None:
            return
        turn.started = self.dispatcher.now()
        ledger.emit(TurnStarted, turn, agent=ledger.agent)
        self._report.turn_started(turn)
        try:
            if turn.role.session is not ledger.role:  # it was handed over while the turn waited
                turn.play(ledger.agents.for_turn(ledger.role, turn.role.given))
        except ConfigError as error:
            self._fail(turn, Internal(message=f"its settings can't be with this agent's: {error}"))
            self._take_up()
            return
        turn.purse.account.begin(self.dispatcher.now())
        self._arm_budget(turn)
        here = functools.partial(ledger.here, turn)
        start = StartTurn(turn.number, turn.messages, turn.tools, turn.stateless, turn.role, turn.purse, here)
        self.send(ledger.actor, start)

    def _arm_budget(self, turn: Turn) -> None:
        due = turn.purse.account.due()
        if due is not None:
            turn.purse.timer = self.send_after(max(0.0, due - self.dispatcher.now()), BudgetDue(turn.number))

    def _budget_due(self, message: BudgetDue) -> None:
        turn = self._current(message.turn)
        if turn is None:
            return  # it ended in the same moment
        end = turn.purse.account.check_time(self.dispatcher.now())
        if end is None:
            self._arm_budget(turn)  # loops may be early by their clock's resolution
        else:
            self._abort(turn, end)

    def _out_of_budget(self, message: OutOfBudget) -> None:
        turn = self._current(message.turn)
        if turn is not None:
            self._abort(turn, message.outcome)

    def _slot_granted(self, message: SlotGranted) -> None:
        if self._ledger.gate is not None and self._ledger.gate.granted(message.ticket):
            self._take_up()

    def _to_root(self, message: Any) -> None:
        self.send(self._services.root[0], message)

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
        out = turn.purse.account.out
        if runs and out is not None:  # its own end is under way: what ends it from above came of the same
            self._abort(turn, out)
            return
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

    def _abort(self, turn: Turn, outcome: Failure) -> None:
        """Fail the turn that runs, whatever it is at."""
        self._drop_attempt()
        self._fail(turn, outcome)
        self.send(self._ledger.actor, AbortTurn(self._ledger.conversation))
        self._take_up()

    def _interrupt(self, turn: Turn) -> None:
        for event in self._ledger.interrupt(turn):
            self._report.told(event)

    # Tools

    def _calls_taken(self, message: CallsTaken) -> None:
        turn = self._current(message.turn)
        if turn is not None:
            now = self.dispatcher.wall()
            turn.open_calls = {call: (name, now, False) for call, name in message.calls}

    def _begin_tool(self, message: BeginTool) -> None:
        if self._current(message.turn) is None:
            return  # cancelled in the same moment: what has not begun by then never does
        self._tell(Tell(message.turn, ToolCallStarted, message.fields))
        self.send(message.by, ToolMayRun())

    def _tell(self, message: Tell) -> None:
        turn = self._current(message.turn)
        if turn is None:
            return  # the turn was cancelled while its tools ran
        event = self._ledger.emit(message.kind, turn, **message.fields)
        turn.note(event)
        self._report.told(event)
        self._check_room()

    def _hand_over(self, message: HandOver) -> None:
        turn = self._current(message.turn)
        if turn is None:
            return  # cancelled in the same moment: the session stays as it was
        ledger, before = self._ledger, self._ledger.agent
        ledger.role = message.role.session
        turn.play(message.role)
        event = ledger.emit(
            HandedOff,
            turn,
            from_agent=before,
            to_agent=ledger.agent,
            call_id=message.call_id,
        )
        self._report.told(event)
        self._check_room()

    def _keep(self, message: Keep) -> None:
        turn = self._current(message.turn)
        if turn is not None:
            turn.kept = message.conversation

    # Consumers

    def _publish(self, message: Publish) -> None:
        self._ledger.emit(Custom, self._ledger.current, payload=message.payload)
        self._check_room()

    def _relay(self, message: Relay) -> LoopFuture[None] | None:
        ledger = self._ledger
        turn = ledger.current if message.turn is None else self._current(message.turn)
        if turn is None and message.turn is not None:
            return None  # it has ended
        ledger.emit(Nested, turn, agent=message.agent, event=message.event)
        self._check_room()
        return ledger.room()

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

    # Failure and the end

    def on_child_failed(self, failed: ChildFailed) -> Directive | RestartWith:
        """Restart the session actor within its intensity; fail the turn of a caller or aggregator that broke."""
        error = describe(failed.error)
        turn = self._ledger.current
        if failed.ref == self._ledger.nursery:
            return self._nursery_failed(failed, error)
        if failed.ref == self._ledger.actor:
            return self._session_failed(failed, turn, error)
        if turn is not None and failed.ref in {self._caller, self._aggregator}:
            self._abort(turn, Internal(message=error))
        return Directive.STOP

    def _session_failed(self, failed: ChildFailed, turn: Turn | None, error: str) -> Directive | RestartWith:
        ledger = self._ledger
        self._drop_attempt()
        if turn is not None:
            self._fail(turn, Internal(message=error))
        if ledger.ending is not None:
            return Directive.STOP
        if not self._count_restart(failed, error, who="session actor"):
            self._end("restart_intensity", error)
            return Directive.STOP
        self._take_up()
        return RestartWith(*self._session_args())

    def _nursery_failed(self, failed: ChildFailed, error: str) -> Directive:
        """Its children live on; past the session's intensity there is nobody who could end them but by force."""
        if self._count_restart(failed, error, who="nursery"):
            return Directive.RESTART
        if self._ledger.ending is None:
            self._ledger.ending = Ending("restart_intensity", error)
        self._drop_attempt()
        end_by_force(self._ledger, self._services)
        self.stop()
        return Directive.STOP

    def _count_restart(self, failed: ChildFailed, error: str, *, who: str) -> bool:
        """Whether an actor of the session may be started anew once more; if so, it is told."""
        ledger = self._ledger
        ledger.restarts, within = add_restart(ledger.restarts, self.dispatcher.now(), ledger.config.intensity)
        if within:
            ledger.emit(SessionRestarted, restarts=len(ledger.restarts), error=error)
            self._report.session_restarted(error, failed.error, len(ledger.restarts), who=who)
        return within

    def _close(self, message: Close) -> None:
        self._end(message.reason)

    def _end(self, reason: EndReason, error: str = "") -> None:
        if self._ledger.ending is None:
            self._ledger.ending = Ending(reason, error)
            self._wind_up()

    def _wind_up(self) -> None:
        """End what the session does, then its children, then the session."""
        ledger, ending = self._ledger, self._ending()
        self._drop_attempt()
        runs = ledger.current is not None
        ledger.end_turns(*ending)
        if runs:  # its tools end at once, and not with this actor
            self.send(ledger.actor, AbortTurn(ledger.conversation))
        if ledger.family.end() or ledger.nursery is None:
            self._finish()
        else:
            self.send(ledger.nursery, EndChildren())

    def _children_failed(self, message: ChildrenFailed) -> None:
        self._end("child_intensity", message.error)

    def _children_ended(self, _: ChildrenEnded) -> None:
        self._finish()

    def _finish(self) -> None:
        ending = self._ending()
        self._ledger.close(*ending)
        self._report.session_ended(*ending)
        self.stop()

    def _ending(self) -> Ending:
        ending = self._ledger.ending
        assert ending is not None  # noqa: S101 - whoever asks has set it
        return ending
