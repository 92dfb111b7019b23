"""HTTP/1.1 around a body, by h11, without a socket."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Literal, TypeAlias

import h11

from actors.provider.chunks import Asked

Framing: TypeAlias = Literal["chunked", "length", "close"]


class Framer:
    """Turns one response into bytes. A method is called once, in the order head, data, end."""

    def __init__(self, asked: Asked, framing: Framing = "chunked") -> None:
        self._wire = h11.Connection(h11.SERVER)
        self._chunked = False
        self._bodiless = asked.method == "HEAD"
        # To HTTP/1.0 a body without a length ends with the connection (RFC 9112, 6.3): h11 frames it so if it
        # believes that it answers such a client.
        version = "1.0" if framing == "close" else asked.http_version
        if self._bodiless or asked.close or version != "1.1":
            close = "connection: close\r\n" if asked.close else ""
            self._ask(f"{asked.method} / HTTP/{version}\r\nhost: localhost\r\n{close}\r\n".encode())
        else:
            # h11 lets a server answer what it has not read yet, and to read it takes as long as the whole answer.
            self._wire.their_http_version = b"1.1"

    def _ask(self, request: bytes) -> None:
        self._wire.receive_data(request)
        while not isinstance(self._wire.next_event(), h11.EndOfMessage):
            pass

    def head(self, status: int, headers: Iterable[tuple[str, str]]) -> bytes:
        """The status line and the headers; without a content-length the body is framed in chunks."""
        response = h11.Response(status_code=status, headers=list(headers), reason=_reason(status))
        head = self._bytes(response)
        self._chunked = b"transfer-encoding: chunked" in head.lower()
        return head

    def data(self, data: bytes) -> bytes:
        """A piece of the body; empty for nothing."""
        if not data or self._bodiless:
            return b""
        # As h11 would: it takes five times as long, and this is done for each delta.
        return b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else self._bytes(h11.Data(data=data))

    def end(self) -> bytes:
        """What ends the body."""
        return self._bytes(h11.EndOfMessage())

    def _bytes(self, event: h11.Response | h11.Data | h11.EndOfMessage) -> bytes:
        return bytes(self._wire.send(event))

    @property
    def closes(self) -> bool:
        """Whether the connection ends with this response."""
        return self._wire.our_state in {h11.MUST_CLOSE, h11.CLOSED}


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
