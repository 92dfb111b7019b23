"""The scripted provider of a simulation: the same scripts and the same bytes, without a socket or a thread."""

from __future__ import annotations

from collections.abc import Callable

from actors.errors import SimulationError
from actors.provider.connection import Answer
from actors.provider.desk import Request
from actors.provider.door import Door
from actors.provider.playhouse import Playhouse
from actors.provider.plays import Script
from actors.sim.network import Network


class SimDoor(Door):
    """A door on the simulated network."""

    _open = False

    @property
    def is_open(self) -> bool:
        """See `Door`."""
        return self._open

    def open(self) -> None:
        """See `Door`."""
        self._open = True

    def shut(self) -> None:
        """See `Door`."""
        self._open = False
        self._close_idle()


class SimProvider(Playhouse):
    """As `ScriptedProvider`, on a simulated network; made by `Simulation`."""

    def __init__(
        self, network: Network, *, default: Script, seed: int, keep_alive_s: float, clock: Callable[[], float]
    ) -> None:
        super().__init__(default=default, seed=seed, keep_alive_s=keep_alive_s, clock=clock)
        self._network = network
        self._open_house()

    def _check_blocking(self, what: str, instead: str) -> None:
        raise SimulationError(
            f"provider.{what}() in a simulation would block its only thread: `await provider.{instead}(...)`"
        )

    def _new_door(self, answer: Callable[[Request], Answer]) -> Door:
        door = SimDoor(self._network.free_port(), answer, self._ledger.connected, self._keep_alive_s)
        self._network.place(door)
        return door
