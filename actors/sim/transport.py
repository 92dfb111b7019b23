"""httpx on a simulated network: HTTP/1.1 by h11, and a pool of connections that are kept alive, as httpcore has it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import TypeAlias

import h11
import httpx

from actors.errors import SimulationError
from actors.receiving import READ_SIZE
from actors.sim.chunked import ChunkScanner
from actors.sim.link import ClientEnd
from actors.sim.network import Network
from actors.transport import BODY, KEEPALIVE_S

_MAX_EVENT = 100 * 1024
"""Of headers and chunk headers; httpcore's."""

Origin: TypeAlias = tuple[str, int]


class SimTransport(httpx.AsyncBaseTransport):
    """Carries requests over a `Network`, and says what goes wrong as httpx's own transport does."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._idle: dict[Origin, deque[tuple[float, Wire]]] = {}
        """By origin, each with the moment when it has been idle for too long; the one that waits longest first."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As httpx's."""
        if request.url.scheme != "http":
            raise SimulationError(f"{request.url.scheme} in a simulation: its network speaks plain http")
        origin = request.url.host, request.url.port if request.url.port is not None else 80
        wire = self._take(origin)
        if wire is None:
            wire = await self._connect(origin)
        try:
            await wire.send(request)
            return await wire.response(self, origin)
        except BaseException:
            wire.close()
            raise

    async def _connect(self, origin: Origin) -> Wire:
        try:
            return Wire(await self._network.connect(*origin))
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error

    def _take(self, origin: Origin) -> Wire | None:
        idle = self._idle.get(origin)
        now = asyncio.get_running_loop().time()
        while idle and idle[0][0] < now:
            idle.popleft()[1].close()
        while idle:
            _, wire = idle.pop()
            if not wire.is_dead:
                return wire
            wire.close()
        return None

    def release(self, wire: Wire, origin: Origin) -> None:
        """Keep a connection whose exchange is over, or close it where it was not read to its end."""
        if wire.recycle():
            until = asyncio.get_running_loop().time() + KEEPALIVE_S
            self._idle.setdefault(origin, deque()).append((until, wire))
        else:
            wire.close()

    async def aclose(self) -> None:
        """Close all idle connections."""
        for idle in self._idle.values():
            for _, wire in idle:
                wire.close()
        self._idle.clear()


class Wire:
    """A connection, with HTTP on it."""

    def __init__(self, end: ClientEnd) -> None:
        self._end = end
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_EVENT)
        self._is_dry = False
        """Whether h11 has said by now that it needs data."""
        self._chunks = ChunkScanner(chunked=False)
        self._broken: httpx.RemoteProtocolError | None = None

    @property
    def is_dead(self) -> bool:
        """Whether the server has closed it, or said something unasked."""
        return self._end.readable

    async def send(self, request: httpx.Request) -> None:
        """Send a request, whole."""
        try:
            head = h11.Request(
                method=request.method, target=request.url.raw_path, headers=request.headers.raw
            )
            data = bytearray(self._http.send(head) or b"")
            async for part in request.stream:  # type: ignore[union-attr]  # an async client's requests have it
                data += self._http.send(h11.Data(data=part)) or b""
            data += self._http.send(h11.EndOfMessage()) or b""
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error
        self._end.write(bytes(data))

    async def response(self, pool: SimTransport, origin: Origin) -> httpx.Response:
        """Read the head of the response."""
        while not isinstance(event := self._next(), h11.Response):
            if self._is_dry:
                self._http.receive_data(await self._receive())
        body = _Body(self, pool, origin)
        self._chunks = ChunkScanner(chunked=(b"transfer-encoding", b"chunked") in event.headers)
        self._chunks.scan(self._http.trailing_data[0])
        return httpx.Response(
            event.status_code,
            headers=event.headers.raw_items(),
            stream=body,
            extensions={
                "http_version": b"HTTP/" + event.http_version,
                "reason_phrase": event.reason,
                BODY: self,
            },
        )

    async def read(self) -> bytes:
        """What one read gives of the body; nothing at its end."""
        if self._broken is not None:
            raise self._broken
        data = b""
        while not data and self._http.their_state is h11.SEND_BODY:
            if self._is_dry:
                received = await self._receive()
                if content := self._chunks.scan(received):
                    return content
                self._http.receive_data(received)
            data = self._parsed()
        return data

    def _parsed(self) -> bytes:
        """What h11 makes of what it has."""
        data = b""
        try:
            while isinstance(event := self._next(), h11.Data):
                data += event.data
        except httpx.RemoteProtocolError as error:
            if not data:
                raise
            self._broken = error  # what came before it is good
        return data

    def close(self) -> None:
        """Close the connection."""
        self._end.close()

    def recycle(self) -> bool:
        """Make ready for the next exchange; False: the last one is not over."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    async def _receive(self) -> bytes:
        try:
            data = await self._end.read(READ_SIZE)
        except OSError as error:
            raise httpx.ReadError(str(error)) from error
        if not data and self._http.their_state is h11.SEND_RESPONSE:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return data

    def _next(self) -> object:
        try:
            event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        self._is_dry = event is h11.NEED_DATA
        return event


class _Body(httpx.AsyncByteStream):
    def __init__(self, wire: Wire, pool: SimTransport, origin: Origin) -> None:
        self._wire = wire
        self._pool = pool
        self._origin = origin
        self._open = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while data := await self._wire.read():
            yield data

    async def aclose(self) -> None:
        if self._open:
            self._open = False
            self._pool.release(self._wire, self._origin)
