"""One connection of a client: requests in, by h11, and a performance for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias

import h11

from actors.provider.actions import Action
from actors.provider.chunks import Asked
from actors.provider.desk import MAX_BODY, Request, refusal
from actors.provider.ledger import Serving
from actors.provider.performance import Performance
from actors.provider.render import render

_MAX_EARLY = 64 * 1024
"""So many bytes of further requests may come in while one is served; then the socket is not read."""


Answer: TypeAlias = tuple[Iterator[Action], Callable[[Serving], None]]


class House(Protocol):
    """What a connection needs of the provider."""

    keep_alive_s: float

    @property
    def is_open(self) -> bool:
        """Whether a further request may come in by a connection that is there."""

    def answer(self, request: Request) -> Answer:
        """Enter the request; gives what to do and whom to tell how far it has come."""

    def opened(self, connection: Connection) -> None:
        """Called when a client has connected."""

    def closed(self, connection: Connection) -> None:
        """Called when the connection is gone, whoever ended it."""


class Connection(asyncio.Protocol):
    """Serves one request after the other until either side closes."""

    _transport: asyncio.Transport

    def __init__(self, house: House) -> None:
        self._house = house
        self._parser = h11.Connection(h11.SERVER)
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._early = 0
        self._performance: Performance | None = None
        self._idle: asyncio.TimerHandle | None = None

    @property
    def serving(self) -> bool:
        """Whether a response is under way."""
        return self._performance is not None

    def close(self) -> None:
        """Close the connection once what was written is sent."""
        self._transport.close()

    def abort(self) -> None:
        """Drop the connection at once."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client has connected."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows the type: this is TCP
        self._transport = transport
        # Pausing as soon as the kernel takes no more makes "held" mean that everything before is sent.
        transport.set_write_buffer_limits(high=0)
        self._house.opened(self)
        self._expire()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - a fault of the client is no news
        """The connection is gone."""
        self._unexpire()
        if self._performance is not None:
            self._performance.abandon()
        self._house.closed(self)

    def data_received(self, data: bytes) -> None:
        """The client has sent something."""
        self._parser.receive_data(data)
        if self._performance is None:
            self._read()
            return
        self._early += len(data)
        if self._early > _MAX_EARLY:
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        """The client does not keep up."""
        if self._performance is not None:
            self._performance.pause()

    def resume_writing(self) -> None:
        """The client has caught up."""
        if self._performance is not None:
            self._performance.resume()

    def _read(self) -> None:
        self._unexpire()
        try:
            while self._performance is None and self._take(self._parser.next_event()):
                pass
        except h11.RemoteProtocolError as error:
            page = refusal(400, f"not HTTP: {error}")
            self._perform(render(page, Asked(stream=False, close=True)), lambda _: None)
        if self._performance is None:
            self._expire()

    def _take(self, event: object) -> bool:
        """Gives whether there may be more to read."""
        match event:
            case h11.Request():
                self._head = event
                if self._parser.they_are_waiting_for_100_continue:
                    self._continue()
            case h11.Data():
                # What is too long is still read to its end: closing on a client that writes would reset it.
                if len(self._body) <= MAX_BODY:
                    self._body += event.data
            case h11.EndOfMessage():
                self._answer()
            case _:
                return False
        return True

    def _continue(self) -> None:
        interim = self._parser.send(h11.InformationalResponse(status_code=100, headers=[]))
        if interim is not None:
            self._transport.write(interim)

    def _answer(self) -> None:
        assert self._head is not None  # noqa: S101 - h11 gives no EndOfMessage without a Request
        request = Request(
            method=self._head.method.decode(),
            path=self._head.target.decode(),
            headers={name.decode(): value.decode("latin-1") for name, value in self._head.headers},
            data=bytes(self._body) if len(self._body) <= MAX_BODY else None,
            http_version=self._head.http_version.decode(),
        )
        self._perform(*self._house.answer(request))

    def _perform(self, actions: Iterator[Action], progressed: Callable[[Serving], None]) -> None:
        self._performance = Performance(self._transport, actions, progressed, self._finished)
        self._performance.start()

    def _finished(self, close: bool) -> None:
        self._performance = None
        if close or not self._house.is_open or self._transport.is_closing():
            self._transport.close()
            return
        early = self._parser.trailing_data[0]
        self._parser = h11.Connection(h11.SERVER)
        self._parser.receive_data(early) if early else None
        self._body = bytearray()
        self._early = 0
        self._transport.resume_reading()
        # Not at once: a client that sends many requests in one piece would nest as deep.
        asyncio.get_running_loop().call_soon(self._read_next)

    def _read_next(self) -> None:
        if self._performance is None and not self._transport.is_closing():
            self._read()

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(self._house.keep_alive_s, self._transport.close)

    def _unexpire(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
