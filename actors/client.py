"""A session as its host sees it: thin, typed, thread-safe. Callers never build messages."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import pykka

from actors.admission import Door
from actors.approvals import Approve, Reject
from actors.company.family import Origin
from actors.company.kin import Kin
from actors.company.role import TurnRole
from actors.company.spend import Spend
from actors.company.talking import Talking
from actors.config import SessionConfig
from actors.core.conversation import open_calls, tool_messages
from actors.errors import AdmissionError, ConfigError, SessionClosedError
from actors.events import SessionEnded, TurnCompleted
from actors.kernel.future import LoopFuture
from actors.ledger import Ledger
from actors.messages import (
    BatchTaken,
    Cancel,
    Close,
    Decide,
    Drained,
    GetHistory,
    Publish,
    Steer,
    Submit,
    Subscribe,
    Unsubscribe,
)
from actors.outcome import BudgetLimit
from actors.outlets import ActorOutlet, StreamOutlet
from actors.pump import OnEvent, pumped
from actors.stream import Closing, EventStream, TurnHandle, TurnStream, refuse_on_a_loop
from actors.turn import Turn
from actors.turns.toolset import Toolset
from actors.user_input import Input, Messages, to_messages
from actors.watching import tell

if TYPE_CHECKING:
    from actors.births import Births

Ask: TypeAlias = Callable[[pykka.ActorRef[Any], Any], LoopFuture[Any]]


class Admission(NamedTuple):
    """Where turns of all sessions are counted."""

    door: Door
    bound: int | None
    """How many may be inside; None: any number."""


class Session(Closing, Kin, Talking):
    """A session of a runtime. Made by `Runtime.spawn`; every method may be called from any thread.

    Settings of a single turn are given by name, as `SessionConfig` has them:
    `session.run("...", deadlines=Deadlines(idle=5), retry=None)`; `endpoint=` takes another endpoint for the turn,
    or the name of one of the runtime's.
    """

    def __init__(
        self,
        ledger: Ledger,
        ask: Ask,
        admission: Admission,
        keeps: object,
        births: Births,
        origin: Origin | None = None,
    ) -> None:
        self.id = ledger.session
        self._ledger = ledger
        self._ask = ask
        self._admission = admission
        self._keeps = keeps
        """The runtime: it is in use for as long as one of its sessions is."""
        self._births = births
        self._origin = origin
        """The tool call that this handle is used in: what it begins is begun for that call's turn."""

    def __repr__(self) -> str:
        return f"<Session {self.id!r}>"

    @property
    def ref(self) -> pykka.ActorRef[Any]:
        """The session actor."""
        return self._ledger.actor

    # Turns

    def run(self, text: Input, *, on_event: OnEvent | None = None, **settings: Any) -> TurnCompleted:
        """Run a turn and block until it is complete.

        Args:
            text: the user's text; a list of texts, `Image`s and `File`s; or messages as chat completions have them.
            on_event: called with each event, in this thread; an exception cancels the turn and is raised here.
            settings: settings of this turn only.

        Raises:
            TurnFailedError: it failed for good.
            TurnCancelledError: it was cancelled.
            SessionClosedError: the session has ended.
            BlockingCallError: on a thread whose loop is running.
            ConfigError: a setting is unknown, or can't be.
        """
        refuse_on_a_loop("session.run(...)", "await session.send(...)")
        if on_event is None:
            handle = self.send(text, **settings)
            try:
                return handle.wait()
            except BaseException:
                handle.cancel("the host stopped waiting")
                raise
        with self.stream(text, **settings) as stream:
            for event in stream:
                on_event(event)
            return stream.result()

    def send(self, text: Input, *, on_event: OnEvent | None = None, **settings: Any) -> TurnHandle:
        """Begin a turn, behind those that wait already, and give a handle to wait on or await.

        Args:
            text: as in `run`.
            on_event: called with each event: on the running loop where there is one (a coroutine function is fine
                there), else in a thread of its own. An exception cancels the turn and is raised by the handle.
            settings: as in `run`.

        Raises:
            SessionClosedError: the session has ended.
            ConfigError: a setting is unknown, or can't be.
            QueueFullError: too many turns run or wait already (`max_queued_turns`).
            DrainingError: the runtime takes no new turns.
        """
        return self._begin(text, (), settings, on_event=on_event, stateless=False)

    def stream(self, text: Input, **settings: Any) -> TurnStream:
        """Begin a turn and give its events as a stream, for `for` or `async for`; raises as `send` does."""
        return self._stream(text, (), settings, stateless=False)

    def answer(
        self,
        results: Mapping[str, Any] | Sequence[Any],
        *,
        on_event: OnEvent | None = None,
        **settings: Any,
    ) -> TurnHandle:
        """Go on after a turn that asked for tool calls, with their results.

        Calls that are not answered by the next turn are forgotten: what is sent is always valid. To stream, give
        `stream` the messages with the role `tool` instead.

        Args:
            results: by call id, or one for each runnable call in order; what is no text is sent as JSON.
            on_event: as in `send`.
            settings: as in `run`.

        Raises:
            ConfigError: no call waits for a result, or these are not those that wait; else as `send`.
        """
        messages = tool_messages(open_calls(self._ledger.conversation), results)
        return self.send(messages, on_event=on_event, **settings)

    def step(
        self,
        messages: Messages,
        tools: Messages = (),
        *,
        on_event: OnEvent | None = None,
        **settings: Any,
    ) -> TurnHandle:
        """The reference turn: one model step on just these messages, beside the conversation; it runs no tool.

        The result has `full_text`, `is_tool_call` and `tool_calls` as (id, name, arguments) in index order.

        Args:
            messages: the whole request, as chat completions have it.
            tools: tool definitions, as chat completions have them.
            on_event: as in `send`.
            settings: as in `run`.
        """
        if settings.get("returns") is not None:
            raise ConfigError("returns", "a bare step gives its text as it is: use run, send or stream")
        settings["returns"] = None  # nor does it have the session's
        definitions = Toolset(tools).definitions()
        return self._begin(messages, definitions, settings, on_event=on_event, stateless=True)

    def cancel(
        self, turn: int | None = None, reason: str = "cancelled by the host", *, after_step: bool = False
    ) -> None:
        """Cancel a turn by its number, or the one that runs. Never blocks; does nothing if it has ended.

        With `after_step` the step that runs, and the tools that it asks for, come to their end first; where that step
        gives the answer, the turn completes.
        """
        self._tell(Cancel(turn, reason, after_step))

    def steer(self, text: Input) -> LoopFuture[bool]:
        """Have the turn that runs hear this before its next step, be it that it needs another one for that.

        Returns:
            A future to `.get()` in a thread or to await: False if no turn runs; `send` it then. A turn that fails or
            is cancelled before its next step has not heard it.
        """
        return self._ask_own(Steer(to_messages(text, self._ledger.config.parts)))

    # Approvals

    def approve(
        self, approval: str, *, arguments: Mapping[str, Any] | None = None, always: bool = False
    ) -> LoopFuture[bool]:
        """Let a call run that waits for a decision; from any thread, never blocks.

        Args:
            approval: the id of its `ApprovalRequested`.
            arguments: what to run it with instead of what the model wrote.
            always: allow whatever has the same key from now on, for this session.

        Returns:
            A future to `.get()` in a thread or to await: False if it waits no longer. It raises `ArgumentsError`
            where the tool does not take the arguments; the call goes on waiting then.
        """
        changed = None if arguments is None else dict(arguments)
        return self._ask_own(Decide(approval, Approve(arguments=changed, always=always)))

    def reject(self, approval: str, reason: str = "") -> LoopFuture[bool]:
        """Have the model told that a call was rejected, and why; as `approve` else."""
        return self._ask_own(Decide(approval, Reject(reason=reason)))

    def history(self) -> LoopFuture[tuple[Mapping[str, Any], ...]]:
        """The conversation so far, as a future: `.get()` it in a thread, or await it. Answered while a turn runs."""
        return self._ask_own(GetHistory())

    # Events

    def publish(self, payload: Any) -> None:
        """Send the subscribers a `Custom` event, in its place between the others; never blocks."""
        self._send(Publish(payload))

    def events(self) -> EventStream:
        """All events of the session from now on, up to `SessionEnded`. Closing the stream cancels nothing."""
        outlet = StreamOutlet(self._ledger.config.buffering, functools.partial(_room, self._ledger))
        self._send(Subscribe(outlet))
        unsubscribe = functools.partial(tell, self._ledger, Unsubscribe(outlet))
        return EventStream(outlet, unsubscribe, self._ledger.birthplace)

    def subscribe(self, ref: pykka.ActorRef[Any]) -> Callable[[], None]:
        """Send an actor, of whatever pykka type, all events from now on, as `EventBatch` messages.

        One batch is outstanding at a time: the actor's reply to it is its demand for the next. Once the session
        ends, the rest comes as one last batch.

        Returns:
            A function that unsubscribes it. An actor that stops is unsubscribed by itself.
        """
        outlet = actor_outlet(ref, self._ask, self._ledger)
        self._send(Subscribe(outlet))
        return lambda: self._tell(Unsubscribe(outlet))

    # The end

    def close(self) -> None:
        """End the session: its turns are cancelled. From any thread; never blocks."""
        self._tell(Close("closed"))

    @property
    def closed(self) -> bool:
        """Whether the session has ended."""
        return self._ledger.ended.done()

    @property
    def ended(self) -> LoopFuture[SessionEnded]:
        """The session's last event, as a future: `.get()` it in a thread, or await it."""
        self._ledger.birthplace.check()
        return self._ledger.ended

    # What it costs

    @property
    def spent(self) -> Spend:
        """What the session, and all below it, have spent so far: steps, tool calls, tokens, and their cost in USD.

        Tokens of answers that stream count while they come where a budget limits them, else once an attempt has
        ended. The cost counts where a budget limits it, or the endpoint has a `price`.
        """
        return self._ledger.account.spent

    @property
    def left(self) -> dict[BudgetLimit, float]:
        """What is left of each limit that holds for the session, those above it included, by the limit's name."""
        return self._ledger.account.left(self._ledger.now())

    # Inside

    def _begin(
        self,
        text: Input,
        tools: tuple[Mapping[str, Any], ...],
        settings: dict[str, Any],
        *,
        on_event: OnEvent | None,
        stateless: bool,
    ) -> TurnHandle:
        if on_event is not None:
            return pumped(self._stream(text, tools, settings, stateless=stateless), on_event, self._cancel)
        turn = self._submit(text, tools, self._role(settings), None, stateless=stateless)
        return TurnHandle(turn.number, turn.done, self._cancel, self._ledger.birthplace)

    def _stream(
        self,
        text: Input,
        tools: tuple[Mapping[str, Any], ...],
        settings: dict[str, Any],
        *,
        stateless: bool,
    ) -> TurnStream:
        role = self._role(settings)
        outlet = StreamOutlet(role.config.buffering, functools.partial(_room, self._ledger))
        turn = self._submit(text, tools, role, outlet, stateless=stateless)
        return TurnStream(turn.number, turn.done, outlet, self._cancel, self._ledger.birthplace)

    def _submit(
        self,
        text: Input,
        tools: tuple[Mapping[str, Any], ...],
        role: TurnRole,
        outlet: StreamOutlet | None,
        *,
        stateless: bool,
    ) -> Turn:
        messages = to_messages(text, role.config.parts)
        self._ledger.birthplace.check()  # before any lock: a fork may find it held for ever
        turn = Turn(
            number=next(self._ledger.numbers),
            messages=messages,
            tools=tools if stateless else (),
            stateless=stateless,
            role=role,
            outlet=outlet,
            doors=self._enter(role.config),
            origin=self._origin,
        )
        try:
            self._send(Submit(turn))
        except BaseException:
            turn.withdraw()
            raise
        if self._origin is not None:
            self._origin.turn.delegate(turn, functools.partial(self._cancel, turn.number))
        return turn

    def _role(self, settings: dict[str, Any]) -> TurnRole:
        return self._ledger.agents.for_turn(self._ledger.role, settings)

    def _enter(self, config: SessionConfig) -> tuple[Door, ...]:
        door, bound = self._admission
        own, queued = self._ledger.door, config.max_queued_turns
        nested = self._origin is not None and self._origin.runs
        door.enter(bound, "the runtime", nested=nested)
        try:
            own.enter(None if queued is None else queued + 1, f"session {self.id!r}")
        except AdmissionError:
            door.withdraw()
            raise
        return door, own

    def _cancel(self, turn: int, reason: str) -> None:
        self._tell(Cancel(turn, reason))

    def _ask_own(self, message: Any) -> LoopFuture[Any]:
        """Ask the session actor."""
        self._ledger.birthplace.check()
        return self._ask(self.ref, message)

    def _send(self, message: Any) -> None:
        self._ledger.birthplace.check()
        try:
            self._ledger.supervisor.tell(message)
        except pykka.ActorDeadError:
            raise SessionClosedError(
                f"session {self.id!r} has ended: spawn another, or keep its runtime open"
            ) from None

    def _tell(self, message: Any) -> None:
        tell(self._ledger, message)


def actor_outlet(ref: pykka.ActorRef[Any], ask: Ask, ledger: Ledger) -> ActorOutlet:
    """Batches of a session's events for an actor."""

    def taken(outlet: ActorOutlet, error: BaseException | None) -> None:
        tell(ledger, BatchTaken(outlet, error))

    return ActorOutlet(ref, ledger.config.buffering, ask, taken)


def _room(ledger: Ledger, outlet: StreamOutlet) -> None:
    tell(ledger, Drained(outlet))
