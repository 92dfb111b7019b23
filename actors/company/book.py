"""A room's book: who is in it, in which order things happened, and what somebody has still to hear. Pure.

There is one order for all: each entry has the room's next number, and a member is handed the others' lines in just
that order, without a gap, from where it joined.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from actors.errors import QueueFullError


class Line(NamedTuple):
    """What somebody said."""

    seq: int
    """In the room, from 1; joining and leaving count, too."""
    by: str
    text: str


class Book:
    """One room's.

    Args:
        max_lines: how many lines may be kept for members that have still to hear them.
    """

    def __init__(self, max_lines: int) -> None:
        self.seq = 0
        """The last entry's."""
        self._max_lines = max_lines
        self._lines: deque[Line] = deque()
        self._heard: dict[str, int] = {}
        """Up to which entry each member has been handed the lines."""

    @property
    def members(self) -> tuple[str, ...]:
        """In the order in which they joined."""
        return tuple(self._heard)

    def enter(self) -> int:
        """Make an entry: gives its number."""
        self.seq += 1
        return self.seq

    def join(self, member: str) -> bool:
        """It hears what is said from now on; False: it does so already."""
        if member in self._heard:
            return False
        self._heard[member] = self.enter()
        return True

    def leave(self, member: str) -> bool:
        """It hears nothing more; False: it was no member."""
        if self._heard.pop(member, None) is None:
            return False
        self.enter()
        self._forget()
        return True

    def say(self, by: str, text: str) -> Line:
        """Enter a line.

        Raises:
            QueueFullError: as many lines wait for the slowest member as may.
        """
        if len(self._lines) >= self._max_lines:
            raise QueueFullError(
                f"{len(self._lines)} lines wait for the slowest member, and no more are taken until it has heard them"
            )
        line = Line(self.enter(), by, text)
        self._lines.append(line)
        self._forget()
        return line

    def waiting(self, member: str) -> tuple[Line, ...]:
        """What a member has still to hear, in order: never its own lines; nothing for who is no member."""
        heard = self._heard.get(member, self.seq)
        return tuple(line for line in self._lines if line.seq > heard and line.by != member)

    def hand(self, member: str, upto: int) -> None:
        """It was handed everything up to this entry."""
        if member in self._heard:
            self._heard[member] = upto
            self._forget()

    def _forget(self) -> None:
        lines = self._lines
        while lines and not any(
            heard < lines[0].seq and member != lines[0].by for member, heard in self._heard.items()
        ):
            lines.popleft()
