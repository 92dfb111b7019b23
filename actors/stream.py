"""The host's side: a handle to wait on or await, and a stream of events to iterate in either way."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from collections.abc import Callable, Generator
from functools import partial
from types import TracebackType
from typing import Any, Generic, Self, TypeAlias, TypeVar

from actors.birthplace import Birthplace
from actors.core.advice import advise, trouble_of
from actors.errors import BlockingCallError, TurnCancelledError, TurnFailedError
from actors.events import Event, Terminal, TurnCancelled, TurnCompleted, TurnFailed
from actors.kernel.future import LoopFuture, running_loop
from actors.outlets import Outbox, StreamOutlet

T = TypeVar("T")
CancelTurn: TypeAlias = Callable[[int, str], None]
"""Cancels a turn by its number, with a reason; from any thread; never blocks, never raises."""


def completed(event: Terminal) -> TurnCompleted:
    """The event of a turn that completed.

    Raises:
        TurnFailedError: it failed.
        TurnCancelledError: it was cancelled.
    """
    match event:
        case TurnCompleted():
            return event
        case TurnFailed():
            raise TurnFailedError(event, trouble_of(event.outcome), advise(event.outcome))
        case TurnCancelled():
            raise TurnCancelledError(event)


class TurnHandle:
    """A turn under way: wait for it in a thread, or await it on any loop."""

    def __init__(
        self,
        turn: int,
        done: LoopFuture[Terminal],
        cancel: CancelTurn,
        birthplace: Birthplace,
        *,
        keeps: object = None,
    ) -> None:
        self.turn = turn
        """The turn's number in its session, from 1."""
        self._done = done
        self._cancel = cancel
        self._birthplace = birthplace
        self._keeps = keeps
        """What must live as long as this handle: a loop holds its tasks only weakly."""

    def wait(self, timeout: float | None = None) -> TurnCompleted:
        """Block until the turn has ended.

        Args:
            timeout: seconds to wait at most; the turn goes on after that.

        Raises:
            TurnFailedError: it failed.
            TurnCancelledError: it was cancelled.
            SessionClosedError: the session ended before it could accept the turn.
            BlockingCallError: on a thread whose loop is running; `await` the handle there.
            pykka.Timeout: the timeout passed.
            ForkedError: this process is a fork of the one that began the turn.
        """
        self._birthplace.check()
        return completed(self._done.get(timeout=timeout))

    def __await__(self) -> Generator[Any, None, TurnCompleted]:
        """Wait without blocking; raises as `wait` does."""
        return self._result().__await__()

    async def _result(self) -> TurnCompleted:
        self._birthplace.check()
        return completed(await self._done)

    def done(self) -> bool:
        """Whether the turn has ended."""
        return self._done.done()

    def add_done_callback(self, function: Callable[[TurnHandle], None]) -> None:
        """Have a function called with this handle once the turn has ended, in whatever thread ended it."""
        self._done.add_done_callback(lambda _: function(self))

    def cancel(self, reason: str = "cancelled by the host") -> None:
        """Cancel the turn, running or queued, from any thread. Does nothing if it has ended."""
        self._cancel(self.turn, reason)


class Closing:
    """A sync and an async context manager that closes when its block is left, without awaiting anything."""

    def close(self) -> None:
        """End it, from any thread; never blocks."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Stream(Closing, Generic[T]):
    """What an actor has to say to a host: `for`, `async for`, and a context manager; thread-safe.

    Leaving the block, `close`, and dropping the last reference end it, at once and without awaiting anything.
    """

    def __init__(self, outlet: Outbox[T], on_close: Callable[[], object], birthplace: Birthplace) -> None:
        self._outlet = outlet
        self.birthplace = birthplace
        self._taken: list[T] = []
        self._lock = threading.Lock()
        self._finalizer = weakref.finalize(self, on_close)
        self._finalizer.atexit = False

    def close(self) -> None:
        """Take no more. From any thread; never blocks."""
        if self.birthplace.left:
            return  # it is the parent's to close, and its locks may be held for ever here
        self._finalizer()
        self._outlet.close()

    def _next_taken(self) -> T | None:
        with self._lock:
            if not self._taken:
                self.birthplace.check()  # before the outlet's lock: the loop's thread may have held it at the fork
                waiting: list[Any] = self._outlet.take()
                self._taken = waiting[::-1]
            return self._taken.pop() if self._taken else None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        while True:
            event = self._next_taken()
            if event is not None:
                return event
            if self._outlet.exhausted:
                raise StopIteration
            ready = threading.Event()
            refuse_on_a_loop("for event in stream", "async for event in stream")
            if self._outlet.wake_when_ready(ready.set):
                ready.wait()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while True:
            if not self._taken:
                ready = asyncio.get_running_loop().create_future()
                if self._outlet.wake_when_ready(partial(_wake, ready, threading.get_ident())):
                    await ready
            event = self._next_taken()
            if event is not None:
                return event
            if self._outlet.exhausted:
                raise StopAsyncIteration


class EventStream(Stream[Event]):
    """The events of one turn, or of a whole session.

    Leaving the block, `close`, and dropping the last reference cancel a turn that has not ended, at once and
    without awaiting anything. The last event is the terminal one (`SessionEnded` for a session's stream).
    """


class TurnStream(EventStream):
    """The events of one turn."""

    def __init__(
        self,
        turn: int,
        done: LoopFuture[Terminal],
        outlet: StreamOutlet,
        cancel: CancelTurn,
        birthplace: Birthplace,
    ) -> None:
        def cancel_if_open() -> None:
            if not done.done() and not birthplace.left:
                cancel(turn, "the stream was closed")

        super().__init__(outlet, cancel_if_open, birthplace)
        self.turn = turn
        """The turn's number in its session, from 1."""
        self.done = done
        """Gets the terminal event."""

    def result(self) -> TurnCompleted:
        """The turn's result, once its events were read to the end.

        Raises:
            TurnFailedError: it failed.
            TurnCancelledError: it was cancelled.
            BlockingCallError: its events were not read to the end, and this thread's loop is running.
        """
        self.birthplace.check()
        return completed(self.done.get())


def refuse_on_a_loop(what: str, instead: str) -> None:
    """Raise if this thread's loop is running: the wait would stop everything else on it.

    Raises:
        BlockingCallError: it is.
    """
    if running_loop() is not None:
        raise BlockingCallError(f"`{what}` would block the event loop of this thread; use `{instead}`")


def _wake(ready: asyncio.Future[None], thread: int) -> None:
    """Wake who awaits `ready` on that thread."""
    if threading.get_ident() != thread:
        with contextlib.suppress(RuntimeError):  # the loop closed: nobody awaits any more
            ready.get_loop().call_soon_threadsafe(_wake, ready, thread)
    elif not ready.done():  # through the self-pipe it would cost two system calls
        ready.set_result(None)
