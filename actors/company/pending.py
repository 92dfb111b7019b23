"""Work that begins when it is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

from actors.kernel.future import refuse_to_block

T = TypeVar("T")


class Pending(Generic[T]):
    """Await it on a loop, or `get()` it in a thread; either way once. Who stops waiting cancels the work."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._work = work

    def __await__(self) -> Generator[Any, None, T]:
        return self._work().__await__()

    def get(self) -> T:
        """Do the work, and block until it is done.

        Raises:
            BlockingCallError: on a thread whose loop is running; `await` it there.
        """
        refuse_to_block("get()")
        return asyncio.run(self._work())
