"""A pykka future that can be awaited on any loop without blocking it, and asks that time out.

pykka's own `await` blocks the loop; here it waits for a callback. A derived future (`map`, `filter`, `join`,
`reduce`, the one of `ref.stop(block=False)`) knows its sources, waits for them, and only then runs its
function where its value is asked for, as pykka does.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import queue
import sys
import threading
import types
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, TypeVar, cast

import pykka

from actors.birthplace import Birthplace
from actors.errors import BlockingCallError, RuntimeClosedError
from actors.kernel.cell import Cell
from actors.kernel.upstream import ActorStop, Envelope, OptExcInfo

T = TypeVar("T")
J = TypeVar("J")
M = TypeVar("M")
R = TypeVar("R")

Outcome = tuple[Any, BaseException | None]
FUTURES = (pykka.Future, asyncio.Future, concurrent.futures.Future)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that runs on this thread."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def refuse_to_block(what: str) -> None:
    """Raise `BlockingCallError` on a thread whose loop is running."""
    if running_loop() is not None:
        raise BlockingCallError(
            f"{what} would block the event loop of this thread; await a future, or self.pipe() it in an actor"
        )


class LoopFuture(pykka.Future[T]):
    """A future to `get()` on a thread without a loop, and to `await` anywhere else."""

    def __init__(self) -> None:
        super().__init__()
        self._birthplace = Birthplace()
        self._lock = threading.RLock()
        self._result: tuple[Any, OptExcInfo | None] | None = None
        self._hook: Callable[[float | None], Any] | None = None
        self._sources: tuple[pykka.Future[Any], ...] = ()
        self._callbacks: list[Callable[[LoopFuture[T]], object]] | None = None
        self._expired = False

    def done(self) -> bool:
        """Whether `get()` would not wait."""
        if self._result is not None:
            return True
        return bool(self._sources) and all(_is_done(source) for source in self._sources)

    def get(self, *, timeout: float | None = None) -> T:
        """Get the value, or raise the exception, waiting for it at most `timeout` seconds.

        Raises:
            Timeout: it did not come in time.
            BlockingCallError: it would have to wait on a thread whose event loop is running.
            ForkedError: it would have to wait, in a fork of the process where it was made: nobody resolves it there.
        """
        if self._result is None:
            if self._hook is None or self._sources:
                self._wait(timeout)
            if self._hook is not None:
                self._run_hook(self._hook, timeout)
        value, exc_info = cast("tuple[Any, OptExcInfo | None]", self._result)
        if exc_info is None:
            return cast("T", value)
        kind, error, traceback = exc_info
        if error is None:
            error = cast("type[BaseException]", kind)()
        raise error.with_traceback(traceback)

    def _wait(self, timeout: float | None) -> None:
        if self.done():
            return
        if timeout is not None and timeout <= 0:
            raise pykka.Timeout(f"{timeout} seconds")
        self._refuse_in_a_fork()
        refuse_to_block("get()")
        resolved = threading.Event()

        def wake(_: LoopFuture[T]) -> None:
            resolved.set()

        self.add_done_callback(wake)
        if not resolved.wait(timeout):
            self._forget(wake)
            raise pykka.Timeout(f"{timeout} seconds")

    def _refuse_in_a_fork(self) -> None:
        self._birthplace.check()
        for source in self._sources:
            if isinstance(source, LoopFuture):
                source._refuse_in_a_fork()  # noqa: SLF001 - one of its own kind

    def _run_hook(self, hook: Callable[[float | None], Any], timeout: float | None) -> None:
        with self._lock:
            if self._result is not None:
                return
            try:
                self._result = (hook(timeout), None)
            except pykka.Timeout:
                raise
            except Exception:  # noqa: BLE001 - it is what the future holds, and is raised by get()
                self._result = (None, sys.exc_info())

    def outcome(self) -> Outcome:
        """The value and the exception of a future that is done."""
        try:
            return self.get(timeout=0), None
        except BaseException as error:  # noqa: BLE001 - handed on, not handled
            return None, error

    def set(self, value: T | None = None) -> None:
        """Resolve it; `queue.Full` if it is, as pykka. Nothing happens if it expired: nobody waits."""
        self._resolve((value, None))

    def set_exception(self, exc_info: OptExcInfo | None = None) -> None:
        """Resolve it with an exception, by default the one being handled; `queue.Full` as for `set`."""
        self._resolve((None, sys.exc_info() if exc_info is None else exc_info))

    def expire(self, error: BaseException) -> None:
        """Give up waiting: resolve it with `error` if it is pending; what is set later is ignored."""
        with self._lock:
            if self._result is not None or self._hook is not None:
                return
            self._expired = True
            self._result = (None, (type(error), error, None))
        self._call_back()

    def _resolve(self, result: tuple[Any, OptExcInfo | None]) -> None:
        with self._lock:
            if self._expired:
                return
            if self._result is not None or self._hook is not None:
                raise queue.Full
            self._result = result
        if self._callbacks is not None:
            self._call_back()

    def _call_back(self) -> None:
        callbacks, self._callbacks = self._callbacks, None
        for callback in callbacks or ():
            _call(callback, self)

    def set_get_hook(self, func: Callable[[float | None], T]) -> None:
        """Have `get()` call `func(timeout)` for the value, once."""
        with self._lock:
            if self._result is not None:
                raise queue.Full
            self._hook = func

    def add_done_callback(self, fn: Callable[[LoopFuture[T]], object]) -> None:
        """Call `fn(self)` when it is done, now if it is; on the thread that resolves it, so be quick."""
        if self._hook is not None and self._result is None:
            if self._sources:
                _after(iter(self._sources), lambda: _call(fn, self))
            else:
                _in_thread(self, lambda: _call(fn, self))
            return
        with self._lock:
            if self._result is None:
                self._callbacks = [fn] if self._callbacks is None else [*self._callbacks, fn]
                return
        _call(fn, self)

    def _forget(self, fn: Callable[[LoopFuture[T]], object]) -> None:
        with self._lock:
            if self._callbacks is not None:
                self._callbacks = [callback for callback in self._callbacks if callback is not fn]

    def _linked(self, derived: pykka.Future[Any], *sources: pykka.Future[Any]) -> LoopFuture[Any]:
        future = cast("LoopFuture[Any]", derived)
        future._sources = sources  # noqa: SLF001 - one of its own kind
        return future

    def map(self, func: Callable[[T], M]) -> LoopFuture[M]:
        """As pykka's."""
        return self._linked(super().map(func), self)

    def filter(self: LoopFuture[Iterable[J]], func: Callable[[J], bool]) -> LoopFuture[Iterable[J]]:
        """As pykka's."""
        return self._linked(pykka.Future.filter(self, func), self)

    def reduce(self: LoopFuture[Iterable[J]], func: Callable[[R, J], R], *args: R) -> LoopFuture[R]:
        """As pykka's."""
        return self._linked(pykka.Future.reduce(self, func, *args), self)

    def join(self, *futures: pykka.Future[Any]) -> LoopFuture[Iterable[Any]]:
        """As pykka's; also with futures of other kinds."""
        return self._linked(super().join(*futures), self, *futures)

    def __await__(self) -> Generator[Any, None, T]:
        if not self.done():
            self._refuse_in_a_fork()
            loop = asyncio.get_running_loop()
            waiter = loop.create_future()

            def wake(_: LoopFuture[T]) -> None:
                if running_loop() is loop:
                    release()
                else:
                    call_threadsafe(loop, release)

            def release() -> None:
                if not waiter.done():
                    waiter.set_result(None)

            self.add_done_callback(wake)
            try:
                yield from waiter
            finally:
                self._forget(wake)
        return self.get(timeout=0)

    __iter__ = __await__


