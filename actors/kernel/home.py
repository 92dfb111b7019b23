"""A home for a dispatcher whose host has no loop: a daemon thread that runs one."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable

from actors.kernel.future import call_threadsafe


class LoopThread:
    """A daemon thread with a loop of its own, until `finish()`.

    Args:
        name: the thread's.
        loop_factory: makes the loop; None: asyncio's default.
    """

    def __init__(self, name: str, loop_factory: Callable[[], asyncio.AbstractEventLoop] | None) -> None:
        self._loop_factory = loop_factory
        self._finished: asyncio.Event
        self._started: concurrent.futures.Future[asyncio.AbstractEventLoop] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        self.loop = self._started.result()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=self._loop_factory) as runner:
                runner.run(self._serve())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        self._finished = asyncio.Event()
        self._started.set_result(asyncio.get_running_loop())
        await self._finished.wait()

    def finish(self) -> None:
        """Have the thread close its loop and end, from any thread."""
        call_threadsafe(self.loop, self._finished.set)

    def join(self) -> None:
        """Wait until the thread has ended."""
        self.finish()
        self._thread.join()
