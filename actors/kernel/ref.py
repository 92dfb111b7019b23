"""The reference to a `LoopActor`: pykka's, which refuses to block a running loop before it sends anything."""

from __future__ import annotations

from typing import Any, Literal, TypeVar, overload

import pykka

from actors.kernel.cell import Cell
from actors.kernel.future import LoopFuture, refuse_to_block, stopped
from actors.kernel.upstream import ActorStop

A = TypeVar("A", bound=pykka.Actor)


class LoopRef(pykka.ActorRef[A]):
    """As `pykka.ActorRef`. A blocking `ask` or `stop` raises `BlockingCallError` where a loop is running."""

    @overload
    def ask(
        self, message: Any, *, block: Literal[False], timeout: float | None = None
    ) -> LoopFuture[Any]: ...

    @overload
    def ask(self, message: Any, *, block: Literal[True], timeout: float | None = None) -> Any: ...

    @overload
    def ask(
        self, message: Any, *, block: bool = True, timeout: float | None = None
    ) -> Any | LoopFuture[Any]: ...

    def ask(self, message: Any, *, block: bool = True, timeout: float | None = None) -> Any | LoopFuture[Any]:
        """Send a message and wait for the reply; with `block=False` give a future that can be awaited."""
        if block and (timeout is None or timeout > 0):
            refuse_to_block("ask()")
        return super().ask(message, block=block, timeout=timeout)

    @overload
    def stop(self, *, block: Literal[True], timeout: float | None = None) -> bool: ...

    @overload
    def stop(self, *, block: Literal[False], timeout: float | None = None) -> LoopFuture[bool]: ...

    @overload
    def stop(self, *, block: bool = True, timeout: float | None = None) -> bool | LoopFuture[bool]: ...

    def stop(self, *, block: bool = True, timeout: float | None = None) -> bool | LoopFuture[bool]:
        """Ask the actor to stop behind what is queued; its parent can stop a permanent one so, too."""
        if block and (timeout is None or timeout > 0):
            refuse_to_block("stop()")
        cell = self.actor_inbox
        if isinstance(cell, Cell) and cell.parent is not None and cell.dispatcher.handling() is cell.parent:
            cell.ordered = True
        future = stopped(self.ask(ActorStop(), block=False))
        return future.get(timeout=timeout) if block else future
