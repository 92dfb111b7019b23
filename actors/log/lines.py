"""Bytes cut into lines, however they arrive, in bounded memory. Pure."""

from __future__ import annotations

from typing import Final

LIMIT: Final = 16 * 2**20
"""The longest line, in bytes."""
KEPT: Final = 100
"""How much is kept of a longer one, in bytes."""


class Lines:
    """Cuts bytes into lines. Of one that is too long there is its beginning, and a word: no record, but a bad line."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._torn: list[bytes] = []
        self._held = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take more bytes; give the lines that they complete, without their newlines."""
        *lines, rest = data.split(b"\n")
        if lines:
            self._hold(lines[0])
            lines[0] = self.cut()
        self._hold(rest)
        return lines

    def cut(self) -> bytes:
        """Give what there is of the line that has no newline yet, and forget it."""
        line = b"".join(self._torn)
        if self._held > self._limit:
            line += b"... (a line of %d bytes)" % self._held
        self._torn, self._held = [], 0
        return line

    def _hold(self, piece: bytes) -> None:
        self._held += len(piece)
        self._torn.append(piece)
        if self._held > self._limit:
            self._torn = [b"".join(self._torn)[:KEPT]]
