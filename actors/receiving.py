"""aiohttp's connections, with a way around its tasks: what a read of the socket gave is handed over in its callback.

A body is poured into a function instead of awaited. The reader that aiohttp's parser feeds is made one that only
collects, and when the parser is done with a read, the connection hands over what it gave, in one piece. From the
socket to whoever waits for a delta it is one wake-up then, as it is for a loop that awaits bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler

from actors.valve import Valve

READ_SIZE = 64 * 1024
"""As many bytes a read gives at most: what a consumer that is paused gets in one piece."""


class Connection(ResponseHandler, asyncio.BufferedProtocol):
    """A connection that says when it has read something.

    It reads into a buffer that all connections of a pool share, because asyncio allocates 256 KiB for each read of any
    other protocol, and the C library gives them back to the kernel each time. uvloop has a buffer of its own, and takes
    this for a protocol without one.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, buffer: memoryview) -> None:
        super().__init__(loop)
        self._shared = buffer
        self.on_read: Callable[[], None] | None = None
        """Called when a read was parsed, and when the connection is lost."""

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Where the next read goes; what it gave is copied before there is another one."""
        return self._shared

    def buffer_updated(self, nbytes: int) -> None:
        """Called when so many bytes were read."""
        self._parse(self._shared[:nbytes].tobytes())

    def data_received(self, data: bytes) -> None:
        """Parse a read, and say so; a large one, as uvloop makes them, in parts."""
        if len(data) <= READ_SIZE:
            self._parse(data)
            return
        for start in range(0, len(data), READ_SIZE):
            self._parse(data[start : start + READ_SIZE])

    def _parse(self, data: bytes) -> None:
        super().data_received(data)
        if self.on_read is not None:
            self.on_read()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Called once, last."""
        super().connection_lost(exc)
        if self.on_read is not None:
            self.on_read()

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """Called when no response can go on; aiohttp does not tell the reader of a chunk whose header is bad."""
        super().set_exception(exc, *cause)
        reader = self._payload
        if reader is not None and not reader.is_eof() and reader.exception() is None:
            reader.set_exception(httpx.RemoteProtocolError(str(exc)))


class Connector(aiohttp.TCPConnector):
    """A pool of such connections."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        buffer = memoryview(bytearray(READ_SIZE))
        self._factory: Any = lambda: Connection(self._loop, buffer)


class Collector(aiohttp.StreamReader):
    """Keeps what aiohttp's parser feeds it until it is taken. It bounds nothing: a valve does, a read at a time."""

    __slots__ = ()  # so that a reader of aiohttp's can become one

    def feed_data(self, data: bytes, _size: int = 0) -> bool:
        """Keep a piece. Gives whether there is more of it to come by decompression."""
        self._buffer.append(data)
        return False

    def begin_http_chunk_receiving(self) -> None:
        """HTTP's chunks mean nothing here."""

    def end_http_chunk_receiving(self) -> None:
        """The same."""

    def take(self) -> bytes:
        """All that is kept, in one piece; empty for nothing."""
        data = b"".join(self._buffer)
        self._buffer.clear()
        return data


class Body:
    """The body of a response: read or poured, the one or the other."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._reader = response.content
        connection = None if response.connection is None else response.connection.protocol
        self._connection = connection if isinstance(connection, Connection) else None

    async def read(self) -> bytes:
        """What the next read gives; empty at its end."""
        return await self._reader.read(READ_SIZE)

    @property
    def pours(self) -> bool:
        """Whether it can be poured. One that came whole with its headers is as quick to read."""
        return self._connection is not None and type(self._reader) in {aiohttp.StreamReader, Collector}

    async def pour(self, take: Callable[[bytes], bool], valve: Valve) -> bool:
        """Have `take` called with each read; see `Pouring.run`."""
        self._reader.__class__ = Collector
        return await Pouring(self._reader, self._connection, take, valve).run()


class Pouring:
    """A body on its way into `take`, which says whether that was enough.

    Args:
        reader: what is fed with the body; from here on nothing can be awaited of it.
        connection: whence it comes.
        take: called with each read.
        valve: while it is shut, the socket is not read.
    """

    def __init__(
        self,
        reader: aiohttp.StreamReader,
        connection: Connection | None,
        take: Callable[[bytes], bool],
        valve: Valve,
    ) -> None:
        self._reader: Any = reader
        self._connection = connection
        self._take = take
        self._valve = valve
        self._over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def run(self) -> bool:
        """Until the body ends, or it was enough: then True.

        Raises:
            Exception: what `take` raised, or why the body broke off.
        """
        if self._reader.is_eof():
            self._connection = None  # it may be another response's by now
        self._valve.on_turn = self._turn
        try:
            if self._connection is not None:
                self._connection.on_read = self._flow
                self._connection.resume_reading()  # aiohttp may have stopped it, with part of a read unparsed
            self._turn()
            return await self._over
        finally:
            self._valve.on_turn = None
            self._leave()

    def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.on_read = None

    def _turn(self) -> None:
        transport = None if self._connection is None else self._connection.transport
        if transport is not None:
            if self._valve.is_open:
                transport.resume_reading()
            else:
                transport.pause_reading()
        self._flow()

    def _flow(self) -> None:
        reader, over = self._reader, self._over
        ends = reader.is_eof()
        if ends:
            self._leave()  # the connection is back in its pool
        if over.done() or not self._valve.is_open:
            return
        enough = False
        try:
            data = reader.take()
            enough = bool(data) and self._take(data)
            error = reader.exception()
        except BaseException as raised:  # noqa: BLE001 - it is raised where the body is awaited
            error = raised
        if over.done():
            return  # what `take` did led to our being cancelled
        if enough or (error is None and ends):
            over.set_result(enough)
        elif error is not None:
            over.set_exception(error)
