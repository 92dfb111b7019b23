"""Many growing logs as one stream, in the order of its time."""

from __future__ import annotations

import glob
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

import msgspec

from actors.log.follower import Follower, base_of
from actors.log.merge import NEVER, WINDOW, Merge

Item = TypeVar("Item")


class Progress(msgspec.Struct, frozen=True):
    """How far the logs have been read, in bytes."""

    read: int
    there: int
    files: int
    """How many logs are followed."""


class Tailer(Generic[Item]):
    """Follows logs: what is there first, and then what comes. It never waits; that is its caller's.

    Args:
        patterns: names of files, which need not be there yet, and globs, which are looked at again and again.
        parse: makes an item of a line.
        time_of: gives an item's time, in Unix seconds; None if it has none of its own. Only asked for where there
            may be several logs.
    """

    def __init__(
        self,
        patterns: Iterable[str | os.PathLike[str]],
        parse: Callable[[bytes], Item],
        time_of: Callable[[Item], float | None],
    ) -> None:
        self._patterns = [os.fspath(pattern) for pattern in patterns]
        self._parse, self._time_of = parse, time_of
        self._alone = len(self._patterns) == 1 and not is_pattern(self._patterns[0])
        self._followers: dict[str, Follower] = {}
        self._merge: Merge[Item] = Merge()
        self._marks: deque[tuple[float, float]] = deque()

    """When, by the clock, the logs had been read up to which of their times."""

    def poll(self, now: Callable[[], float]) -> Iterator[list[Item]]:
        """Read what there is by now; give, a chunk at a time, the items that are due.

        Of a single log all are. Of several, those of the last `WINDOW` seconds are kept for the next time.

        Args:
            now: gives a clock's time, in seconds.

        Raises:
            OSError: a file is there and can't be read.
        """
        self._look()
        behind = list(self._followers)
        while behind:
            path = min(behind, key=self._merge.read_to)
            lines = self._followers[path].read()
            if lines is None:
                behind.remove(path)
            elif self._alone:
                yield list(map(self._parse, lines))
                continue
            else:
                items = map(self._parse, lines)
                self._merge.add(path, ((self._time_of(item), item) for item in items))
            yield self._merge.due(self._settled(behind, now()))

    def rest(self) -> list[Item]:
        """Give the items that were kept, as nothing older comes any more."""
        return self._merge.due(math.inf)

    @property
    def progress(self) -> Progress:
        """How far the logs have been read."""
        followers = self._followers.values()
        read = sum(it.bytes_read for it in followers)
        return Progress(
            read=read,
            there=read + sum(it.bytes_left for it in followers),
            files=len(followers),
        )

    def close(self) -> None:
        """Close all files."""
        for follower in self._followers.values():
            follower.close()

    def _look(self) -> None:
        """Find the logs that were not there the last time; a rotated file belongs to its log, if that is ours."""
        paths = dict.fromkeys(path for pattern in self._patterns for path in matching(pattern))
        rotated: dict[str, list[str]] = {}
        for path in paths:
            base = base_of(path)
            if base in paths or base in self._followers:
                rotated.setdefault(str(base), []).append(path)
            elif path not in self._followers:
                rotated.setdefault(path, [])
        for path, files in rotated.items():
            if path not in self._followers:
                self._followers[path] = Follower(path, files)

    def _settled(self, behind: list[str], now: float) -> float:
        """Up to which time nothing older is waited for.

        A log that has more to read says so itself; one that is read to its end has `WINDOW` to come up with it.
        """
        if len(self._followers) == 1:
            return math.inf
        read_to = self._merge.read_to
        reached = min(map(read_to, behind)) if behind else max(map(read_to, self._followers))
        if len(behind) == len(self._followers):
            return reached
        self._marks.append((now, reached))
        while len(self._marks) > 1 and self._marks[1][0] <= now - WINDOW:
            self._marks.popleft()
        since, until = self._marks[0]
        return until if since <= now - WINDOW else NEVER


def is_pattern(path: str | os.PathLike[str]) -> bool:
    """Whether a name is a glob: it has `*`, `?` or `[`, and no file has this very name."""
    return glob.has_magic(os.fspath(path)) and not os.path.lexists(path)


def matching(pattern: str | os.PathLike[str]) -> list[str]:
    """The files that a name or glob stands for now; a name stands for itself, whether or not there is one."""
    pattern = os.fspath(pattern)
    if not is_pattern(pattern):
        return [pattern]
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - a pattern may be absolute
