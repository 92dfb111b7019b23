"""A door on loopback: the kernel refuses who comes while it is shut."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Literal

from actors.provider.connection import Answer, Connection
from actors.provider.desk import Request
from actors.provider.door import Door
from actors.provider.stage import Stage

BACKLOG = 4096
"""So many connections may wait to be accepted, where the kernel allows as many."""


class SocketDoor(Door):
    """A `Door` on the provider's own thread. Its port is held while it is shut, so nobody else can answer on it."""

    def __init__(
        self,
        stage: Stage,
        answer: Callable[[Request], Answer],
        count: Callable[[Literal[1, -1]], None],
        keep_alive_s: float,
    ) -> None:
        self._stage = stage
        self._server: asyncio.Server | None = None
        self._reserved: socket.socket | None = _bound(0)
        super().__init__(self._reserved.getsockname()[1], answer, count, keep_alive_s)

    @property
    def is_open(self) -> bool:
        """See `Door`."""
        return self._server is not None

    def open(self) -> None:
        """See `Door`; from any thread."""
        self._stage.call(self._open())

    def shut(self) -> None:
        """See `Door`; from any thread."""
        self._stage.call(self._shut())

    def closed(self, connection: Connection) -> None:
        """See `Door`; told once the socket is closed too: asyncio closes it when its protocol has heard."""
        asyncio.get_running_loop().call_soon(super().closed, connection)

    async def _open(self) -> None:
        if self._reserved is not None:
            listener, self._reserved = self._reserved, None
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: Connection(self), sock=listener, backlog=BACKLOG)

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            self._reserved = _bound(self.port)
        self._close_idle()

    async def dismantle(self) -> None:
        """Let go of the port and drop every connection."""
        await self._shut()
        if self._reserved is not None:
            self._reserved.close()
        for connection in self._connections:
            connection.abort()
        while self._connections:  # noqa: ASYNC110 - no wait: transports say goodbye in the loop's next round
            await asyncio.sleep(0)


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise
    return bound
