"""A dispatcher whose seed decides whose turn is next, so that seeds explore interleavings."""

from __future__ import annotations

import asyncio
import itertools
import random
from typing import Any

from actors.kernel.cell import Cell
from actors.kernel.dispatcher import Dispatcher
from actors.sim.trace import Trace

_FAVOURS = 0.0, 0.0, 0.9, 1.0
"""How often those who rank higher go first; a seed has one of these. Pure chance hardly ever lets one actor rest while
others take many turns; orders of rank do (Burckhardt et al., A Randomized Scheduler with Probabilistic Guarantees of
Finding Bugs, ASPLOS 2010)."""
_CHANGE = 0.02
"""How often one who has had a turn gets another rank."""
_FEW = 8
"""Among more, two are drawn and the one that ranks higher goes first: looking at all would cost too much."""


class SeededDispatcher(Dispatcher):
    """Picks any of those that are ready, for one message at a time.

    So whatever order the real one can give between two actors, some seed gives. A mailbox stays first in, first out:
    messages from one actor to another arrive in their order.
    """

    batch = 4
    """Few, so that what arrives from outside mixes with the messages that wait."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, *, rng: random.Random, trace: Trace, **settings: Any
    ) -> None:
        super().__init__(loop, throughput=1, **settings)
        self._chance = rng.random
        self._favour = rng.choice(_FAVOURS)
        self._trace = trace
        self._numbers = itertools.count(1)
        self._names: dict[Cell, str] = {}
        self._ranks: dict[Cell, float] = {}

    def start(self, cell: Cell) -> None:
        """As the `Dispatcher`'s."""
        self._names[cell] = f"{cell.actor_class}-{next(self._numbers)}"
        self._ranks[cell] = self._chance()
        super().start(cell)

    def forget(self, cell: Cell) -> None:
        """As the `Dispatcher`'s."""
        super().forget(cell)
        self._names.pop(cell, None)
        self._ranks.pop(cell, None)

    def next_ready(self) -> Cell:
        """Whose turn is next: the seed's choice."""
        ready = self.ready
        count = len(ready)
        place = 0 if count == 1 else self._place(count)
        cell = ready.pop()
        if place < count - 1:
            ready[place], cell = cell, ready[place]
        if not cell.closed:
            self._note(cell)
        return cell

    def _place(self, count: int) -> int:
        chance = self._chance
        if not self._favour or chance() >= self._favour:
            return int(chance() * count)
        places = range(count) if count <= _FEW else (int(chance() * count), int(chance() * count))
        return max(places, key=self._rank)

    def _rank(self, place: int) -> float:
        return self._ranks.get(self.ready[place], 0.0)

    def _note(self, cell: Cell) -> None:
        name = self._names[cell]
        if not cell.started:
            self._trace.add(name, "on_start")
        if cell.queue:
            self._trace.add(name, type(cell.queue[0].message).__name__)
        if self._favour and self._chance() < _CHANGE:
            self._ranks[cell] = self._chance()
