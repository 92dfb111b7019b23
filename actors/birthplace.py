"""Which process something was made in: a forked child has the objects of its parent's runtime, but not its loop."""

from __future__ import annotations

import os

from actors.errors import ForkedError


class _Process:
    """The number of this process, kept: `os.getpid` asks the kernel, which a delta would pay for."""

    __slots__ = ("pid",)

    def __init__(self) -> None:
        self.look()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.look)

    def look(self) -> None:
        self.pid = os.getpid()


_HERE = _Process()


class Birthplace:
    """Remembers the process that made it."""

    __slots__ = ("_pid",)

    def __init__(self) -> None:
        self._pid = _HERE.pid

    @property
    def left(self) -> bool:
        """Whether this is another process: a fork of the one where it was made."""
        return self._pid != _HERE.pid

    def check(self) -> None:
        """Refuse to go on in a fork, where nothing would ever answer.

        Raises:
            ForkedError: this is another process.
        """
        if self._pid != _HERE.pid:
            raise ForkedError(
                f"this belongs to a runtime of process {self._pid}, and a fork does not inherit its loop: "
                "make a Runtime of your own in the child, after the fork"
            )
