"""The chunked coding (RFC 9112, 7.1) where it is plain: whole chunks need none of h11's care."""

from __future__ import annotations

import re

_HEADER = re.compile(rb"([1-9A-Fa-f][0-9A-Fa-f]{0,7})\r\n")
"""Of a chunk that is not the last, without extensions."""


class ChunkScanner:
    """Follows a body beside h11, and reads what begins and ends where chunks do.

    All else is h11's: a chunk that a read has cut, and the rest of the body from where it is no longer plain.

    Args:
        chunked: whether the body is; of another nothing is read.
    """

    def __init__(self, *, chunked: bool) -> None:
        self._owed: int | None = 0 if chunked else None
        """So many bytes h11 still needs to its chunk's end; None: the rest of the body is its."""

    def scan(self, data: bytes) -> bytes | None:
        """Take up what was received: the content of its chunks, if it is nothing but whole ones; None: h11 needs it."""
        owed = self._owed
        if owed is None:
            return None
        if owed > len(data):
            self._owed = owed - len(data)
            return None
        content, end = _whole(data, owed)
        self._owed = end if end is None else end - len(data)
        return content if owed == self._owed == 0 else None


def _whole(data: bytes, start: int) -> tuple[bytes, int | None]:
    """The content of the chunks that begin in `data`, and where the last of them ends; None: one is not plain."""
    content = b""
    while start < len(data):
        header = _HEADER.match(data, start)
        if header is None:
            return content, None
        begin = header.end()
        end = begin + int(header[1], 16)
        start = end + 2
        if start <= len(data) and data[end:start] != b"\r\n":
            return content, None
        content += data[begin:end]
    return content, start
