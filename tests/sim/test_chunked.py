"""A body is read as h11 alone would read it, wherever it is cut and whatever is wrong with it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import h11
import httpx
from hypothesis import given
from hypothesis import strategies as st

from actors.sim.transport import SimTransport, Wire

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
ORIGIN = "127.0.0.1", 80
REQUEST = httpx.Request("GET", "http://127.0.0.1/")


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


tricky = st.sampled_from([b"\r\n", b"\r\n\r\n", b"3\r\nabc\r\n", b"\n"])
plain = st.one_of(st.binary(min_size=1, max_size=20), tricky).map(chunk)
odd = st.sampled_from(
    [
        b"0\r\n\r\n",
        b"0\r\nx: y\r\n\r\n",
        b"003;a=b\r\nabc\r\n",
        b"A \r\n0123456789\r\n",
        b"zz\r\n",
        b"3\r\nab",
        b"3\r\nabcde\r\n",
        b"\r\n",
    ]
)
bodies = st.lists(st.one_of(plain, plain, plain, odd), max_size=6).map(b"".join)


def pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(body)) for cut in cuts} | {0, len(body)})
    return [body[begin:end] for begin, end in zip(places, places[1:], strict=False)]


class Reads:
    """An end whose reads are written down; then the connection ends."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter(pieces)

    async def read(self, _: int) -> bytes:
        return next(self._pieces, b"")

    def write(self, _: bytes) -> None:
        pass


async def by_wire(received: list[bytes]) -> list[bytes | str]:
    wire = Wire(cast("Any", Reads(received)))
    await wire.send(REQUEST)
    await wire.response(cast("SimTransport", None), ORIGIN)
    read: list[bytes | str] = []
    try:
        while data := await wire.read():
            read.append(data)
    except httpx.RemoteProtocolError as error:
        read.append(str(error))
    return read


def by_h11(received: list[bytes]) -> list[bytes | str]:
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("host", "127.0.0.1")]))
    client.send(h11.EndOfMessage())
    read: list[bytes | str] = []
    for data in [*received, b""]:
        client.receive_data(data)
        content = b""
        try:
            while (event := client.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Data):
                    content += event.data
                elif isinstance(event, h11.EndOfMessage):
                    return [*read, content] if content else read
        except h11.RemoteProtocolError as error:
            return [*read, content, str(error)] if content else [*read, str(error)]
        if content:
            read.append(content)
    raise AssertionError("a connection that ends is an event")


@given(bodies, st.lists(st.integers(0, 120), max_size=8))
def test_a_body_is_read_as_h11_reads_it(body: bytes, cuts: list[int]) -> None:
    first, *others = pieces(body, cuts) or [b""]
    received = [HEAD + first, *others]
    assert asyncio.run(by_wire(received)) == by_h11(received)
