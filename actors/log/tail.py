"""A growing file as lines. A line counts when its newline is there.

`follow` gives a line, or None for "no more for now", so that waiting is its caller's; it never sleeps.
"""

from __future__ import annotations

import itertools
import os
import stat
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from io import FileIO
from pathlib import Path

CHUNK = 256 * 1024
"""How much is read at once, in bytes."""


class Lines:
    """Cuts bytes into lines, however they arrive."""

    def __init__(self) -> None:
        self._torn = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take more bytes; give the lines that they complete, without their newlines."""
        *lines, self._torn = (self._torn + data).split(b"\n")
        return lines


def read(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """Give the lines that a file has now.

    Raises:
        OSError: it can't be read; `FileNotFoundError` if there is none.
    """
    Path(path).stat()  # for what it raises: `follow` would wait for the file
    with closing(follow(path)) as items:
        for line in items:
            if line is None:
                return
            yield line


def follow(path: str | os.PathLike[str]) -> Generator[bytes | None]:
    """Give the lines of a file as they come, for ever; None whenever there is no more for now.

    The file need not be there yet. When another takes its name (rotation), the old one is read to its end
    first; a file that became shorter than what was read is read again from its start. Of several rotations
    between two looks only the first and the last file are seen.

    Raises:
        OSError: it is there and can't be read.
    """
    file: FileIO | None = None
    lines = Lines()
    position = 0
    try:
        while True:
            if file is None:
                file = _next_file(path, None)
                if file is None:
                    yield None
                    continue
            if data := file.read(CHUNK):
                position += len(data)
                yield from lines.feed(data)
            elif _shrank(file, position):
                file.seek(0)
                lines, position = Lines(), 0
            elif (successor := _next_file(path, file)) is None:
                yield None
            else:
                # What came between the last read and the renaming; after it nobody writes there.
                yield from lines.feed(file.readall())
                file.close()
                file, lines, position = successor, Lines(), 0
    finally:
        if file is not None:
            file.close()


def latest(items: Iterable[bytes | None], count: int) -> Iterator[bytes | None]:
    """Leave out all but the last `count` of the lines before the first None."""
    rest = iter(items)
    yield from deque(itertools.takewhile(_is_line, rest), maxlen=count)
    yield from rest


def _is_line(item: bytes | None) -> bool:
    return item is not None


def _next_file(path: str | os.PathLike[str], current: FileIO | None) -> FileIO | None:
    try:
        # The current file is open, so no other can have its inode number. A pipe must not be opened twice.
        if current is not None and os.path.samestat(Path(path).stat(), os.fstat(current.fileno())):
            return None
        return FileIO(path)
    except FileNotFoundError:
        return None


def _shrank(file: FileIO, position: int) -> bool:
    status = os.fstat(file.fileno())
    return stat.S_ISREG(status.st_mode) and status.st_size < position