def call_threadsafe(loop: asyncio.AbstractEventLoop, fn: Callable[[], object]) -> bool:
    """Call `fn` on a loop's thread; False if the loop is closed."""
    try:
        loop.call_soon_threadsafe(fn)
    except RuntimeError:
        return False
    return True


def _call(fn: Callable[[T], object], future: T) -> None:
    # A callback that raises must not fail the actor that replied.
    try:
        fn(future)
    except Exception:  # noqa: BLE001 - reported, the way the interpreter does where nobody can handle it
        kind, error, traceback = sys.exc_info()
        sys.unraisablehook(
            cast(
                "sys.UnraisableHookArgs",
                types.SimpleNamespace(
                    exc_type=kind, exc_value=error, exc_traceback=traceback, err_msg=None, object=fn
                ),
            )
        )


def _is_done(future: pykka.Future[Any]) -> bool:
    if isinstance(future, LoopFuture):
        return future.done()
    try:
        future.get(timeout=0)
    except pykka.Timeout:
        return False
    except Exception:  # noqa: BLE001 - only whether there is something is asked here
        return True
    return True


def _in_thread(future: pykka.Future[Any], then: Callable[[], object]) -> None:
    # pykka's futures have no callbacks: only a thread can wait for one of another kind.
    def wait() -> None:
        with contextlib.suppress(Exception):  # whoever is told asks for it again
            future.get()
        then()

    threading.Thread(target=wait, name="greenroom-future", daemon=True).start()


