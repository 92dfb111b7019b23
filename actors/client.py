"""A session as its host sees it: thin, typed, thread-safe. Callers never build messages."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
import pykka

from actors.config import Endpoint, SessionConfig
from actors.core.bodies import overlay
from actors.errors import ConfigError, SessionClosedError
from actors.events import Event, SessionEnded, TurnCompleted
from actors.kernel.future import LoopFuture
from actors.ledger import Ledger, Turn
from actors.messages import (
    BatchTaken,
    Cancel,
    Close,
    Drained,
    GetHistory,
    Publish,
    Submit,
    Subscribe,
    Unsubscribe,
)
from actors.outlets import ActorOutlet, StreamOutlet
from actors.stream import Closing, EventStream, TurnHandle, TurnStream, refuse_on_a_loop

Messages: TypeAlias = Sequence[Mapping[str, Any]]
OnEvent: TypeAlias = Callable[[Event], Awaitable[None] | None]
Ask: TypeAlias = Callable[[pykka.ActorRef[Any], Any], LoopFuture[Any]]


class Session(Closing):
    """A session of a runtime. Made by `Runtime.spawn`; every method may be called from any thread.

    Settings of a single turn are given by name, as `SessionConfig` has them:
    `session.run("...", deadlines=Deadlines(idle=5), retry=None)`; `endpoint=` takes another endpoint for the turn,
    or the name of one of the runtime's.
    """

    def __init__(self, ledger: Ledger, ask: Ask) -> None:
        self.id = ledger.session
        self._ledger = ledger
        self._ask = ask

    def __repr__(self) -> str:
        return f"<Session {self.id!r}>"

    @property
    def ref(self) -> pykka.ActorRef[Any]:
        """The session actor."""
        return self._ledger.actor

    # Turns

    def run(self, text: str | Messages, *, on_event: OnEvent | None = None, **settings: Any) -> TurnCompleted:
        """Run a turn and block until it is complete.

        Args:
            text: the user's text, or messages as chat completions have them.
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

    def send(self, text: str | Messages, *, on_event: OnEvent | None = None, **settings: Any) -> TurnHandle:
        """Begin a turn, behind those that wait already, and give a handle to wait on or await.

        Args:
            text: as in `run`.
            on_event: called with each event: on the running loop where there is one (a coroutine function is fine
                there), else in a thread of its own. An exception cancels the turn and is raised by the handle.
            settings: as in `run`.

        Raises:
            SessionClosedError: the session has ended.
            ConfigError: a setting is unknown, or can't be.
        """
        return self._begin(to_messages(text), (), settings, on_event=on_event, stateless=False)

    def stream(self, text: str | Messages, **settings: Any) -> TurnStream:
        """Begin a turn and give its events as a stream, for `for` or `async for`; raises as `send` does."""
        outlet = StreamOutlet(self._settings(settings)[1].buffering, self._room)
        turn = self._submit(to_messages(text), (), settings, outlet, stateless=False)
        return TurnStream(turn.number, turn.done, outlet, self._cancel)

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
        return self._begin(to_messages(messages), tuple(tools), settings, on_event=on_event, stateless=True)

    def cancel(self, turn: int | None = None, reason: str = "cancelled by the host") -> None:
        """Cancel a turn by its number, or the one that runs. Never blocks; does nothing if it has ended."""
        self._tell(Cancel(turn, reason))

    def history(self) -> LoopFuture[tuple[Mapping[str, Any], ...]]:
        """The conversation so far, as a future: `.get()` it in a thread, or await it. Answered while a turn runs."""
        return self._ask(self.ref, GetHistory())

    # Events

    def publish(self, payload: Any) -> None:
        """Send the subscribers a `Custom` event, in its place between the others; never blocks."""
        self._send(Publish(payload))

    def events(self) -> EventStream:
        """All events of the session from now on, up to `SessionEnded`. Closing the stream cancels nothing."""
        outlet = StreamOutlet(self._ledger.config.buffering, self._room)
        self._send(Subscribe(outlet))
        return EventStream(outlet, lambda: self._tell(Unsubscribe(outlet)))

    def subscribe(self, ref: pykka.ActorRef[Any]) -> Callable[[], None]:
        """Send an actor, of whatever pykka type, all events from now on, as `EventBatch` messages.

        One batch is outstanding at a time: the actor's reply to it is its demand for the next. Once the session
        ends, the rest comes as one last batch.

        Returns:
            A function that unsubscribes it. An actor that stops is unsubscribed by itself.
        """
        outlet = ActorOutlet(ref, self._ledger.config.buffering, self._ask, self._batch_taken)
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
        return self._ledger.ended

    # Inside

    def _begin(
        self,
        messages: tuple[Mapping[str, Any], ...],
        tools: tuple[Mapping[str, Any], ...],
        settings: dict[str, Any],
        *,
        on_event: OnEvent | None,
        stateless: bool,
    ) -> TurnHandle:
        if on_event is None:
            turn = self._submit(messages, tools, settings, None, stateless=stateless)
            return TurnHandle(turn.number, turn.done, self._cancel)
        outlet = StreamOutlet(self._settings(settings)[1].buffering, self._room)
        turn = self._submit(messages, tools, settings, outlet, stateless=stateless)
        return _pumped(TurnStream(turn.number, turn.done, outlet, self._cancel), on_event, self._cancel)

    def _submit(
        self,
        messages: tuple[Mapping[str, Any], ...],
        tools: tuple[Mapping[str, Any], ...],
        settings: dict[str, Any],
        outlet: StreamOutlet | None,
        *,
        stateless: bool,
    ) -> Turn:
        endpoint, config = self._settings(settings)
        turn = Turn(
            number=next(self._ledger.numbers),
            messages=messages,
            tools=tools,
            stateless=stateless,
            endpoint=endpoint,
            config=config,
            outlet=outlet,
        )
        self._send(Submit(turn))
        return turn

    def _settings(self, settings: dict[str, Any]) -> tuple[Endpoint, SessionConfig]:
        changes = dict(settings)
        if "endpoint" not in changes:
            return self._ledger.endpoint, replace(self._ledger.config, changes)
        endpoint = self._ledger.endpoints.find(changes.pop("endpoint"))
        return endpoint, replace(self._ledger.config, changes, endpoint)

    def _cancel(self, turn: int, reason: str) -> None:
        self._tell(Cancel(turn, reason))

    def _room(self, outlet: StreamOutlet) -> None:
        self._tell(Drained(outlet))

    def _batch_taken(self, outlet: ActorOutlet, error: BaseException | None) -> None:
        self._tell(BatchTaken(outlet, error))

    def _send(self, message: Any) -> None:
        try:
            self._ledger.supervisor.tell(message)
        except pykka.ActorDeadError:
            raise SessionClosedError(
                f"session {self.id!r} has ended: spawn another, or keep its runtime open"
            ) from None

    def _tell(self, message: Any) -> None:
        """Send what has no meaning any more once the session has ended."""
        try:
            self._ledger.supervisor.tell(message)
        except pykka.ActorDeadError:
            return


