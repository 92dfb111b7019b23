"""What a cell sends to itself: completions and timers. Nothing late reaches a new incarnation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from actors.kernel.upstream import Envelope

if TYPE_CHECKING:
    from actors.kernel.cell import Cell


class TaskResult(msgspec.Struct, frozen=True):
    """A task that the actor spawned has ended; arrives through `on_receive`."""

    task: int
    """What `spawn_task` returned."""
    value: Any = None
    error: BaseException | None = None
    """What it raised; None if it returned `value`."""


class Timer:
    """A message that is due later; `cancel()` takes it back for as long as it was not handled."""

    __slots__ = ("_cell", "_handle", "message")

    def __init__(self, cell: Cell, delay: float, message: Any) -> None:
        self._cell: Cell | None = cell
        self.message = message
        if cell.timers is None:
            cell.timers = {}
        cell.timers[self] = None
        self._handle = cell.dispatcher.loop.call_later(delay, self._fire)

    def _fire(self) -> None:
        if self._cell is not None:
            self._cell.put(Envelope(self))

    def cancel(self) -> None:
        """Take the message back; on the loop's thread. Does nothing when it was handled already."""
        cell, self._cell = self._cell, None
        if cell is not None:
            self._handle.cancel()
            if cell.timers is not None:
                cell.timers.pop(self, None)

    def take(self) -> bool:
        """Whether the message may still be handled; only the first call can say so."""
        live = self._cell is not None
        self.cancel()
        return live


class TaskDone(msgspec.Struct, frozen=True):
    """A task ended; void when it was cancelled in the meantime."""

    task: int
    done: asyncio.Task[Any]


class Piped(msgspec.Struct, frozen=True):
    """A future that the actor piped to itself has resolved."""

    incarnation: int
    make: Callable[[Any, BaseException | None], Any]
    value: Any
    error: BaseException | None