def _after(sources: Iterator[pykka.Future[Any]], then: Callable[[], object]) -> None:
    for source in sources:
        if not _is_done(source):
            if isinstance(source, LoopFuture):
                source.add_done_callback(lambda _: _after(sources, then))
            else:
                _in_thread(source, lambda: _after(sources, then))
            return
    then()


def when_done(future: Any, then: Callable[[Any, BaseException | None], object]) -> None:
    """Call `then(value, error)` when a future is done, on the thread that resolves it.

    The future is one of pykka's kinds, of asyncio's or of `concurrent.futures`'.
    """
    if isinstance(future, LoopFuture):
        future.add_done_callback(lambda done: then(*done.outcome()))
    elif isinstance(future, pykka.Future):
        relay: LoopFuture[Any] = LoopFuture()
        relay._linked(relay, future)  # noqa: SLF001 - one of this module's
        relay.set_get_hook(lambda timeout: future.get(timeout=timeout))
        relay.add_done_callback(lambda done: then(*done.outcome()))
    else:
        future.add_done_callback(lambda done: then(*_settled(done)))


def _settled(future: asyncio.Future[Any] | concurrent.futures.Future[Any]) -> Outcome:
    if future.cancelled():
        return None, asyncio.CancelledError()
    error = future.exception()
    return (future.result(), None) if error is None else (None, error)


def ask(
    ref: pykka.ActorRef[Any],
    message: Any,
    *,
    timeout: float | None = None,
    loop: asyncio.AbstractEventLoop,
) -> LoopFuture[Any]:
    """Ask an actor of any type for a reply, from any thread.

    Args:
        ref: whom to ask.
        message: what to ask.
        timeout: seconds on the clock of `loop`, after which the future raises `pykka.Timeout`; a later reply
            is ignored. None waits for as long as the actor lives.
        loop: whose timer is used.

    Returns:
        A future that raises `pykka.ActorDeadError` when the actor is dead, or dies before it handles this.

    Raises:
        RuntimeClosedError: there is a timeout and the loop is closed.
    """
    future: LoopFuture[Any] = LoopFuture()
    if timeout is not None:
        _expire_after(future, timeout, loop)
    inbox = ref.actor_inbox
    if isinstance(inbox, Cell):
        inbox.put(Envelope(message, reply_to=future))
        return future
    if ref.is_alive():
        inbox.put(Envelope(message, reply_to=future))
    if not ref.is_alive():
        # Also after the put: pykka empties the inbox of an actor that stops, and may have been done with it.
        future.expire(pykka.ActorDeadError(f"{ref} not found"))
    return future


def stop(
    ref: pykka.ActorRef[Any], *, timeout: float | None = None, loop: asyncio.AbstractEventLoop
) -> LoopFuture[bool]:
    """Stop an actor of any type; the future's value is False if it was dead already. Otherwise as `ask`."""
    return stopped(ask(ref, ActorStop(), timeout=timeout, loop=loop))


def stopped(asked: LoopFuture[Any]) -> LoopFuture[bool]:
    """What `ActorRef.stop` makes of the reply to a stop request."""

    def convert(timeout: float | None) -> bool:
        try:
            asked.get(timeout=timeout)
        except pykka.ActorDeadError:
            return False
        return True

    return derived(asked, convert)


def derived(source: LoopFuture[Any], hook: Callable[[float | None], R]) -> LoopFuture[R]:
    """A future that is done when `source` is; its value is `hook(timeout)`, called once, where it is asked for."""
    future: LoopFuture[R] = LoopFuture()
    future.set_get_hook(hook)
    return future._linked(future, source)  # noqa: SLF001 - one of this module's


def _expire_after(future: LoopFuture[Any], timeout: float, loop: asyncio.AbstractEventLoop) -> None:
    def arm() -> None:
        if future.done():
            return
        handle = loop.call_later(timeout, future.expire, pykka.Timeout(f"{timeout} seconds"))
        future.add_done_callback(
            lambda _: handle.cancel() if running_loop() is loop else call_threadsafe(loop, handle.cancel)
        )

    if running_loop() is loop:
        arm()
    elif not call_threadsafe(loop, arm):
        raise RuntimeClosedError("the loop that would keep the timeout is closed")
