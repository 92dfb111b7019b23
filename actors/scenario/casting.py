"""Who is on stage at once, and what else goes on meanwhile: the tasks and turns of a script."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from actors.errors import TurnError
from actors.events import Terminal

if TYPE_CHECKING:  # see actors.scenario.stage
    from actors.stream import TurnHandle


class Sent:
    """A turn that was sent. Awaiting it gives its terminal event, however it ended: the run judges that."""

    def __init__(self, handle: TurnHandle) -> None:
        self._handle = handle
        self.turn = handle.turn
        """Its number in its session, from 1."""

    def __await__(self) -> Generator[Any, None, Terminal]:
        return self._end().__await__()

    async def _end(self) -> Terminal:
        try:
            return await self._handle
        except TurnError as error:
            return error.event

    def done(self) -> bool:
        """Whether it has ended."""
        return self._handle.done()

    def cancel(self, reason: str = "cancelled by the script") -> None:
        """Cancel it, running or queued. Does nothing if it has ended."""
        self._handle.cancel(reason)


class Casting:
    """What a script has set going: turns, by the role that sent them, roles, and effects."""

    def __init__(self) -> None:
        self._effects: list[asyncio.Task[None]] = []
        self._turns: deque[Sent] = deque()
        self._own: ContextVar[deque[Sent]] = ContextVar("turns of this role")

    def enter(self, sent: Sent) -> None:
        """A turn was sent: by the role that runs in this context, or by the script itself."""
        self._own.get(self._turns).append(sent)

    async def settled(self) -> None:
        """Wait until the turns of this context have ended, those included that are sent meanwhile.

        Whatever a callback of the script has raised on one's events is raised.
        """
        own = self._own.get(self._turns)
        while own:
            await own.popleft()

    async def each(
        self, role: Callable[[str], Awaitable[None]], names: Iterable[str], concurrency: int
    ) -> None:
        """Play a role under each name, so many at once. Whatever one raises ends the others and is raised."""
        remaining = iter(names)

        async def play() -> None:
            for name in remaining:
                self._own.set(deque())
                await role(name)
                await self.settled()

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
        for ended in await asyncio.gather(*self._effects, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
