"""Bodies that are poured from the socket's callback, and what aiohttp does not promise of which that makes use."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from actors.diagnosis import TransportFailure
from actors.outcome import Transport
from actors.provider import BadChunk, Gate, Pause, Play, Reply, Reset, ScriptedProvider
from actors.receiving import READ_SIZE, Collector, Connection
from actors.transport import HttpTransport, Response
from actors.valve import Valve

BODY = b'{"model": "m", "messages": [], "stream": true}'
TALE = Reply(deltas=tuple(f"{number:04} " for number in range(500)), slice=100)
"""In many small writes: what a read holds has nothing to do with HTTP's chunks, nor with events."""
FLOOD = Reply(deltas=("x" * 8192,) * 2048)
"""16 MiB: more than the kernel holds back."""


@pytest.fixture(params=["aiohttp", "httpx"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def run(kind: str, play: Callable[[HttpTransport, ScriptedProvider], Any], *replies: Play) -> Any:
    async def main() -> Any:
        transport = HttpTransport(provider.endpoint(transport=kind))
        try:
            return await asyncio.wait_for(play(transport, provider), 10)
        finally:
            await transport.aclose()

    with ScriptedProvider(default=replies[-1]) as provider:
        provider.script("m", *replies)
        return asyncio.run(main())


@asynccontextmanager
async def asked(transport: HttpTransport) -> AsyncIterator[Response]:
    async with transport.stream(BODY, {}, connect_s=5) as response:
        yield response


async def pour_all(response: Response, valve: Valve | None = None) -> bytes:
    parts = bytearray()

    def take(data: bytes) -> bool:
        parts.extend(data)
        return False

    assert not await response.pour(take, Valve() if valve is None else valve)
    return bytes(parts)


async def read_all(response: Response) -> list[bytes]:
    parts: list[bytes] = []
    while data := await response.read():
        parts.append(data)
    return parts


def test_what_is_poured_is_what_is_read(kind: str) -> None:
    async def play(transport: HttpTransport, _: ScriptedProvider) -> list[bytes]:
        async with asked(transport) as response:
            poured = await pour_all(response)
        async with asked(transport) as response:
            return [poured, b"".join(await read_all(response))]

    poured, read = run(kind, play, TALE)

    assert poured.count(b"data: ") == read.count(b"data: ") > 500
    assert poured.endswith(b"data: [DONE]\n\n")


def test_enough_is_enough_and_the_rest_can_be_poured_again_and_leaves_the_connection_to_others(
    kind: str,
) -> None:
    gate = Gate()

    async def play(transport: HttpTransport, provider: ScriptedProvider) -> None:
        async with asked(transport) as response:
            assert await response.pour(lambda data: b"0001 " in data, Valve())
            gate.set()
            assert (await pour_all(response)).endswith(b"[DONE]\n\n")
        async with asked(transport) as response:
            assert b"0499 " in await pour_all(response)
        assert provider.open_connections == 1

    run(kind, play, TALE.but(Pause(after=2, gate=gate)), TALE)


def test_a_shut_valve_holds_the_socket_back_and_loses_nothing(kind: str) -> None:
    last = Gate()

    async def play(transport: HttpTransport, _: ScriptedProvider) -> int:
        valve, size = Valve(), 0
        first = asyncio.Event()

        def take(data: bytes) -> bool:
            nonlocal size
            if not size:
                valve.shut()
                first.set()
            size += len(data)
            return False

        async with asked(transport) as response:
            pouring = asyncio.ensure_future(response.pour(take, valve))
            await first.wait()
            held = size
            assert not await asyncio.to_thread(_comes, last)  # the server can't get rid of it
            assert size == held <= 4 * READ_SIZE  # what came until it was poured, and one read
            last.set()
            valve.open()
            assert not await pouring
        return size

    assert run(kind, play, FLOOD.but(Pause(after=2047, gate=last))) > 2048 * 8192


def _comes(gate: Gate) -> bool:
    try:
        gate.wait_reached(0.2)
    except TimeoutError:
        return False
    return True


def test_a_valve_that_is_shut_from_the_beginning(kind: str) -> None:
    async def play(transport: HttpTransport, _: ScriptedProvider) -> bytes:
        valve = Valve()
        valve.shut()
        async with asked(transport) as response:
            pouring = asyncio.ensure_future(pour_all(response, valve))
            await asyncio.sleep(0)
            valve.open()
            return await pouring

    assert b"0499 " in run(kind, play, TALE)


def test_what_take_raises_is_raised_where_the_body_is_awaited(kind: str) -> None:
    def take(data: bytes) -> bool:
        raise ValueError("no body that I want")

    async def play(transport: HttpTransport, _: ScriptedProvider) -> None:
        async with asked(transport) as response:
            with pytest.raises(ValueError, match="no body that I want"):
                await response.pour(take, Valve())

    run(kind, play, TALE)


@pytest.mark.parametrize("fault", [Reset, BadChunk])
def test_all_that_came_before_the_connection_broke_is_poured(kind: str, fault: Any) -> None:
    gate = Gate()

    async def play(transport: HttpTransport, _: ScriptedProvider) -> None:
        parts: list[bytes] = []

        def take(data: bytes) -> bool:
            parts.append(data)
            gate.set()
            return False

        async with asked(transport) as response:
            with pytest.raises(TransportFailure) as caught:
                await response.pour(take, Valve())
        assert b"0001 " in b"".join(parts)
        assert isinstance(caught.value.outcome, Transport) == (fault is Reset)

    run(kind, play, TALE.but(Pause(after=2, gate=gate), fault(after=2)))


def test_a_reader_that_waits_is_woken_by_a_bad_chunk(kind: str) -> None:
    """aiohttp closes the connection, and tells everyone but the reader."""
    gate = Gate()

    async def play(transport: HttpTransport, _: ScriptedProvider) -> None:
        async with asked(transport) as response:
            assert await response.read()
            gate.set()
            with pytest.raises(TransportFailure):
                while await response.read():
                    pass

    run(kind, play, TALE.but(Pause(after=1, gate=gate), BadChunk(after=1)))


def test_nothing_more_is_taken_once_the_pouring_is_cancelled() -> None:
    """Also if that is what taking led to. httpx's reads give no such promise, while there is something to read."""
    gate = Gate()

    async def play(transport: HttpTransport, _: ScriptedProvider) -> None:
        taken: list[bytes] = []
        pouring: asyncio.Future[bool]

        def take(data: bytes) -> bool:
            taken.append(data)
            pouring.cancel()
            gate.set()
            return False

        async with asked(transport) as response:
            pouring = asyncio.ensure_future(response.pour(take, Valve()))
            with pytest.raises(asyncio.CancelledError):
                await pouring
            assert len(taken) == 1

    run("aiohttp", play, TALE.but(Pause(after=1, gate=gate)))


def test_the_default_transport_pours_from_the_sockets_callback() -> None:
    """All of it rests on what aiohttp does not promise: whose reader is ours to change, and who makes connections."""
    gate = Gate()

    async def play(transport: HttpTransport, _: ScriptedProvider) -> None:
        async with asked(transport) as response:
            body: Any = response._body
            connection = body._connection
            assert isinstance(connection, Connection)
            assert not connection.get_buffer(-1).readonly

            def take(data: bytes) -> bool:
                assert asyncio.current_task() is None  # but for the first, which came with the headers
                return True

            assert await response.pour(lambda _: True, Valve())
            assert type(body._reader) is Collector
            asyncio.get_running_loop().call_soon(gate.set)
            assert await response.pour(take, Valve())
            assert connection.on_read is None

    run("aiohttp", play, TALE.but(Pause(after=1, gate=gate)))


def test_what_comes_while_the_valve_is_shut_is_taken_when_it_opens() -> None:
    """Read, not poured: who waits for the socket when the valve is shut has something in hand afterwards."""

    async def main() -> None:
        awaited, there = asyncio.Event(), asyncio.Event()

        class Late(httpx.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                yield b"before, "
                awaited.set()
                await there.wait()
                yield b"after"

        response = Response(httpx.Response(200, stream=Late()), contextlib.nullcontext)
        valve, taken = Valve(), bytearray()

        def take(data: bytes) -> bool:
            taken.extend(data)
            return False

        pouring = asyncio.ensure_future(response.pour(take, valve))
        await awaited.wait()
        valve.shut()
        there.set()
        for _ in range(10):  # each is a whole round of the loop, and it needs two
            await asyncio.sleep(0)
        assert taken == b"before, "
        valve.open()
        assert not await pouring
        assert taken == b"before, after"

    asyncio.run(main())
