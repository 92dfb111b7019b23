"""The one thing that aiohttp keeps from its reader; and that nothing is left on a connection that is used again."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from actors.provider import BadChunk, Gate, Pause, Reply, ScriptedProvider
from actors.waking import WakingResponse, _retrieve

BODY = {"model": "m", "messages": [], "stream": True}


def session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(response_class=WakingResponse)


async def read_past(provider: ScriptedProvider, gate: Gate) -> None:
    async with (
        session() as client,
        client.post(f"{provider.base_url}/chat/completions", json=BODY) as response,
    ):
        assert await response.content.readany()
        waiting = asyncio.ensure_future(response.content.read())
        gate.set()
        with pytest.raises(aiohttp.ClientResponseError):
            await waiting


def test_a_reader_that_waits_is_woken_by_garbage() -> None:
    gate = Gate()
    broken = Reply("Some text.").but(Pause(after=1, gate=gate), BadChunk(after=1))
    with ScriptedProvider(default=broken) as provider:
        asyncio.run(asyncio.wait_for(read_past(provider, gate), 5))


async def callbacks_after(provider: ScriptedProvider, gates: list[Gate]) -> list[Any]:
    async with session() as client:
        for gate in gates:
            async with client.post(f"{provider.base_url}/chat/completions", json=BODY) as response:
                assert response.connection is not None
                protocol: Any = response.connection.protocol
                assert (
                    len(protocol.closed._callbacks) == 2
                )  # while it is read: the waking, and the retrieving
                gate.set()
                await response.read()
        return [callback for callback, _ in protocol.closed._callbacks]


def test_a_connection_that_is_used_again_keeps_nothing_of_earlier_responses() -> None:
    gates = [Gate(), Gate(), Gate()]
    with ScriptedProvider() as provider:
        provider.script("m", *(Reply("Some text.").but(Pause(after=1, gate=gate)) for gate in gates))
        assert asyncio.run(callbacks_after(provider, gates)) == [_retrieve]
