"""Finished logs, read once from the beginning."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator, Sequence

from actors.dashboard.feed import fold, parse, time_of
from actors.fleet.fold import Fleet
from actors.log.decode import AnyRecord
from actors.log.tailer import Progress, Tailer


class Reading:
    """Folds logs up to one time, and later to another that is not before it."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.fleet = Fleet()
        self.reached = -math.inf
        """Up to which time they are folded."""
        self._tailer = Tailer(paths, parse, time_of)
        self._chunks = self._read()
        self._waiting: deque[AnyRecord | str] = deque()

    @property
    def progress(self) -> Progress:
        """How far the logs have been read."""
        return self._tailer.progress

    def until(self, at: float) -> Iterator[None]:
        """Fold up to this time, a chunk at a time.

        Raises:
            OSError: a file can't be read.
        """
        self.reached = at
        while self._fold(at):
            items = next(self._chunks, None)
            if items is None:
                return
            self._waiting.extend(items)
            yield

    def close(self) -> None:
        """Close the files."""
        self._tailer.close()

    def _fold(self, at: float) -> bool:
        """Fold what waits; tell whether more is needed."""
        waiting, due = self._waiting, []
        while waiting and ((when := time_of(waiting[0])) is None or when <= at):
            due.append(waiting.popleft())
        fold(due, self.fleet)
        return not waiting

    def _read(self) -> Iterator[list[AnyRecord | str]]:
        yield from self._tailer.poll(time.monotonic)
        yield self._tailer.rest()
