"""What lets a response's body flow, or holds it back: one end turns it, the other obeys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Valve:
    """Open at first. Used on one loop."""

    __slots__ = ("_opened", "is_open", "on_turn")

    def __init__(self) -> None:
        self.is_open = True
        self.on_turn: Callable[[], None] | None = None
        """Called after each turn."""
        self._opened = asyncio.Event()
        self._opened.set()

    def shut(self) -> None:
        """Hold it back."""
        self.is_open = False
        self._opened.clear()
        self._turned()

    def open(self) -> None:
        """Let it flow."""
        self.is_open = True
        self._opened.set()
        self._turned()

    async def wait(self) -> None:
        """Wait until it is open."""
        await self._opened.wait()

    def _turned(self) -> None:
        if self.on_turn is not None:
            self.on_turn()
