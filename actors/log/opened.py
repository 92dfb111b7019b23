"""A file that is being read while another process writes, truncates, renames or removes it."""

from __future__ import annotations

import os
import stat
from io import FileIO
from typing import Final, TypeAlias

from actors.log.lines import Lines

CHUNK: Final = 256 * 1024
"""How much is read at once, in bytes."""
HEAD: Final = 256
"""How many of its first bytes tell a file from another one that was given its inode number, or was written over it."""

Inode: TypeAlias = tuple[int, int]
"""The device and the inode number."""


class Opened:
    """An open file, and how far it has been read.

    Raises:
        OSError: it can't be opened; `FileNotFoundError` if there is none.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = FileIO(path)
        status = os.fstat(self._file.fileno())
        self.inode: Inode = status.st_dev, status.st_ino
        self._regular = stat.S_ISREG(status.st_mode)
        self._lines = Lines()
        self._head = b""
        self._at_end = False
        self.position = 0
        """How many bytes were read."""

    def read(self) -> list[bytes] | None:
        """Give the lines that the next chunk completes, maybe none; None at the file's end.

        A file that was truncated, or written anew, since its end was reached is read from its start.
        """
        if self._at_end and self._began_anew():
            self._restart()
        data = self._file.read(CHUNK)
        self._at_end = not data
        if not data:
            return None
        if self.position < HEAD:
            self._head = self.head()
        self.position += len(data)
        return self._lines.feed(data)

    @property
    def left(self) -> int:
        """How many bytes there are beyond those that were read."""
        return max(0, os.fstat(self._file.fileno()).st_size - self.position)

    def head(self) -> bytes:
        """Its first bytes."""
        return os.pread(self._file.fileno(), HEAD, 0) if self._regular else b""

    def age(self) -> tuple[int, bytes]:
        """Less than that of a file that was written later: by the clock and, within its tick, by the first record."""
        return os.fstat(self._file.fileno()).st_mtime_ns, self.head()

    def close(self) -> None:
        """Close it."""
        self._file.close()

    def _began_anew(self) -> bool:
        if not self._regular or self.position == 0:
            return False
        if os.fstat(self._file.fileno()).st_size < self.position:
            return True
        seen = min(self.position, len(self._head))
        return self.head()[:seen] != self._head[:seen]

    def _restart(self) -> None:
        self._file.seek(0)
        self._head, self.position = b"", 0
        self._lines.cut()
