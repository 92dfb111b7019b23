"""A gate that a test holds and a play waits at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future


class Gate:
    """Shut when made; `set()` opens it for good, from any thread. Several plays may wait at one gate."""

    def __init__(self) -> None:
        # A Future is the standard library's only one-shot event with thread-safe callbacks.
        self._opened: Future[None] = Future()
        self._opened.set_running_or_notify_cancel()
        self._reached: Future[None] = Future()
        self._reached.set_running_or_notify_cancel()

    def set(self) -> None:
        """Open the gate; opening it again does nothing."""
        if not self._opened.done():
            self._opened.set_result(None)

    def is_set(self) -> bool:
        """Whether the gate is open."""
        return self._opened.done()

    def wait_reached(self, timeout: float = 30.0) -> None:
        """Block until a play has come to the gate; raises `TimeoutError` after `timeout` seconds."""
        try:
            self._reached.result(timeout)
        except TimeoutError:
            raise TimeoutError(f"no play has come to the gate within {timeout} s") from None

    async def reached(self) -> None:
        """Wait on a loop until a play has come to the gate; `asyncio.timeout` says for how long."""
        await asyncio.wrap_future(self._reached)

    def arrive(self, passed: Callable[[], object]) -> None:
        """A play has come: call `passed` once the gate is open, at once or on the thread that opens it."""
        if not self._reached.done():
            self._reached.set_result(None)
        self._opened.add_done_callback(lambda _: passed())
