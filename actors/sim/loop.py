"""An event loop in virtual time: while anything can be done, time stands still; then it jumps to the next timer."""

# ruff: noqa: SLF001 - a loop that is none of asyncio's own reaches into its handles; a test fails where they change

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Iterator
from threading import get_ident
from typing import Any

from actors.errors import SimulationError

_COMPACT = 1000
"""So many cancelled timers are kept until they are most of all; then they are thrown out."""
_TICK = 256
"""So many rounds lie between two ticks."""


def _refused(what: str, instead: str) -> Any:
    def refuse(*_: Any, **__: Any) -> Any:
        raise SimulationError(f"{what} in a simulation: {instead}")

    return refuse


_THREADS = _refused(
    "there are no threads", "call the function itself, or await something that is asynchronous"
)
_SOCKETS = _refused("there are no sockets", "talk to sim.provider, by its endpoint()")
_PROCESSES = _refused("there are no subprocesses", "run this scenario in wire mode")
_SIGNALS = _refused("signals belong to the host", "send a message, or set a timer")


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks in the order in which they were scheduled, and timers by their time and then by that order.

    Args:
        is_idle: whether a timer does nothing but keep house: time does not go on for those alone.
        on_deadlock: called when nothing is ready and nothing will be; makes something ready, or raises.
        on_tick: called every few hundred rounds.
    """

    run_in_executor = _THREADS
    set_default_executor = _THREADS
    add_reader = add_writer = remove_reader = remove_writer = _SOCKETS
    create_connection = create_server = create_datagram_endpoint = _SOCKETS
    create_unix_connection = create_unix_server = connect_accepted_socket = start_tls = _SOCKETS
    sock_recv = sock_recv_into = sock_recvfrom = sock_sendall = sock_sendto = _SOCKETS
    sock_connect = sock_accept = sock_sendfile = sendfile = getaddrinfo = getnameinfo = _SOCKETS
    subprocess_exec = subprocess_shell = connect_read_pipe = connect_write_pipe = _PROCESSES
    add_signal_handler = remove_signal_handler = _SIGNALS

    _ready: Any
    _stopping: bool
    _thread_id: int | None

    def __init__(
        self,
        *,
        is_idle: Callable[[asyncio.TimerHandle], bool],
        on_deadlock: Callable[[], None],
        on_tick: Callable[[], None],
    ) -> None:
        self._now = 0.0
        super().__init__()
        self._is_idle = is_idle
        self._on_deadlock = on_deadlock
        self._on_tick = on_tick
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._cancelled = 0
        self._order = itertools.count()
        self._numbers = itertools.count(1)
        self._tasks: dict[asyncio.Task[Any], None] = {}

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now

    @property
    def tasks(self) -> tuple[asyncio.Task[Any], ...]:
        """Those that have not ended, oldest first."""
        return tuple(self._tasks)

    @property
    def timers(self) -> Iterator[asyncio.TimerHandle]:
        """Those that are set, in no order."""
        return (handle for _, _, handle in self._timers if not handle.cancelled())

    def create_task(  # type: ignore[override]  # what a coroutine is, asyncio checks
        self, coro: Any, *, name: str | None = None, **settings: Any
    ) -> asyncio.Task[Any]:
        """As asyncio's, but names count from 1 in each simulation, and a task lives until it has ended."""
        number = next(self._numbers)
        task: asyncio.Task[Any] = super().create_task(
            coro, name=f"task-{number}" if name is None else name, **settings
        )
        self._tasks[task] = None
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        del self._tasks[task]

    def call_soon_threadsafe(  # type: ignore[override]  # `Any` for its type variables, as in the next
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """As `call_soon`: there is but one thread.

        Raises:
            SimulationError: it is called on another.
        """
        if self._thread_id not in {None, get_ident()}:
            raise SimulationError(
                "another thread reached into a simulation: it has one thread, and no way in"
            )
        return self.call_soon(callback, *args, context=context)

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """As asyncio's."""
        self._check_closed()  # type: ignore[attr-defined]
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """As asyncio's."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """As asyncio's; timers that are due at the same moment fire in the order in which they were set."""
        self._check_closed()  # type: ignore[attr-defined]
        handle: Any = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._order), handle))
        handle._scheduled = True
        return handle  # type: ignore[no-any-return]

    # What asyncio's own loops fill in, or do with a heap that compares timers in Python

    def _timer_handle_cancelled(self, handle: Any) -> None:
        if not handle._scheduled:
            return
        self._cancelled += 1
        if self._cancelled > _COMPACT and self._cancelled > len(self._timers) // 2:
            self._timers = [entry for entry in self._timers if not entry[2].cancelled()]
            heapq.heapify(self._timers)
            self._cancelled = 0

    def _run_once(self) -> None:
        ready = self._ready
        for _ in range(
            _TICK
        ):  # rounds, of which most have one callback: to be called for each would cost as much
            if not ready and not self._stopping:
                self._advance()
            if self._timers and self._timers[0][0] <= self._now:
                self._take_due()
            for _ in range(len(ready)):
                handle = ready.popleft()
                if not handle._cancelled:
                    handle._run()
            if self._stopping:
                return
        self._on_tick()

    def _advance(self) -> None:
        timers = self._timers
        while timers and timers[0][2].cancelled():
            heapq.heappop(timers)[2]._scheduled = False  # type: ignore[attr-defined]
            self._cancelled -= 1
        if not timers or (self._is_idle(timers[0][2]) and all(map(self._is_idle, self.timers))):
            self._on_deadlock()
        else:
            self._now = max(self._now, timers[0][0])

    def _take_due(self) -> None:
        timers, now = self._timers, self._now
        while timers and timers[0][0] <= now:
            handle: Any = heapq.heappop(timers)[2]
            handle._scheduled = False
            if handle._cancelled:
                self._cancelled -= 1
            else:
                self._ready.append(handle)

    def _write_to_self(self) -> None:
        """Nobody sleeps."""

    def close(self) -> None:
        """As asyncio's."""
        super().close()
        self._timers.clear()

    def __del__(self) -> None:
        """One that was never run holds nothing that would have to be closed."""
