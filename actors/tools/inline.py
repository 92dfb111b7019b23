"""A pool without threads, for a simulated world: a plain function runs on the loop, in its turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from actors.errors import RuntimeClosedError
from actors.tools.pool import Run


class InlinePool:
    """A `Pool` that runs one function after the other, each at the loop's next turn."""

    taken = 0
    """Nothing goes on when anybody can look."""
    abandoned = 0

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[Any], None] = {}  # in order, as a simulation must be
        self._closed = False

    def run(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """See `Pool.run`."""
        if self._closed:
            raise RuntimeClosedError("the pool is closed")
        run = Run(function, args)
        self._waiting[run.future] = None
        run.future.add_done_callback(self._forget)
        asyncio.get_running_loop().call_soon(_unless_cancelled, run)
        return run.future

    def _forget(self, future: asyncio.Future[Any]) -> None:
        self._waiting.pop(future, None)

    def close(self) -> None:
        """See `Pool.close`."""
        self._closed = True
        for future in list(self._waiting):
            future.cancel()


def _unless_cancelled(run: Run) -> None:
    if not run.future.done():
        run()()
