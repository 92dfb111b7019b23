"""A connection in memory: what one end writes arrives at the other a little later, in its order, as the seed cuts it.

The server's end is an `asyncio.Transport`, so that the provider's own `Connection` serves it as it serves a socket.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from actors.provider.connection import Connection

WINDOW = 128 * 1024
"""So many bytes that the client has not read may be under way; then the server is told to pause."""
_TRIP_S = 0.0005, 0.003
"""How long a link's bytes are under way, in seconds: at least, at most."""
_JITTER_S = 0.001
"""So much longer, at most, for each write."""
_CUT = 0.05
"""How often a read gives less than is there."""


class Way:
    """One direction: first in, first out."""

    def __init__(self, loop: asyncio.AbstractEventLoop, rng: random.Random) -> None:
        self._loop = loop
        self._rng = rng
        self._trip = rng.uniform(*_TRIP_S)
        self._last = 0.0

    def send(self, arrive: Callable[..., object], *args: Any) -> None:
        """Have something called at the other end."""
        self._last = max(self._last, self._loop.time() + self._trip + self._rng.random() * _JITTER_S)
        self._loop.call_at(self._last, arrive, *args)


class ServerEnd(asyncio.Transport):
    """The server's end."""

    def __init__(self, link: Link, connection: Connection) -> None:
        super().__init__()
        self._link = link
        self._connection = connection
        self._paused = False
        self._closing = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ARG002 - there is no socket
        """Nothing: there is no socket."""
        return default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """What is written is under way at once: nothing is buffered here."""

    def get_write_buffer_size(self) -> int:
        """See `set_write_buffer_limits`."""
        return 0

    def is_closing(self) -> bool:
        """Whether either end has closed."""
        return self._closing

    def pause_reading(self) -> None:
        """The client sends one request, and then waits: there is nothing to hold back."""

    def resume_reading(self) -> None:
        """See `pause_reading`."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes to the client."""
        if self._closing or not data:
            return
        self._link.unread += len(data)
        self._link.down.send(self._link.client.arrived, bytes(data))
        self.adapt()

    def adapt(self) -> None:
        """Have the connection pause, or go on, as the client reads."""
        full = self._link.unread > WINDOW
        if full != self._paused and not self._closing:
            self._paused = full
            self._connection.pause_writing() if full else self._connection.resume_writing()

    def close(self) -> None:
        """End the connection behind what was written (FIN)."""
        self._end(self._link.client.ended)

    def abort(self) -> None:
        """End it by a reset (RST), which does not overtake what was written."""
        self._end(self._link.client.reset)

    def _end(self, arrive: Callable[[], None]) -> None:
        if not self._closing:
            self._link.down.send(arrive)
            self._lose()

    def _lose(self) -> None:
        self._closing = True
        self._link.loop.call_soon(self._connection.connection_lost, None)

    # What comes from the client

    def arrived(self, data: bytes) -> None:
        """Bytes have come."""
        if not self._closing:
            self._connection.data_received(data)

    def left(self) -> None:
        """The client has closed."""
        if not self._closing:
            self._lose()


class ClientEnd:
    """The client's end."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._buffer = bytearray()
        self._eof = False
        self._reset = False
        self._closed = False
        self._waiter: asyncio.Future[None] | None = None

    @property
    def readable(self) -> bool:
        """Whether a read would not wait."""
        return bool(self._buffer) or self._eof or self._reset

    async def read(self, size: int) -> bytes:
        """At most so many bytes, as soon as there are any; none at the end.

        Raises:
            ConnectionResetError: the server has reset the connection.
        """
        if not self.readable:
            self._waiter = self._link.loop.create_future()
            await self._waiter
        if not self._buffer:
            if self._reset:
                raise ConnectionResetError(104, "Connection reset by peer")
            return b""
        data = bytes(self._buffer[: self._cut(min(size, len(self._buffer)))])
        del self._buffer[: len(data)]
        self._link.unread -= len(data)
        self._link.server.adapt()
        return data

    def _cut(self, size: int) -> int:
        rng = self._link.rng
        return 1 + int(rng.random() * size) if rng.random() < _CUT else size

    def write(self, data: bytes) -> None:
        """Send bytes to the server."""
        self._link.up.send(self._link.server.arrived, data)

    def close(self) -> None:
        """End the connection; what is under way is lost."""
        if not self._closed:
            self._closed = True
            self._buffer.clear()
            self._link.up.send(self._link.server.left)

    # What comes from the server

    def arrived(self, data: bytes) -> None:
        """Bytes have come."""
        if not self._closed:
            self._buffer += data
            self._wake()

    def ended(self) -> None:
        """The server has closed."""
        self._eof = True
        self._wake()

    def reset(self) -> None:
        """The server has reset the connection."""
        self._reset = True
        self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class Link:
    """Both ends, and the ways between them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, rng: random.Random, connection: Connection) -> None:
        self.loop = loop
        self.rng = rng
        self.unread = 0
        """How many bytes the server has written and the client has not read."""
        self.up = Way(loop, rng)
        self.down = Way(loop, rng)
        self.client = ClientEnd(self)
        self.server = ServerEnd(self, connection)
        connection.connection_made(self.server)
