"""Bytes cut into lines, however they arrive, in bounded memory. Pure."""

from __future__ import annotations

from typing import Final

LIMIT: Final = 16 * 2**20
"""The longest line, in bytes; a longer one is passed over."""


class Lines:
    """Cuts bytes into lines."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._torn: list[bytes] = []
        self._held = 0
        self.skipped = 0
        """How many lines were longer than the limit."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take more bytes; give the lines that they complete, without their newlines."""
        *lines, rest = data.split(b"\n")
        if not lines:
            self._hold(rest)
            return lines
        self._hold(lines[0])
        if self._held > self._limit:
            self.skipped += 1
            del lines[0]
        else:
            lines[0] = b"".join(self._torn)
        self._torn, self._held = [], 0
        self._hold(rest)
        return lines

    def cut(self) -> bytes:
        """Give up the line that has no newline yet, and give what there is of it."""
        torn = b"".join(self._torn)
        self._torn, self._held = [], 0
        return torn

    def _hold(self, piece: bytes) -> None:
        self._held += len(piece)
        if self._held > self._limit:
            self._torn = []
        elif piece:
            self._torn.append(piece)
