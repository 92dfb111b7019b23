"""What everybody waits for: said when a simulation can't go on, and when something is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any

from actors.errors import SimulationError
from actors.kernel.dispatcher import Dispatcher

_SHOWN = 10
"""So many tasks, and actors, are told of by name."""


def innermost(task: asyncio.Task[Any]) -> asyncio.Future[Any] | None:
    """The future that a task waits for, through the tasks that it waits for."""
    waits: Any = task
    while isinstance(waits, asyncio.Task):
        waits = waits._fut_waiter  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio has no public way
    return waits if isinstance(waits, asyncio.Future) else None


def describe(task: asyncio.Task[Any]) -> str:
    """A task by its name, and where it waits."""
    coroutine = task.get_coro()
    name = getattr(coroutine, "__qualname__", "?")
    frames = [frame for frame in _frames(coroutine) if "/asyncio/" not in frame.f_code.co_filename]
    if not frames:
        return f"{task.get_name()} ({name})"
    code = frames[-1].f_code
    return f"{task.get_name()} ({name}) at {code.co_filename}:{frames[-1].f_lineno}, in {code.co_qualname}"


def _frames(awaitable: Any) -> Iterator[FrameType]:
    while awaitable is not None:
        frame = getattr(awaitable, "cr_frame", None) or getattr(awaitable, "gi_frame", None)
        if frame is not None:
            yield frame
        awaitable = getattr(awaitable, "cr_await", None) or getattr(awaitable, "gi_yieldfrom", None)


def deadlock(
    now: float, tasks: Iterable[asyncio.Task[Any]], dispatchers: Iterable[Dispatcher]
) -> SimulationError:
    """Nothing is ready and no timer is set: who waits for what."""
    actors = [
        f"{cell.actor_class} ({cell.state}, {cell.inbox_size} waiting)"
        for dispatcher in dispatchers
        for cell in dispatcher.cells()
    ]
    waiting = [*_listed("task", list(map(describe, tasks))), *_listed("actor", actors)]
    return SimulationError(
        f"deadlock at {now:.3f} s: the run has not ended, nothing is ready, and no timer is set; somebody must send "
        "a message, open a gate or set a timer. There wait:\n" + "\n".join(waiting)
    )


def _listed(kind: str, names: list[str]) -> list[str]:
    shown = [f"  {kind} {name}" for name in names[:_SHOWN]]
    return [*shown, f"  and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else shown
