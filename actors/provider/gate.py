"""A gate that a test holds and a play waits at."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future


class Gate:
    """Shut when made; `set()` opens it for good, from any thread. Several plays may wait at one gate."""

    def __init__(self) -> None:
        # A Future is the standard library's only one-shot event with thread-safe callbacks.
        self._opened: Future[None] = Future()
        self._opened.set_running_or_notify_cancel()

    def set(self) -> None:
        """Open the gate; opening it again does nothing."""
        if not self._opened.done():
            self._opened.set_result(None)

    def is_set(self) -> bool:
        """Whether the gate is open."""
        return self._opened.done()

    def on_set(self, callback: Callable[[], object]) -> None:
        """Call `callback` once the gate is open: at once if it is, else on the thread that opens it."""
        self._opened.add_done_callback(lambda _: callback())
