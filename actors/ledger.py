"""What a session's supervisor must not lose: the state that outlives its incarnations.

A supervisor that fails is started anew with the same ledger: the sequence goes on without a gap, queued turns and
subscribers are kept, and the turn that was running gets its one terminal event. Only the session's supervisor
writes here, and the root supervisor when it has to speak for one that failed; both run on the same loop.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec
import pykka

from actors.admission import Door, Gate
from actors.birthplace import Birthplace
from actors.company.family import Family
from actors.config import Endpoint, SessionConfig
from actors.core.aggregate import StepResult, attempt_usage
from actors.core.kinship import FAILURES
from actors.endpoints import Endpoints
from actors.events import (
    ApprovalDecided,
    EndReason,
    Event,
    SessionEnded,
    Terminal,
    TextDelta,
    ToolCallFinished,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
)
from actors.kernel.future import LoopFuture
from actors.memory import Memory
from actors.outcome import Failure, Internal
from actors.outlets import Outlet
from actors.turn import Turn

E = TypeVar("E", bound=Event)

_CANCELLED: Mapping[EndReason, str] = MappingProxyType(
    {"parent_ended": "the session's parent ended", "sibling_failed": "a sibling of the session failed"}
)
"""Why the turns of a session are cancelled that ends for this reason."""


class Ending(NamedTuple):
    """How a session is to end, once its children have."""

    reason: EndReason
    error: str = ""


def ending_below(reason: EndReason) -> EndReason:
    """Why the children of a session end that ends for this reason."""
    return "runtime_closed" if reason == "runtime_closed" else "parent_ended"


class Counters(msgspec.Struct):
    """What a runtime counts. Written on its loop only."""

    turns_started: int = 0
    turns_completed: int = 0
    turns_failed: int = 0
    turns_cancelled: int = 0
    retries: int = 0
    sessions_ended: int = 0


class Ledger:
    """A session's memory."""

    supervisor: pykka.ActorRef[Any]
    """Set when the supervisor is made."""
    actor: pykka.ActorRef[Any]
    """The session actor, which outlives an incarnation of its supervisor. Set with the supervisor's first."""

    def __init__(
        self,
        session: str,
        *,
        endpoint: Endpoint,
        endpoints: Endpoints,
        config: SessionConfig,
        messages: tuple[Mapping[str, Any], ...],
        counters: Counters,
        wall: Callable[[], float],
        gate: Gate | None = None,
        parent: Ledger | None = None,
        agent: str = "",
    ) -> None:
        self.session = session
        self.endpoint = endpoint
        self.endpoints = endpoints
        """Where a turn that names another one finds it."""
        self.config = config
        self.conversation = messages
        self.memory = Memory()
        self.counters = counters
        self.numbers = itertools.count(1)
        """Turn numbers; the host takes them, from any thread."""
        self.door = Door()
        """Counts the session's turns."""
        self.gate = gate
        """Its place in the line for a slot; None: turns at once are not limited."""
        self.birthplace = Birthplace()
        self.parent = parent
        """The session that it is a child of; None: it is nobody's."""
        self.agent = agent
        """Which agent it is, for events and the log."""
        self.family = Family()
        """Its children."""
        self.nursery: pykka.ActorRef[Any] | None = None
        """The parent of their supervisors, once there was a child."""
        self.here: Callable[[Turn, str], Any]
        """Gives the session's handle for a call of one of its turns."""
        self.seq = 0
        self.waiting: dict[int, Turn] = {}
        """Accepted turns that have not begun, in order."""
        self.current: Turn | None = None
        self.outlets: tuple[Outlet, ...] = ()
        """Get the whole session's events."""
        self.restarts: tuple[float, ...] = ()
        """When actors of the session were restarted, within the intensity's window."""
        self.ended: LoopFuture[SessionEnded] = LoopFuture()
        self.end: SessionEnded | None = None
        self.ending: Ending | None = None
        """Set when it is decided; its children end first."""
        self._wall = wall

    @property
    def over(self) -> bool:
        """Whether it takes no turn any more."""
        return self.ending is not None or self.end is not None

    def accept(self, turn: Turn) -> None:
        """Take a turn; from here on it gets exactly one terminal event."""
        self.waiting[turn.number] = turn

    def find(self, number: int | None) -> Turn | None:
        """A turn that is accepted and has not ended; None stands for the one that runs, or is the next to."""
        if self.current is not None and number in {None, self.current.number}:
            return self.current
        if number is None:  # where slots are few, the next turn can wait for one while none runs
            return next(iter(self.waiting.values()), None)
        return self.waiting.get(number)

    @property
    def is_lent_a_slot(self) -> bool:
        """Whether a turn waits that a running one asked for: it works in that one's slot, as do those before it."""
        return any(turn.origin is not None and turn.origin.runs for turn in self.waiting.values())

    def next_turn(self) -> Turn | None:
        """Make the turn that waits longest the current one."""
        if not self.waiting:
            return None
        self.current = self.waiting.pop(next(iter(self.waiting)))
        self.counters.turns_started += 1
        return self.current

    def emit(self, kind: type[E], turn: Turn | None = None, **fields: Any) -> E:
        """Stamp an event and hand it to everyone who should have it."""
        self.seq += 1
        where = (0, 0, 0) if turn is None else (turn.number, turn.step, turn.attempt)
        event = kind(
            session=self.session,
            turn=where[0],
            step=where[1],
            attempt=where[2],
            seq=self.seq,
            timestamp=self._wall(),
            **fields,
        )
        self._deliver(event, turn)
        return event

    def emit_text(self, turn: Turn, text: str) -> None:
        """As `emit` of a `TextDelta`, which is nearly all that is emitted: without a dictionary on the way."""
        seq = self.seq = self.seq + 1
        event = TextDelta(
            session=self.session,
            turn=turn.number,
            step=turn.step,
            attempt=turn.attempt,
            seq=seq,
            first_seq=seq,
            timestamp=self._wall(),
            text=text,
        )
        self._deliver(event, turn)

    def _deliver(self, event: Event, turn: Turn | None) -> None:
        for outlet in self.outlets:
            outlet.push(event)
        listener = turn if turn is not None else self.current
        if listener is not None and listener.outlet is not None:
            listener.outlet.push(event)

    @property
    def state(self) -> Literal["idle", "streaming", "retrying"]:
        """What the session does: `retrying` while a backoff wait runs."""
        if self.current is None:
            return "idle"
        return "retrying" if self.current.retrying else "streaming"

    def full(self) -> bool:
        """Whether a consumer is so far behind that nothing more should be read for it."""
        for outlet in self.outlets:
            if outlet.full:
                return True
        turn = self.current
        return turn is not None and turn.outlet is not None and turn.outlet.full

    def interrupt(self, turn: Turn) -> list[Event]:
        """Settle what a turn leaves open that ends: each call has its one result, each request its one decision."""
        now, told = self._wall(), list[Event]()
        for approval, (call, since) in list(turn.open_approvals.items()):
            told.append(
                self.emit(
                    ApprovalDecided,
                    turn,
                    approval=approval,
                    call_id=call,
                    decision="withdrawn",
                    waited=now - since,
                )
            )
        for call, (name, since, ran) in list(turn.open_calls.items()):
            told.append(
                self.emit(
                    ToolCallFinished,
                    turn,
                    call_id=call,
                    name=name,
                    result="interrupted",
                    content="",
                    duration=now - since,
                    ran=ran,
                )
            )
        for event in told:
            turn.note(event)
        return told

    def complete(self, turn: Turn, result: StepResult, value: Any = None) -> None:
        """End a turn with its answer."""
        self._end(
            turn,
            TurnCompleted,
            "turns_completed",
            is_tool_call=result.is_tool_call,
            calls=result.calls,
            refusal=result.refusal,
            citations=result.citations,
            answer=result.full_text,
            value=value,
            outcome=result.outcome,
            response_id=result.response_id,
            response_model=result.response_model,
        )

    def fail(self, turn: Turn, outcome: Failure) -> None:
        """End a turn that can't be completed."""
        self._end(turn, TurnFailed, "turns_failed", outcome=outcome)

    def cancel(self, turn: Turn, reason: str) -> None:
        """End a turn because someone asked for it."""
        self._end(turn, TurnCancelled, "turns_cancelled", reason=reason)

    def close(self, reason: EndReason, error: str = "") -> None:
        """End the session: every turn that is left gets its terminal event, then comes `SessionEnded`.

        Whatever there still is beneath it ends before it does.
        """
        if self.end is not None:
            return
        for child in self.family.below(ending=True):
            child.ledger.end_alone(ending_below(reason), "")
            child.tell_end()
        self.end_alone(reason, error)

    def end_turns(self, reason: EndReason, error: str) -> None:
        """Every turn that is left gets its terminal event."""
        left = [] if self.current is None else [self.current]
        for turn in [*left, *self.waiting.values()]:
            if reason in FAILURES:
                self.fail(turn, Internal(message=f"the session ended: {error}"))
            else:
                self.cancel(turn, _CANCELLED.get(reason, "the session was closed"))

    def end_alone(self, reason: EndReason, error: str) -> None:
        """As `close`, for a session that has no child any more that has not ended."""
        if self.end is not None:
            return
        self.end_turns(reason, error)
        self.end = self.emit(SessionEnded, reason=reason, error=error)
        for outlet in self.outlets:
            outlet.close()
        self.outlets = ()
        self.counters.sessions_ended += 1
        self.ended.set(self.end)

    def _account_for_the_last_attempt(self, turn: Turn) -> None:
        """An attempt that was cut off could not say what it cost."""
        last = turn.usage[-1] if turn.usage else None
        if turn.attempt and (last is None or (last.step, last.attempt) != (turn.step, turn.attempt)):
            usage, received = turn.partial
            turn.usage.append(attempt_usage(usage, received, step=turn.step, attempt=turn.attempt))

    def _end(self, turn: Turn, kind: type[Terminal], counter: str, **fields: Any) -> None:
        if turn.terminal is not None:
            return  # ended before: by a cancel, or by the root supervisor
        self.waiting.pop(turn.number, None)
        self.interrupt(turn)
        if turn.kept is not None and kind is not TurnCompleted:
            self.conversation = turn.kept
        self._account_for_the_last_attempt(turn)
        turn.terminal = self.emit(
            kind,
            turn,
            text=turn.splice.text,
            thoughts=turn.splice.thoughts,
            usage=tuple(turn.usage),
            **fields,
        )
        if self.current is turn:
            self.current = None
        setattr(self.counters, counter, getattr(self.counters, counter) + 1)
        if turn.outlet is not None:
            turn.outlet.close()
        turn.abandon()
        if turn.origin is not None:
            turn.origin.turn.delegated.pop(turn, None)
        turn.leave()
        turn.done.set(turn.terminal)