def replace(
    config: SessionConfig, changes: Mapping[str, Any], endpoint: Endpoint | None = None
) -> SessionConfig:
    """A copy of a config with some settings changed. A body is laid over the one that was.

    Args:
        config: what it is a copy of.
        changes: settings by name.
        endpoint: the one that is chosen along with them: its deadlines count where no others are given.

    Raises:
        ConfigError: a setting is unknown, or can't be.
    """
    if endpoint is not None and endpoint.deadlines is not None:
        changes = {"deadlines": endpoint.deadlines, **changes}
    if not changes:
        return config
    unknown = sorted(set(changes) - set(SessionConfig.__struct_fields__))
    if unknown:
        known = ", ".join(SessionConfig.__struct_fields__)
        raise ConfigError(unknown[0], f"is no setting of a session; there are endpoint, {known}")
    if isinstance(changes.get("body"), Mapping):
        changes = {**changes, "body": overlay(config.body, changes["body"])}
    return msgspec.structs.replace(config, **changes)


def to_messages(text: str | Messages) -> tuple[Mapping[str, Any], ...]:
    """The user's text as a message, or messages as they are.

    Raises:
        ConfigError: it is neither.
    """
    if isinstance(text, str):
        return ({"role": "user", "content": text},)
    given: Any = text
    if not (isinstance(given, Sequence) and all(isinstance(one, Mapping) and "role" in one for one in given)):
        raise ConfigError(
            "messages",
            'must be a text, or a list of messages such as {"role": "user", "content": "..."}; '
            f"got {type(text).__name__}",
        )
    return tuple(given)


def _pumped(stream: TurnStream, on_event: OnEvent, cancel: Callable[[int, str], None]) -> TurnHandle:
    """A handle for a turn whose events are handed to a callback of the host, outside of any actor."""
    done: LoopFuture[Any] = LoopFuture()
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        threading.Thread(
            target=_pump_in_thread, args=(stream, on_event, done), name="greenroom-on-event", daemon=True
        ).start()
        return TurnHandle(stream.turn, done, cancel)
    pump = loop.create_task(_pump(stream, on_event, done))
    return TurnHandle(stream.turn, done, cancel, keeps=pump)


def _pump_in_thread(stream: TurnStream, on_event: OnEvent, done: LoopFuture[Any]) -> None:
    try:
        with stream:
            for event in stream:
                if inspect.isawaitable(on_event(event)):
                    raise TypeError("an async on_event needs a running loop: call send() inside one")
        done.set(stream.done.get())
    except BaseException:  # noqa: BLE001 - it reaches whoever waits
        done.set_exception(sys.exc_info())


async def _pump(stream: TurnStream, on_event: OnEvent, done: LoopFuture[Any]) -> None:
    try:
        async with stream:
            async for event in stream:
                awaitable = on_event(event)
                if inspect.isawaitable(awaitable):
                    await awaitable
        done.set(await stream.done)
    except BaseException:  # noqa: BLE001 - as above
        done.set_exception(sys.exc_info())
