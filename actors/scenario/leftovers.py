"""What is left on a real loop when everything was closed. A simulator says so itself."""

from __future__ import annotations

import asyncio
import gc
import re
import threading
from collections.abc import Collection, Iterable, Iterator

from actors.core.leftovers import Leftovers
from actors.provider.playhouse import Playhouse
from actors.runtime import Runtime

GRACE_S = 1.0
"""How long what was closed may take to be gone: transports and sockets say goodbye in a later round of their loop."""

_FIRST_PAUSE_S = 0.01
_PLACE = re.compile(r" (at|object at|when=|result=) ?\S*")


async def left_on_the_loop(
    runtimes: Collection[Runtime], provider: Playhouse | None, threads: frozenset[threading.Thread]
) -> Leftovers:
    """What is still there on the running loop and beside it, when its runtimes are closed; it has a moment to go.

    Args:
        runtimes: whose actors are counted.
        provider: which knows its open connections; None: nobody does.
        threads: those that were alive before.
    """
    # The loop's own threads, for what blocks, end with it: a script may have used `asyncio.to_thread`.
    await asyncio.get_running_loop().shutdown_default_executor()
    pause = _FIRST_PAUSE_S  # doubled each time: a look goes through all objects, and there may be millions
    while (left := _left(runtimes, provider, threads)) and pause < GRACE_S:
        await asyncio.sleep(pause)
        pause *= 2
    return left


def _left(
    runtimes: Collection[Runtime], provider: Playhouse | None, threads: frozenset[threading.Thread]
) -> Leftovers:
    own = asyncio.current_task()
    return Leftovers(
        actors=tuple(sorted(_actors(runtimes))),
        tasks=tuple(sorted(_named(task) for task in asyncio.all_tasks() if task is not own)),
        timers=tuple(sorted(_timers(asyncio.get_running_loop()))),
        connections=("to the provider",) * (0 if provider is None else provider.open_connections),
        threads=tuple(sorted(one.name for one in threading.enumerate() if one not in threads)),
    )


def _actors(runtimes: Iterable[Runtime]) -> Iterator[str]:
    for runtime in runtimes:
        dispatcher = runtime._dispatcher  # noqa: SLF001 - a host has no need of it
        if dispatcher is not None:
            yield from (cell.actor_class for cell in dispatcher.cells())


def _timers(loop: asyncio.AbstractEventLoop) -> Iterator[str]:
    """Those that are still to fire. uvloop does not list its own, so they are looked for among all objects."""
    for thing in gc.get_objects():
        if type(thing).__name__ != "TimerHandle" or thing.cancelled() or thing.when() <= loop.time():
            continue
        if getattr(thing, "_loop", loop) is loop:
            yield _PLACE.sub("", repr(thing)).strip("<>").removeprefix("TimerHandle ")


def _named(task: asyncio.Task[object]) -> str:
    return getattr(task.get_coro(), "__qualname__", task.get_name())
