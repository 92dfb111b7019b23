"""Hears what a person types while a turn runs: the terminal gives whole lines then, as no editor reads it."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Callable, Iterator


class Ears:
    """Reads a terminal's lines in a thread of its own.

    Args:
        terminal: its file descriptor; None: there is nothing to hear.
        take: called with each line, in that thread.
    """

    def __init__(self, terminal: int | None, take: Callable[[str], None]) -> None:
        self._terminal = terminal
        self._take = take
        self._thread: threading.Thread | None = None
        self._stop = -1
        """Closing it ends the thread, which waits for that too."""

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Hear what is typed inside the block."""
        self._open()
        try:
            yield
        finally:
            self._close()

    @contextlib.contextmanager
    def covered(self) -> Iterator[None]:
        """Leave the terminal to somebody else inside the block, which is one of `listening`."""
        self._close()
        try:
            yield
        finally:
            self._open()

    def _open(self) -> None:
        if self._terminal is None:
            return
        stopped, self._stop = os.pipe()
        self._thread = threading.Thread(
            target=self._listen, args=(self._terminal, stopped), name="greenroom ears", daemon=True
        )
        self._thread.start()

    def _close(self) -> None:
        if self._thread is None:
            return
        os.close(self._stop)
        self._thread.join()
        self._thread = None

    def _listen(self, terminal: int, stopped: int) -> None:
        try:
            while stopped not in (ready := select.select([terminal, stopped], [], [])[0]):
                heard = os.read(ready[0], 65536)
                if not heard:
                    return
                for line in heard.decode("utf-8", "replace").splitlines():
                    self._take(line)
        finally:
            os.close(stopped)
