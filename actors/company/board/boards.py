"""The blackboards of a runtime, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pykka

from actors.company.board.actor import BoardActor
from actors.company.board.keys import Keys
from actors.company.board.limits import BoardLimits
from actors.company.board.state import BoardState
from actors.company.board.supervisor import BoardSupervisor
from actors.errors import ConfigError
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.loop_actor import Restart
from actors.services import Services


class Boards:
    """Whoever calls holds the runtime's lock."""

    def __init__(self, services: Services) -> None:
        self._log = services.log
        self._intensity = services.config.intensity
        self._states: dict[str, BoardState] = {}
        self._supervisor: pykka.ActorRef[Any] | None = None

    def open(
        self,
        dispatcher: Dispatcher,
        guardian: pykka.ActorRef[Any],
        name: str,
        keys: Mapping[str, Any] | None,
        limits: BoardLimits,
    ) -> BoardState:
        """The board of that name; if there is none yet, a new one with these keys.

        Raises:
            ConfigError: there is none and no keys were given, or it has others.
        """
        state = self._states.get(name)
        if state is None:
            return self._begin(dispatcher, guardian, BoardState(name, Keys(name, keys or {}), limits))
        if keys is not None and not state.keys.same(keys):
            raise ConfigError("keys", f"board {name!r} was declared before, with other keys or types")
        return state

    def _begin(self, dispatcher: Dispatcher, guardian: pykka.ActorRef[Any], state: BoardState) -> BoardState:
        if self._supervisor is None:
            self._supervisor = dispatcher.spawn(
                BoardSupervisor,
                self._states,
                self._intensity.restarts,
                parent=guardian,
                restart=Restart.PERMANENT,
            )
        state.ref = dispatcher.spawn(
            BoardActor,
            state,
            self._log,
            parent=self._supervisor,
            restart=Restart.PERMANENT,
            intensity=self._intensity,
        )
        self._states[state.name] = state
        return state

    def close(self) -> None:
        """The runtime ends."""
        for state in self._states.values():
            state.close()
