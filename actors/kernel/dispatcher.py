"""The dispatcher: drains the mailboxes of its actors on one asyncio loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import threading
import time
import types
import uuid
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from threading import get_ident
from typing import Any, TypeVar, cast

import pykka

from actors.config import Intensity
from actors.errors import BlockingCallError, RuntimeClosedError, UsageError
from actors.kernel import lifecycle
from actors.kernel.cell import Cell
from actors.kernel.future import running_loop
from actors.kernel.home import LoopThread
from actors.kernel.lifecycle import turn
from actors.kernel.loop_actor import LoopActor
from actors.kernel.observer import Observer
from actors.kernel.supervision import Restart
from actors.kernel.upstream import ActorStop, Envelope
from actors.kernel.watchdog import Watchdog

A = TypeVar("A", bound=LoopActor)
T = TypeVar("T")
R = TypeVar("R")


def _uuid4_urn() -> str:
    return uuid.uuid4().urn


class Dispatcher:
    """Drains the mailboxes of its actors on one asyncio loop.

    Args:
        loop: where the actors live.
        observer: told what happens to them.
        ids: gives each actor its URN.
        wall_clock: Unix seconds.
        throughput: how many messages an actor handles before another one's turn.
        stall_after: a handler that holds the loop longer than this, in seconds, is reported; None: no watch.
        on_exit: called when `KeyboardInterrupt` or `SystemExit` is raised in an actor; None: all actors stop.
    """

    batch = 1024
    """How many messages are handled before the loop looks at its sockets."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        observer: Observer | None = None,
        ids: Callable[[], str] = _uuid4_urn,
        wall_clock: Callable[[], float] = time.time,
        throughput: int = 64,
        stall_after: float | None = None,
        on_exit: Callable[[BaseException], None] | None = None,
    ) -> None:
        self.loop = loop
        self.observer = observer if observer is not None else Observer()
        self.ids = ids
        self.wall = wall_clock
        self.now = loop.time
        self.throughput = throughput
        self.dead_letters = 0
        """How many messages could not be delivered so far."""
        self.handled = 0
        """How many messages and `on_start`s were begun so far."""
        self.running: Cell | None = None
        """Whose turn it is."""
        self.draining_thread = 0
        """The thread that drains right now, 0 for none: who is on it needs no lock."""
        self.ready: deque[Cell] = deque()
        """Who waits for a turn, longest first. Only the loop's thread touches it; see `schedule`."""
        self._on_exit = on_exit
        self._exiting: BaseException | None = None
        self._draining = False
        self._woken: deque[Cell] = deque()
        self._waking = False
        self._lock = threading.RLock()  # a signal handler may `tell` while its thread holds it
        self._cells: dict[Cell, None] = {}
        self._bound: dict[type[LoopActor], type[LoopActor]] = {}
        self._ending: dict[asyncio.Task[Any], None] = {}
        self._closed = False
        self._orphaned = False
        self._home: LoopThread | None = None
        self._watchdog = None if stall_after is None else Watchdog(self, stall_after)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_forked(weakref.ref(self)))

    @classmethod
    def in_thread(
        cls,
        name: str = "greenroom",
        *,
        loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
        **kwargs: Any,
    ) -> Dispatcher:
        """A dispatcher with a daemon thread and a loop of its own, which `close()` ends.

        `loop_factory` is asyncio's default if None; `kwargs` are as for the class.
        """
        home = LoopThread(name, loop_factory)
        dispatcher = cls(home.loop, **kwargs)
        dispatcher._home = home
        return dispatcher

    # Actors

    def bind(self, cls: type[A]) -> type[A]:
        """A subclass whose `start(...)` is pykka's, with its actors here: the same each time."""
        bound = self._bound.get(cls)
        if bound is None:
            names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "_dispatcher": self}
            bound = types.new_class(cls.__name__, (cls,), exec_body=lambda body: body.update(names))
            self._bound[cls] = bound
        return cast("type[A]", bound)

    def spawn(
        self,
        cls: type[A],
        *args: Any,
        parent: pykka.ActorRef[Any] | None = None,
        restart: Restart = Restart.TEMPORARY,
        intensity: Intensity = Intensity(),  # noqa: B008 - frozen
        **kwargs: Any,
    ) -> pykka.ActorRef[A]:
        """Start an actor that is not in pykka's registry, from any thread.

        The constructor runs in the calling thread, `on_start` on the loop. What the constructor raises is the
        parent's to decide on, as if `on_start` had raised it; without a parent it is raised here.

        Raises:
            RuntimeClosedError: the dispatcher is closed.
            ActorDeadError: the parent is dead.
        """
        above = None if parent is None else self._parent(parent)
        cell = Cell(self, cls, args=args, kwargs=kwargs, parent=above, restart=restart, intensity=intensity)
        try:
            lifecycle.construct(cell)
        except Exception as error:
            if above is None or cell.actor is None:
                raise
            cell.birth_error = error
        self.start(cell)
        return cell.ref

    def _parent(self, ref: pykka.ActorRef[Any]) -> Cell:
        cell = ref.actor_inbox
        if not isinstance(cell, Cell) or cell.dispatcher is not self:
            raise UsageError(f"{ref} can't be a parent here: it is no actor of this dispatcher")
        if cell.closed:
            raise pykka.ActorDeadError(f"{ref} not found")
        return cell

    def start(self, cell: Cell) -> None:
        """Take up a cell whose actor was made: its `on_start` is due."""
        with self._lock:
            if self._closed:
                cell.closed = True
                cell.stopped.set()
                cell.discard()
                raise RuntimeClosedError("the dispatcher is closed")
            self._cells[cell] = None
            if cell.parent is not None:
                # If the parent stops meanwhile, the child sees that at its first turn.
                if cell.parent.children is None:
                    cell.parent.children = {}
                cell.parent.children[cell] = None
        cell.scheduled = False
        if self.draining_thread == get_ident() or self.on_loop():
            self.schedule(cell)
        else:
            self.wake(cell)

    def forget(self, cell: Cell) -> None:
        """An actor stopped for good."""
        self._cells.pop(cell, None)

    def cells(self) -> Iterator[Cell]:
        """The live actors, oldest first: a snapshot."""
        return iter(list(self._cells))

    @property
    def actors(self) -> int:
        """How many actors are alive."""
        return len(self._cells)

    # Turns

    def on_loop(self) -> bool:
        """Whether this thread runs the dispatcher's loop, now."""
        return running_loop() is self.loop

    def handling(self) -> Cell | None:
        """Whose handler this thread is in."""
        return self.running if self.draining_thread == get_ident() else None

    def schedule(self, cell: Cell) -> None:
        """Give the cell a turn; on the loop's thread, and not if it waits for one already."""
        cell.scheduled = True
        self.ready.append(cell)
        if not self._draining:
            self._draining = True
            self.loop.call_soon(self._drain)

    def wake(self, cell: Cell) -> None:
        """Give the cell a turn, from another thread: one wake-up of the loop a burst."""
        with self._lock:
            if not self._closed:
                self._woken.append(cell)
                if self._waking and not self.loop.is_closed():
                    return
                self._waking = True
                with contextlib.suppress(RuntimeError):  # the loop is closed
                    self.loop.call_soon_threadsafe(self._take_woken)
                    return
        self.abandon()

    def _take_woken(self) -> None:
        with self._lock:
            woken, self._woken = self._woken, deque()
            self._waking = False
        for cell in woken:
            if not cell.scheduled:
                self.schedule(cell)

    def at_once(self, function: Callable[[T], R], value: T) -> R:
        """Call a function on the loop's thread, and handle what it sends now: not in the loop's next iteration.

        For callbacks of the loop's own. Within a handler, or when a drain is due anyway, that is left to it.
        """
        if self._draining:
            return function(value)
        self._draining = True
        self.draining_thread = get_ident()
        try:
            return function(value)
        finally:
            self._drain()

    def next_ready(self) -> Cell:
        """Whose turn is next: the one that has waited longest. A simulator may choose any other."""
        return self.ready.popleft()

    def _drain(self) -> None:
        self.draining_thread = get_ident()
        ready, budget = self.ready, self.batch
        try:
            while ready and budget > 0:
                cell = self.running = self.next_ready()
                if not cell.closed:
                    budget -= 1 + turn(cell, self.throughput)
        finally:
            self.running = None
            self.draining_thread = 0
            self._draining = bool(ready)
            if self._draining:
                self.loop.call_soon(self._drain)

    # What goes wrong

    def dead_letter(self, ref: pykka.ActorRef[Any], message: Any, why: str) -> None:
        """Count a message that can't be delivered, from any thread; not the kernel's own messages."""
        if message.__class__ in lifecycle.OWN_MESSAGES:
            return
        with self._lock:
            self.dead_letters += 1
        self.notify(self.observer.on_dead_letter, ref, message, why)

    def notify(self, hook: Callable[..., None], *args: Any) -> None:
        """Call an observer's hook; its exceptions are no actor's."""
        try:
            hook(*args)
        except Exception as error:  # noqa: BLE001 - reported where a loop's host looks for it
            self.loop.call_exception_handler(
                {"message": f"the observer's {hook.__name__} raised", "exception": error}
            )

    def exit(self, error: BaseException) -> None:
        """`KeyboardInterrupt` or `SystemExit` was raised in an actor; once, however far it climbs."""
        if error is self._exiting:
            return
        self._exiting = error
        if self._on_exit is None:
            self.stop_roots()
        else:
            self.notify(self._on_exit, error)

    def stop_roots(self) -> None:
        """Ask all actors without a parent to stop, newest first; the others stop with theirs."""
        for cell in reversed(list(self._cells)):
            if cell.parent is None:
                cell.put(Envelope(ActorStop()))

    # The end

    def cancel(self, task: asyncio.Task[Any]) -> None:
        """Cancel an actor's task; `aclose` awaits it."""
        if not task.done():
            self._ending[task] = None
            task.add_done_callback(self._ended)
            task.cancel()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._ending.pop(task, None)

    async def aclose(self) -> None:
        """Stop all actors, children before parents and newest first, and await their cancelled tasks.

        From then on every put is a dead letter at once. From another loop it waits without blocking that one.
        """
        if not self.on_loop():
            await asyncio.to_thread(self.close)
            return
        self._stop_all()
        try:
            while tasks := [task for task in self._ending if task is not asyncio.current_task()]:
                await asyncio.wait(tasks)
        finally:
            self._stop_watching()
            if self._home is not None:
                self._home.finish()

    def close(self) -> None:
        """As `aclose`, from a thread without the loop; ends the dispatcher's own thread, if it has one.

        Raises:
            BlockingCallError: it would wait for the loop that runs on this thread: use `await aclose()`.
        """
        if self.on_loop():
            raise BlockingCallError("close() would wait for the loop of this thread: use `await aclose()`")
        if self._orphaned:
            return
        if self.loop.is_closed():
            self.abandon()
        elif not self.loop.is_running():  # so nobody is in a handler
            self._stop_all()
            self._stop_watching()
        elif self._home is None or not self._closed:
            self._close_running()
        if self._home is not None:
            self._home.join()

    def _close_running(self) -> None:
        closing = asyncio.run_coroutine_threadsafe(self.aclose(), self.loop)
        while not closing.done() and self.loop.is_running():
            concurrent.futures.wait((closing,), timeout=0.1)
        if not closing.done() or closing.cancelled():  # the host has ended its loop in the meantime
            self.abandon()
        else:
            closing.result()

    def _stop_all(self) -> None:
        with self._lock:
            self._closed = True
        for cell in reversed(list(self._cells)):
            if cell.parent is None:
                lifecycle.terminate(cell)
        for cell in reversed(list(self._cells)):  # a child that was started while its parent stopped
            lifecycle.terminate(cell)

    def _stop_watching(self) -> None:
        if self._watchdog is not None:
            self._watchdog.stop()

    def abandon(self) -> None:
        """The loop is gone without `aclose`: no hook can run any more, but nobody shall wait for a reply."""
        self._closed = True
        self._stop_watching()
        for cell in list(self._cells):
            cell.closed = True
            cell.stopped.set()
            cell.discard()
        self._cells.clear()


def _forked(dispatcher: weakref.ref[Dispatcher]) -> Callable[[], None]:
    def forget_the_loop() -> None:
        # The child has the actors but not the thread that runs them, which may have held the lock.
        mine = dispatcher()
        if mine is not None:
            mine._lock = threading.RLock()  # noqa: SLF001 - part of the class
            mine._closed = mine._orphaned = True  # noqa: SLF001 - the same
            mine.draining_thread = 0
            for cell in mine.cells():
                cell.closed = True

    return forget_the_loop
