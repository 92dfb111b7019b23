"""One log as lines: the file of a name, and those that rotation makes of it.

A file is known by its device, its inode number and its first bytes, never by its name. When another one has taken the
name, the old one is read to its end, then those that were rotated away between two looks, oldest first, then the new
one.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from actors.log.opened import Inode, Opened

ROTATED: Final = re.compile(
    r"""
    (?P<root>.+?)
    (?: \.\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_\d{6} (?:\.\d+)? (?P<ext>\.[^.]*)?   # loguru's
      | \.\d+ )                                                             # logrotate's
    """,
    re.VERBOSE,
)


def base_of(path: str) -> str | None:
    """The name that a rotated file once had; None if its own is not one that rotation gives."""
    match = ROTATED.fullmatch(path)
    return None if match is None else match["root"] + (match["ext"] or "")


class Follower:
    """Reads a log as it grows.

    Args:
        path: the log's name; there need not be a file of this name yet.
        rotated: which of its rotated files are to be read first. Others that are there by now are not read.
    """

    def __init__(self, path: str, rotated: Iterable[str] = ()) -> None:
        self.path = path
        self._file: Opened | None = None
        self._replaced = False
        """Whether another file has taken the name of the one that is being read."""
        self._ahead = 0
        self._bytes_done = 0
        wanted = {Path(it).name for it in rotated}
        self._done: dict[Inode, bytes] = {}
        """The files that need not be read any more, with their first bytes."""
        for name, sibling in self._siblings():
            if name not in wanted:
                self._done[sibling.inode] = sibling.head()
            sibling.close()

    def read(self) -> list[bytes] | None:
        """Give the next lines, maybe none; None if there is no more for now.

        Raises:
            OSError: there is a file of this name, and it can't be read.
        """
        while True:
            if self._file is None:
                self._file = self._next()
            if self._file is None:
                return None
            lines = self._file.read()
            if lines is not None:
                return lines
            if self._replaced:
                self._leave(self._file)
            elif not self._is_replaced(self._file):
                return None
            else:
                self._replaced = True  # nobody writes there any more: what it has now is the rest

    @property
    def bytes_read(self) -> int:
        """How much was read."""
        return self._bytes_done + (0 if self._file is None else self._file.position)

    @property
    def bytes_left(self) -> int:
        """How much there is beyond."""
        return self._ahead + (0 if self._file is None else self._file.left)

    def close(self) -> None:
        """Close what is open."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _is_replaced(self, file: Opened) -> bool:
        try:
            status = Path(self.path).stat()
        except FileNotFoundError:
            # Nobody has the name for now, but others may have had it meanwhile.
            waiting, _ = self._waiting()
            _close(waiting)
            return any(it.inode != file.inode for it in waiting)
        return (status.st_dev, status.st_ino) != file.inode

    def _leave(self, file: Opened) -> None:
        self._done[file.inode] = file.head()
        self._bytes_done += file.position
        self._replaced = False
        self.close()

    def _next(self) -> Opened | None:
        """The oldest of the files that are still to be read."""
        # The current one is opened first: what is rotated away after that is younger.
        current = None
        with contextlib.suppress(FileNotFoundError):
            current = Opened(self.path)
        waiting, there = self._waiting()
        self._done = {inode: head for inode, head in self._done.items() if inode in there}
        if current is not None and current.inode not in there:
            waiting.append(current)
        elif current is not None:
            current.close()  # it was renamed by now, and waits under that name
        self._ahead = sum(it.left for it in waiting[1:])
        _close(waiting[1:])
        return waiting[0] if waiting else None

    def _waiting(self) -> tuple[list[Opened], set[Inode]]:
        """The rotated files that are still to be read, oldest first, and the numbers of all there are."""
        waiting, there = [], set()
        for _, sibling in self._siblings():
            there.add(sibling.inode)
            if self._done.get(sibling.inode) == sibling.head():
                sibling.close()
            else:
                waiting.append(sibling)
        return sorted(waiting, key=Opened.age), there

    def _siblings(self) -> Iterator[tuple[str, Opened]]:
        own = Path(self.path)
        with contextlib.suppress(OSError):
            for path in own.parent.iterdir():
                if base_of(path.name) == own.name:
                    # Removed since, or no file: then there is nothing to read.
                    with contextlib.suppress(OSError):
                        yield path.name, Opened(path)


def _close(files: Iterable[Opened]) -> None:
    for file in files:
        file.close()
