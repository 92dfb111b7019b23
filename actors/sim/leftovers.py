"""What is still there when a simulation's main function has returned."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable

from actors.core.leftovers import Leftovers
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.signals import Timer
from actors.sim.loop import VirtualLoop
from actors.sim.waiting import describe


def leftovers(
    loop: VirtualLoop,
    dispatchers: Iterable[Dispatcher],
    connections: int,
    threads: Iterable[threading.Thread],
) -> Leftovers:
    """Look around, from a task of the loop, which does not count.

    Args:
        loop: of the simulation.
        dispatchers: all that were made in it.
        connections: how many are open.
        threads: those that were there before.
    """
    before = frozenset(threads)
    return Leftovers(
        actors=tuple(str(cell) for dispatcher in dispatchers for cell in dispatcher.cells()),
        tasks=tuple(describe(task) for task in loop.tasks if task is not asyncio.current_task()),
        timers=tuple(sorted(map(_name, loop.timers))),
        connections=tuple(f"connection {number}" for number in range(1, connections + 1)),
        threads=tuple(thread.name for thread in threading.enumerate() if thread not in before),
    )


def _name(handle: asyncio.TimerHandle) -> str:
    callback = handle._callback  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way
    timer = getattr(callback, "__self__", None)
    if isinstance(timer, Timer):
        return f"{type(timer.message).__name__} at {handle.when():.3f} s"
    return f"{getattr(callback, '__qualname__', repr(type(callback)))} at {handle.when():.3f} s"
