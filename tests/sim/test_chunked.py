"""A body is read as h11 alone would read it, wherever it is cut and whatever is wrong with it."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, cast

import h11
import httpx
from hypothesis import example, given
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
        b"3\r\nabcde",
        b"\r\n",
    ]
)
parts = st.one_of(plain, plain, plain, odd)


@st.composite
def receipts(draw: st.DrawFn) -> list[bytes]:
    """A body as it is received: mostly from part to part, sometimes cut within one."""
    received = [b""]
    for part in draw(st.lists(parts, max_size=6)):
        cuts = sorted({0, *draw(st.lists(st.integers(0, len(part)), max_size=3)), len(part)})
        pieces = [part[begin:end] for begin, end in itertools.pairwise(cuts)]
        if draw(st.booleans()):
            received[-1] += pieces.pop(0)
        received += pieces
    return received


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


@given(receipts())
@example([b"", b"3\r\nabcde"])
@example([b"a\r\nab", b"c", b"2\r\nde\r\n", b"\r\n"])
def test_a_body_is_read_as_h11_reads_it(body: list[bytes]) -> None:
    received = [HEAD + body[0], *body[1:]]
    assert asyncio.run(by_wire(received)) == by_h11(received)
