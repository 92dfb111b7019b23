"""Who is on stage at once, and what else goes on meanwhile: the tasks and turns of a script."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from actors.errors import TurnError

if TYPE_CHECKING:  # see actors.scenario.stage
    from actors.stream import TurnHandle


class Casting:
    """What a script has set going: turns, by the role that sent them, roles, and effects."""

    def __init__(self) -> None:
        self._effects: list[asyncio.Task[None]] = []
        self._turns: deque[TurnHandle] = deque()
        self._own: ContextVar[deque[TurnHandle]] = ContextVar("turns of this role")

    def enter(self, handle: TurnHandle) -> None:
        """A turn was sent: by the role that runs in this context, or by the script itself."""
        self._own.get(self._turns).append(handle)

    def taken(self) -> Iterator[TurnHandle]:
        """The turns of this context, each given once, and those that are sent meanwhile."""
        own = self._own.get(self._turns)
        while own:
            yield own.popleft()

    async def each(
        self, role: Callable[[str], Awaitable[None]], names: Iterable[str], concurrency: int
    ) -> None:
        """Play a role under each name, so many at once. Whatever one raises ends the others and is raised."""
        remaining = iter(names)

        async def play() -> None:
            for name in remaining:
                self._own.set(deque())
                await role(name)
                for handle in self.taken():
                    with contextlib.suppress(TurnError):  # the tally has it, and judges it
                        await handle

        players = [asyncio.create_task(play()) for _ in range(concurrency)]
        try:
            await asyncio.gather(*players)
        finally:  # in order: a task group would end them in the order of a set
            for player in players:
                player.cancel()
            await asyncio.gather(*players, return_exceptions=True)

    def begin(self, effect: Coroutine[Any, Any, None]) -> None:
        """Have something go on until it ends or `leave` ends it."""
        self._effects.append(asyncio.create_task(effect))

    async def leave(self) -> None:
        """End the effects; whatever one has raised is raised."""
        for effect in self._effects:
            effect.cancel()
        for effect in self._effects:
            with contextlib.suppress(asyncio.CancelledError):
                await effect
