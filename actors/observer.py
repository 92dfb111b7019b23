"""What the kernel reports, as log records. Only supervisors and session actors are reported: a caller's life is its request's."""

from __future__ import annotations

from typing import Any

import pykka

from actors.errors import SessionClosedError
from actors.kernel.cell import Cell
from actors.kernel.observer import Observer
from actors.messages import Submit
from actors.services import Services

_REPORTED = {"Guardian", "RootSupervisor", "Supervisor", "SessionActor"}


class RuntimeObserver(Observer):
    """Logs the lives of supervisors and sessions, dead letters, and handlers that hold the loop."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def on_dead_letter(self, ref: pykka.ActorRef[Any], message: Any, why: str) -> None:
        """Called after a message could not be delivered; a turn that it carried is refused, typed."""
        if type(message) is Submit:
            ended = SessionClosedError("the session ended before it could accept the turn")
            message.turn.done.set_exception((type(ended), ended, None))
            if message.turn.outlet is not None:
                message.turn.outlet.close()
        self._log("actors.actor.dead_letter", f"{type(message).__name__} was not delivered: {why}", ref)
