"""Gathers what the laws are judged by besides events: what the runtime accepted, and what is left at the end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable

from actors.config import RetryPolicy
from actors.events import Event, SessionEnded, TurnStarted
from actors.ledger import Ledger
from actors.runtime import Runtime
from actors.scenario.laws import Leftovers, SessionFacts
from actors.watching import Watch


class Register:
    """What the runtime itself knows of its sessions, those to come included."""

    def __init__(self) -> None:
        self._lives: dict[str, list[_Life]] = {}

    def open(self, runtime: Runtime) -> None:
        """Begin with a runtime that was just entered."""
        runtime._watch(Watch(self._begin, None))  # noqa: SLF001 - a host has no need to see what was accepted

    def facts(self) -> dict[str, tuple[SessionFacts, ...]]:
        """By session, its lives in order."""
        return {name: tuple(life.facts() for life in lives) for name, lives in self._lives.items()}

    def _begin(self, ledger: Ledger) -> _Life:
        life = _Life(ledger)
        self._lives.setdefault(ledger.session, []).append(life)
        return life


class _Life:
    """One life of a session, as an outlet of its ledger."""

    full = False

    def __init__(self, ledger: Ledger) -> None:
        self._ledger: Ledger | None = ledger
        self._intensity = ledger.config.intensity
        self._retry: dict[int, RetryPolicy | None] = {}
        self._accepted = 0

    def push(self, event: Event) -> None:
        """Look into the ledger while it says this."""
        ledger = self._ledger
        if ledger is None:
            return
        if isinstance(event, TurnStarted) and ledger.current is not None:
            self._retry[event.turn] = ledger.current.config.retry
        elif isinstance(event, SessionEnded):
            self._accepted = ledger.accepted
            self._ledger = None  # it holds the whole conversation

    def close(self) -> None:
        """Nothing more will come."""

    def facts(self) -> SessionFacts:
        accepted = self._accepted if self._ledger is None else self._ledger.accepted
        return SessionFacts(accepted=accepted, intensity=self._intensity, retry=self._retry)


async def left_on_the_loop(runtimes: Iterable[Runtime]) -> Leftovers:
    """What is still there on the running loop, when its runtimes are closed."""
    await asyncio.sleep(0)  # transports say goodbye in the loop's next rounds
    await asyncio.sleep(0)
    loop, own = asyncio.get_running_loop(), asyncio.current_task()
    dispatchers = [runtime._dispatcher for runtime in runtimes]  # noqa: SLF001 - as above
    # uvloop does not tell its timers.
    timers = [handle for handle in getattr(loop, "_scheduled", ()) if not handle.cancelled()]
    return Leftovers(
        actors=tuple(cell.cls.__name__ for one in dispatchers if one is not None for cell in one.cells()),
        tasks=tuple(sorted(_named(task) for task in asyncio.all_tasks() if task is not own)),
        timers=tuple(repr(handle) for handle in timers),
    )


def threads_beyond(before: frozenset[threading.Thread]) -> tuple[str, ...]:
    """The threads that are alive and were not."""
    return tuple(sorted(thread.name for thread in threading.enumerate() if thread not in before))


def _named(task: asyncio.Task[object]) -> str:
    return getattr(task.get_coro(), "__qualname__", task.get_name())
