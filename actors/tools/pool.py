"""Threads for the tools that are plain functions.

Made by hand, because a tool can hang for good, and a thread can't be stopped:

- `concurrent.futures` joins its threads when the interpreter exits, so that it never would;
- anyio's `to_thread.run_sync(abandon_on_cancel=True)` gives the limiter's token back while the abandoned thread runs
  on (anyio 4, `_backends/_asyncio.py`): tools that hang would take ever more threads, whatever the limit;
- here threads are daemons, and one that was abandoned stays taken until its function ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from actors.birthplace import Birthplace
from actors.errors import RuntimeClosedError


class Pool(Protocol):
    """Where plain functions run, so that the loop goes on."""

    def run(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """Run `function`, in a copy of the caller's context; its result or exception is the future's.

        Cancel the future to give it up: a run that has not begun never does, and one that has goes on unheard.
        Called on the loop's thread.

        Raises:
            RuntimeClosedError: the pool is closed, or belongs to the process that this one was forked from.
        """

    @property
    def taken(self) -> int:
        """How many runs go on, those included that nobody waits for."""

    @property
    def abandoned(self) -> int:
        """How many runs go on that nobody waits for any more."""

    def close(self) -> None:
        """Take no more, cancel what waits, and let what runs end by itself. Never blocks; on the loop's thread."""


class Run:
    """One function on its way through a pool."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._call = function, args
        self._context = contextvars.copy_context()
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self._loop.create_future()
        self.going = False
        self.abandoned = False

    def __call__(self) -> Callable[[], None]:
        """Run it; gives what settles the future, which is to be called on the loop."""
        function, args = self._call
        try:
            value = self._context.run(function, *args)
        except BaseException as error:  # noqa: BLE001 - nothing that a tool raises ends a thread, or the loop
            caught = _tamed(error)
            return lambda: None if self.future.done() else self.future.set_exception(caught)
        return lambda: None if self.future.done() else self.future.set_result(value)

    def tell(self, settle: Callable[[], None]) -> None:
        """Have `settle` called on the loop; from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(settle)


def _tamed(error: BaseException) -> Exception:
    """`error` as a future can hold it: `SystemExit` in one would end the loop, and `StopIteration` is refused."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    tamed = RuntimeError(f"the function raised {type(error).__name__}: {error}")
    tamed.__cause__ = error
    return tamed


class Threads:
    """A `Pool` of at most `threads` daemon threads, each started when there is need of it."""

    def __init__(self, threads: int) -> None:
        self._most = threads
        self._changed = threading.Condition()
        self._waiting: deque[Run] = deque()
        self._threads = 0
        self._taken = 0
        self._abandoned = 0
        self._closed = False
        self._birthplace = Birthplace()

    @property
    def taken(self) -> int:
        """See `Pool.taken`."""
        return self._taken

    @property
    def abandoned(self) -> int:
        """See `Pool.abandoned`."""
        return self._abandoned

    def run(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """See `Pool.run`."""
        self._birthplace.check()
        run = Run(function, args)
        with self._changed:
            if self._closed:
                raise RuntimeClosedError("the pool of threads is closed")
            free = self._threads - self._taken
            if free <= len(self._waiting) and self._threads < self._most:
                self._start()
            self._waiting.append(run)
            self._changed.notify()
        run.future.add_done_callback(lambda _: self._given_up(run))
        return run.future

    def close(self) -> None:
        """See `Pool.close`."""
        if self._birthplace.left:
            return  # the threads are the parent's, and one of them may have held the lock
        with self._changed:
            self._closed = True
            waiting = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        for run in waiting:
            run.future.cancel()

    def _start(self) -> None:
        threading.Thread(target=self._work, name="greenroom-tool", daemon=True).start()
        self._threads += 1

    def _work(self) -> None:
        while (run := self._next()) is not None:
            settle = run()
            self._ended(run)
            run.tell(settle)
            del run, settle  # an idle thread keeps no result

    def _next(self) -> Run | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._wanted())
            if not self._wanted():
                self._threads -= 1
                return None
            run = self._waiting.popleft()
            run.going = True
            self._taken += 1
            return run

    def _wanted(self) -> bool:
        """Whether a run waits; those that were cancelled a moment ago leave, before the loop has told of it."""
        while self._waiting and self._waiting[0].future.cancelled():
            self._waiting.popleft()
        return bool(self._waiting)

    def _ended(self, run: Run) -> None:
        with self._changed:
            run.going = False
            self._taken -= 1
            self._abandoned -= run.abandoned

    def _given_up(self, run: Run) -> None:
        if not run.future.cancelled():
            return
        with self._changed, contextlib.suppress(ValueError):
            if run.going:
                run.abandoned = True
                self._abandoned += 1
            else:
                self._waiting.remove(run)
