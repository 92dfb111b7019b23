"""The watchdog: reports a handler that holds the loop, with its stack."""

from __future__ import annotations

import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actors.kernel.dispatcher import Dispatcher


class Watchdog:
    """A daemon thread that watches how many messages were handled: no message pays for a clock call.

    Args:
        dispatcher: whose handlers are watched.
        stall_after: how long one may take, in seconds; a report comes after at most half as long again.
        wait: waits so many seconds, or until the watchdog is stopped: then True.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        stall_after: float,
        *,
        wait: Callable[[float], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dispatcher = weakref.ref(dispatcher)
        self._stall_after = stall_after
        self._stopped = threading.Event()
        self._wait = wait if wait is not None else self._stopped.wait
        self._clock = clock
        self._seen = -1
        self._since = 0.0
        self._reported = False
        self._thread = threading.Thread(target=self._run, name="greenroom-watchdog", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._wait(self._stall_after / 2):
            dispatcher = self._dispatcher()
            if dispatcher is None:
                return
            if dispatcher.loop.is_closed():
                dispatcher.abandon()
                return
            self.look(dispatcher)
            del dispatcher  # or it would live until the wait is over

    def look(self, dispatcher: Dispatcher) -> None:
        """Report the handler that runs if it ran for `stall_after` seconds, once."""
        cell, handled = dispatcher.running, dispatcher.handled
        if cell is None or handled != self._seen:
            self._seen, self._since, self._reported = handled, self._clock(), False
            return
        seconds = self._clock() - self._since
        if self._reported or seconds < self._stall_after:
            return
        frame = sys._current_frames().get(dispatcher.draining_thread)  # noqa: SLF001 - its documented name
        stack = "".join(traceback.format_stack(frame)) if frame is not None else ""
        if dispatcher.running is cell and dispatcher.handled == handled:
            self._reported = True
            dispatcher.notify(dispatcher.observer.on_stalled, str(cell), seconds, stack)

    def stop(self) -> None:
        """End the thread, and wait for that unless this is it."""
        self._stopped.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=1)  # an observer may be at work, but not for long
