"""Logs to a fleet: what a dashboard polls."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator

from actors.fleet.fold import Fleet
from actors.log.decode import AnyRecord, decode
from actors.log.format import inert
from actors.log.tailer import Progress, Tailer

SHOWN = 200
"""How much of a bad line is kept, in bytes."""


class Feed:
    """Follows logs and folds them.

    Args:
        paths: files, which need not be there yet, and globs.
        fleet: what to fold into; by default a new one.
    """

    def __init__(self, paths: Iterable[str | os.PathLike[str]], fleet: Fleet | None = None) -> None:
        self.fleet = Fleet() if fleet is None else fleet
        self._tailer = Tailer(paths, parse, time_of)

    def poll(self, now: Callable[[], float] = time.monotonic) -> Iterator[None]:
        """Fold what there is by now, a chunk (of some hundred records) at a time; to be called again, a little later.

        A backlog is many chunks: between them there is time to draw, and to stop.

        Raises:
            OSError: a file is there and can't be read.
        """
        for items in self._tailer.poll(now):
            fold(items, self.fleet)
            yield

    def finish(self) -> None:
        """Fold also what is kept back in case another log is written late; then close the files."""
        fold(self._tailer.rest(), self.fleet)
        self._tailer.close()

    @property
    def progress(self) -> Progress:
        """How far the logs have been read."""
        return self._tailer.progress


def fold(items: Collection[AnyRecord | str], fleet: Fleet) -> None:
    """Take what `parse` made of lines."""
    fleet.apply_all([item for item in items if not isinstance(item, str)])
    for item in items:
        if isinstance(item, str):
            fleet.bad_line(item)


def parse(line: bytes) -> AnyRecord | str:
    """Read a line: its record; of a line that is none, its beginning, to be shown."""
    try:
        return decode(line)
    except (ValueError, RecursionError):
        return inert(line[:SHOWN].decode("utf-8", "backslashreplace"))


def time_of(item: AnyRecord | str) -> float | None:
    """When a record was written, in Unix seconds; None of a line that is none."""
    return None if isinstance(item, str) else item.timestamp.timestamp()
