"""What a dispatcher tells about its actors: an `Observer` with a hook a fact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pykka import ActorRef

if TYPE_CHECKING:
    from actors.kernel.cell import Cell


class Observer:
    """Hooks that do nothing; a subclass fills in what it wants to know.

    A hook must be quick and is called on the loop's thread, but for `on_dead_letter` (any thread) and
    `on_stalled` (the watchdog's thread). What a hook raises goes to the loop's exception handler.
    """

    def on_started(self, cell: Cell) -> None:
        """Called before a new actor's `on_start`."""

    def on_stopped(self, cell: Cell) -> None:
        """Called after an actor stopped for good, however that came."""

    def on_failed(self, cell: Cell, error: BaseException) -> None:
        """Called after an exception that no asker received."""

    def on_restarted(self, cell: Cell) -> None:
        """Called after the `on_start` of a restarted actor's new incarnation."""

    def on_gave_up(self, cell: Cell, error: BaseException) -> None:
        """Called after a parent decided not to restart a permanent or transient child again."""

    def on_dead_letter(self, ref: ActorRef[Any], message: Any, why: str) -> None:
        """Called after a message turned out to be undeliverable."""

    def on_stalled(self, actor: str, seconds: float, stack: str) -> None:
        """Called once while a handler holds the loop for longer than `stall_after` seconds."""
