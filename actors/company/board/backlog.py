"""The changes that wait for one watcher, bounded: pure."""

from __future__ import annotations

from collections import deque

from actors.company.board.changes import BoardMissed
from actors.company.board.contents import Change


class Backlog:
    """Oldest first. Past the limit the oldest go, and are told about in their place: ahead of all that waits.

    Args:
        limit: how many wait at most.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Change] = deque()
        self._first = 0
        self._last = 0
        self._count = 0
        self._keys: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def widen(self, count: int) -> None:
        """Let so many wait: what is on the board when the watch begins is not missed by that."""
        self._limit = max(self._limit, count)

    def push(self, change: Change) -> bool:
        """Take in one more; it holds up nobody, so it never asks for a pause."""
        if len(self._waiting) >= self._limit:
            self._drop(self._waiting.popleft())
        self._waiting.append(change)
        return False

    def _drop(self, change: Change) -> None:
        self._first = change.version if self._count == 0 else self._first
        self._last = change.version
        self._count += 1
        self._keys[change.key] = None

    def take(self) -> list[Change | BoardMissed]:
        """All that waits, and first what was missed."""
        taken: list[Change | BoardMissed] = []
        if self._count > 0:
            keys = tuple(self._keys)
            taken.append(BoardMissed(first=self._first, last=self._last, count=self._count, keys=keys))
        taken += self._waiting
        self._waiting.clear()
        self._count = 0
        self._keys = {}
        return taken
