"""Which process something was made in: a forked child has the objects of its parent's runtime, but not its loop."""

from __future__ import annotations

import os

from actors.errors import ForkedError


class Birthplace:
    """Remembers the process that made it."""

    __slots__ = ("_pid",)

    def __init__(self) -> None:
        self._pid = os.getpid()

    @property
    def left(self) -> bool:
        """Whether this is another process: a fork of the one where it was made."""
        return os.getpid() != self._pid

    def check(self) -> None:
        """Refuse to go on in a fork, where nothing would ever answer.

        Raises:
            ForkedError: this is another process.
        """
        if self.left:
            raise ForkedError(
                f"this belongs to a runtime of process {self._pid}, and a fork does not inherit its loop: "
                "make a Runtime of your own in the child, after the fork"
            )
