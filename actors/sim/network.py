"""The network of a simulation: ports, and who answers at them."""

from __future__ import annotations

import asyncio
import errno
import random
import socket

from actors.provider.connection import Connection
from actors.provider.door import Door
from actors.sim.link import ClientEnd, Link

_FIRST_PORT = 20_001
_TRIP_S = 0.001, 0.006
"""How long it takes to connect, or to be refused, in seconds: at least, at most."""


class Network:
    """One address, 127.0.0.1.

    Args:
        rng: how long bytes are under way, and where reads cut them.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._doors: dict[int, Door] = {}

    def free_port(self) -> int:
        """A port that is nobody's."""
        return _FIRST_PORT + len(self._doors)

    def place(self, door: Door) -> None:
        """Have a door answer at its port."""
        self._doors[door.port] = door

    async def connect(self, host: str, port: int) -> ClientEnd:
        """Connect to a door.

        Raises:
            ConnectionRefusedError: there is none, or it is shut.
            socket.gaierror: the host is another.
        """
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._rng.uniform(*_TRIP_S))
        if host not in {"127.0.0.1", "localhost"}:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        door = self._doors.get(port)
        if door is None or not door.is_open:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        return Link(loop, self._rng, Connection(door)).client
