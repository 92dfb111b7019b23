"""A port of the provider that can be shut: then connections to it are refused by the kernel.

A refused connection never becomes a request, so it has no key and no script can ask for it. What can be said
is which port refuses: give a session a door of its own, and open it when the session has been refused once.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from actors.config import Endpoint
from actors.provider.connection import Answer, Connection
from actors.provider.desk import MODEL, SESSION_HEADER, Request
from actors.provider.stage import Stage

BACKLOG = 4096
"""So many connections may wait to be accepted, where the kernel allows as many."""


class Door:
    """Shut when made. The port is held while it is shut, so nobody else can answer on it."""

    def __init__(
        self,
        stage: Stage,
        answer: Callable[[Request], Answer],
        count: Callable[[Literal[1, -1]], None],
        keep_alive_s: float,
    ) -> None:
        self.answer = answer
        self.keep_alive_s = keep_alive_s
        self._stage = stage
        self._count = count
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._reserved: socket.socket | None = _bound(0)
        self.port: int = self._reserved.getsockname()[1]
        """Stays the same however often the door is opened and shut."""

    @property
    def base_url(self) -> str:
        """Such as `http://127.0.0.1:8080/v1`."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def is_open(self) -> bool:
        """Whether connections are accepted."""
        return self._server is not None

    def endpoint(self, **overrides: Any) -> Endpoint:
        """The settings of a client that comes in by this door; `overrides` are fields of `Endpoint`."""
        settings = Endpoint(
            base_url=self.base_url, model=MODEL, session_header=SESSION_HEADER, provider="scripted"
        )
        return msgspec.structs.replace(settings, **overrides)

    def open(self) -> None:
        """Accept connections from now on; from any thread."""
        self._stage.call(self._open())

    def shut(self) -> None:
        """Refuse connections from now on, and close idle ones; a response goes on, and ends its connection."""
        self._stage.call(self._shut())

    def opened(self, connection: Connection) -> None:
        """Called when a client has connected."""
        self._connections.add(connection)
        self._count(1)

    def closed(self, connection: Connection) -> None:
        """Called when the connection is gone, whoever ended it."""
        self._connections.discard(connection)
        self._count(-1)

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
        for connection in [connection for connection in self._connections if not connection.serving]:
            connection.close()

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
