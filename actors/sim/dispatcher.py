"""A dispatcher whose seed decides whose turn is next, so that seeds explore interleavings."""

from __future__ import annotations

import asyncio
import itertools
import random
from typing import Any

from actors.kernel.cell import Cell
from actors.kernel.dispatcher import Dispatcher
from actors.sim.trace import Trace

_BATCH = 32
"""At most so many messages are handled before the loop looks at its timers."""


class SeededDispatcher(Dispatcher):
    """Picks any of those that are ready, for one message at a time.

    So whatever order the real one can give between two actors, some seed gives. A mailbox stays first in, first out:
    messages from one actor to another arrive in their order.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, *, rng: random.Random, trace: Trace, **settings: Any
    ) -> None:
        super().__init__(loop, throughput=1, **settings)
        self._rng = rng
        self._trace = trace
        self._numbers = itertools.count(1)
        self._names: dict[Cell, str] = {}

    def start(self, cell: Cell) -> None:
        """As the `Dispatcher`'s."""
        self._names[cell] = f"{cell.actor_class}-{next(self._numbers)}"
        super().start(cell)

    def forget(self, cell: Cell) -> None:
        """As the `Dispatcher`'s."""
        super().forget(cell)
        self._names.pop(cell, None)

    def next_ready(self) -> Cell:
        """Whose turn is next: the seed's choice."""
        chance = self._rng.random
        self.batch = 1 + int(chance() * _BATCH)
        ready = self._ready
        last = ready.pop()
        place = int(chance() * (len(ready) + 1))
        if place < len(ready):
            ready[place], last = last, ready[place]
        self._note(last)
        return last

    def _note(self, cell: Cell) -> None:
        if cell.closed:
            return
        name = self._names[cell]
        if not cell.started:
            self._trace.add(name, "on_start")
        if cell.queue:
            self._trace.add(name, type(cell.queue[0].message).__name__)
