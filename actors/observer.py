"""What the kernel reports, as log records.

Only supervisors and session actors have records of their own: a caller's life is its request's.
"""

from __future__ import annotations

from typing import Any

import pykka

from actors.kernel.cell import Cell
from actors.kernel.observer import Observer
from actors.messages import Submit
from actors.services import Services

_REPORTED = frozenset(
    {
        "Guardian",
        "McpActor",
        "McpSupervisor",
        "Nursery",
        "RoomActor",
        "RootSupervisor",
        "SessionActor",
        "Supervisor",
        "Switchboard",
    }
)


class RuntimeObserver(Observer):
    """Logs the lives of supervisors and sessions, dead letters, and handlers that hold the loop."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def on_started(self, cell: Cell) -> None:
        """Called before a new actor's `on_start`."""
        self._life("actors.actor.started", "started", cell, "DEBUG")

    def on_stopped(self, cell: Cell) -> None:
        """Called after an actor stopped for good."""
        self._life("actors.actor.stopped", "stopped", cell, "DEBUG")

    def on_failed(self, cell: Cell, error: BaseException) -> None:
        """Called after an exception that no asker received: of any actor, as this is where its stack is kept."""
        self._emit("actors.actor.failed", f"{cell} failed", cell, "ERROR", exc=error)

    def on_restarted(self, cell: Cell) -> None:
        """Called after a new incarnation has started."""
        self._life("actors.actor.restarted", "restarted", cell, "WARNING")

    def on_gave_up(self, cell: Cell, error: BaseException) -> None:
        """Called after a parent decided not to restart an actor again."""
        self._emit("actors.actor.gave_up", f"{cell} is not restarted", cell, "ERROR", exc=error)

    def on_dead_letter(self, ref: pykka.ActorRef[Any], message: Any, why: str) -> None:
        """Called after a message could not be delivered; a turn that it carried is refused, typed."""
        kind = type(message).__name__
        if type(message) is Submit:
            message.turn.refuse()
        log = self._services.log
        if log.enabled:
            log.emit(
                "actors.actor.dead_letter",
                f"{kind} for {ref} was not delivered: {why}",
                level="DEBUG",
                actor_class=ref.actor_class.__name__,
                actor_urn=ref.actor_urn,
                message_type=kind,
            )

    def on_stalled(self, actor: str, seconds: float, stack: str) -> None:
        """Called once while a handler holds the loop too long."""
        self._services.log.emit(
            "actors.dispatcher.stalled",
            f"{actor} has held the loop for {seconds:.3f} s",
            level="WARNING",
            duration=seconds,
            stack=stack,
        )

    def _life(self, event: str, verb: str, cell: Cell, level: str) -> None:
        if cell.actor_class in _REPORTED:
            self._emit(event, f"{cell} {verb}", cell, level)

    def _emit(
        self, event: str, message: str, cell: Cell, level: str, exc: BaseException | None = None
    ) -> None:
        log = self._services.log
        if not log.enabled:
            return
        supervisors = self._services.supervisors
        ledger = supervisors.get(cell.urn)
        if ledger is None and cell.parent is not None:
            ledger = supervisors.get(cell.parent.urn)
        log.emit(
            event,
            message,
            level=level,
            exc=exc,
            session=None if ledger is None else ledger.session,
            actor_class=cell.actor_class,
            actor_urn=cell.urn,
            actor_parent=None if cell.parent is None else cell.parent.urn,
            actor_state=cell.state,
            actor_restarts=cell.restarts,
            inbox_size=cell.inbox_size,
        )
