"""The supervisor of a runtime's blackboards: a board that fails goes on with all that it holds."""

from __future__ import annotations

from typing import Any

import pykka

from actors.company.board.state import BoardState
from actors.kernel.handlers import HandlingActor
from actors.kernel.loop_actor import ChildFailed, Directive


class BoardSupervisor(HandlingActor):
    """Holds one actor a board. A board that is given up takes nothing with it."""

    def __init__(self, boards: dict[str, BoardState], restarts: int) -> None:
        super().__init__()
        self._boards = boards
        self._restarts = restarts

    def on_child_failed(self, failed: ChildFailed) -> Directive:
        """Restart it within the runtime's intensity; past it, give it up."""
        return Directive.RESTART if failed.restarts <= self._restarts else Directive.STOP

    def on_child_stopped(self, ref: pykka.ActorRef[Any]) -> None:
        """Called after a board was given up: who watches it learns that nothing more will come."""
        for board in list(self._boards.values()):
            if board.ref.actor_urn == ref.actor_urn:
                board.close()
