"""A port of the provider that can be shut: then connections to it are refused.

A refused connection never becomes a request, so it has no key and no script can ask for it. What can be said
is which port refuses: give a session a door of its own, and open it when the session has been refused once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from actors.config import Endpoint
from actors.provider.connection import Answer, Connection
from actors.provider.desk import MODEL, SESSION_HEADER, Request


class Door:
    """Shut when made.

    Args:
        port: its number; it stays the same however often the door is opened and shut.
        answer: what is said to a request that comes in.
        count: told of each connection that comes or goes.
        keep_alive_s: so many seconds an idle connection stays open.
    """

    def __init__(
        self,
        port: int,
        answer: Callable[[Request], Answer],
        count: Callable[[Literal[1, -1]], None],
        keep_alive_s: float,
    ) -> None:
        self.port = port
        self.answer = answer
        self.keep_alive_s = keep_alive_s
        self._count = count
        self._connections: dict[Connection, None] = {}

    @property
    def base_url(self) -> str:
        """Such as `http://127.0.0.1:8080/v1`."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def is_open(self) -> bool:
        """Whether connections are accepted, and a further request by one that is there."""
        raise NotImplementedError

    def endpoint(self, **overrides: Any) -> Endpoint:
        """The settings of a client that comes in by this door; `overrides` are fields of `Endpoint`."""
        settings = Endpoint(
            base_url=self.base_url, model=MODEL, session_header=SESSION_HEADER, provider="scripted"
        )
        return msgspec.structs.replace(settings, **overrides)

    def open(self) -> None:
        """Accept connections from now on."""
        raise NotImplementedError

    def shut(self) -> None:
        """Refuse connections from now on, and close idle ones; responses go on, and close theirs at their end."""
        raise NotImplementedError

    def opened(self, connection: Connection) -> None:
        """Called when a client has connected."""
        self._connections[connection] = None
        self._count(1)

    def closed(self, connection: Connection) -> None:
        """Called when the connection is gone, whoever ended it."""
        self._connections.pop(connection, None)
        self._count(-1)

    def _close_idle(self) -> None:
        for connection in [connection for connection in self._connections if not connection.serving]:
            connection.close()
