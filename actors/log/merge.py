"""What is read of several files, in the order of its time. Pure.

While a file has more to read, nothing is given that is later than what was last read of it: so a backlog comes in
exact order, whatever the files' sizes. Once all have been read, what is younger than `WINDOW` waits, in case another
process's file is written a little later.
"""

from __future__ import annotations

import bisect
from collections.abc import Hashable, Iterable
from operator import itemgetter
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")

WINDOW: Final = 0.25
"""How long a record waits for older ones of other files, in seconds."""

NEVER: Final = float("-inf")

_time = itemgetter(0)


class Merge(Generic[Item]):
    """Puts the items of sources, each with its time, into one order. A source's own order is kept."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, list[tuple[float, Item]]] = {}
        self._read_to: dict[Hashable, float] = {}

    def add(self, source: Hashable, items: Iterable[tuple[float | None, Item]]) -> None:
        """Take what was read of a source; a time that is None, or runs back, counts as the one before."""
        waiting = self._waiting.setdefault(source, [])
        last = self.read_to(source)
        for at, item in items:
            if at is not None and at > last:
                last = at
            waiting.append((last, item))
        self._read_to[source] = last

    def read_to(self, source: Hashable) -> float:
        """The time of the last item of a source."""
        return self._read_to.get(source, NEVER)

    def due(self, until: float) -> list[Item]:
        """Give what is not later than `until`, in order, and keep the rest."""
        due: list[tuple[float, Item]] = []
        for waiting in self._waiting.values():
            end = bisect.bisect_right(waiting, until, key=_time)
            due += waiting[:end]
            del waiting[:end]
        due.sort(key=_time)
        return [item for _, item in due]
