"""A client in a simulation receives the very bytes, and the very end, that one on a socket receives."""

from __future__ import annotations

import asyncio
import json
import re
import socket

import msgspec
import pytest

from actors.provider import (
    SESSION_HEADER,
    BadChunk,
    BadJson,
    BadStatusLine,
    Call,
    Delay,
    Eof,
    InBandError,
    Inject,
    InvalidUtf8,
    KeepAlives,
    Play,
    RawBody,
    Redirect,
    Reply,
    Reset,
    ScriptedProvider,
    Stall,
    Status,
    bandwidth,
    latency,
    limit_data,
    slicer,
)
from actors.provider.faults import Fault
from actors.provider.playhouse import Playhouse
from actors.provider.toxics import Toxic
from actors.sim import Simulation

STORY = Reply("The play's the thing", thoughts="hm", tool_calls=(Call("f", '{"a":1}'),), delta_chars=4)
FAULTS: tuple[Fault, ...] = (
    *(
        kind(after=place)
        for kind in (Reset, Eof, Stall)
        for place in (
            "before_headers",
            "after_headers",
            0,
            "in_text",
            "in_tool_call",
            "after_finish",
            "at_end",
        )
    ),
    *(Eof(after=place, terminated=False) for place in ("after_headers", 1, "at_end")),
    *(InBandError(after=1, shape=shape) for shape in ("event", "beside_choices", "field", "plain")),
    BadJson(after=1),
    InvalidUtf8(after=2),
    Inject(after=1, data=b": aside\n\n"),
    BadChunk(after=1),
    BadStatusLine(),
    Delay(seconds=0.01, after=1),
    KeepAlives(times=3, every_s=0.005, after=1),
)
PLAYS: dict[str, Play] = {
    **{
        f"{number} {type(fault).__name__} {fault.after}": STORY.but(fault)
        for number, fault in enumerate(FAULTS)
    },
    "plain": STORY,
    "paced": msgspec.structs.replace(STORY, pace_s=0.002),
    "sliced": msgspec.structs.replace(STORY, slice=7),
    "until close": msgspec.structs.replace(STORY, framing="close"),
    "long": Reply("x" * 400_000, delta_chars=50_000),
    "page": RawBody.html(),
    "raw, cut": RawBody(b"data: x", ending="eof"),
    "raw, reset": RawBody(b"data: x", ending="reset"),
    "status": Status(429, headers={"retry-after": "1"}),
    "no body": RawBody(b"", status=204),
    "redirect": Redirect(),
}
TOXICS: dict[str, Toxic] = {
    "latency": latency(5, jitter_ms=5),
    "bandwidth": bandwidth(400),
    "slicer": slicer(50, size_variation=20),
    "limit_data": limit_data(300),
}
PLAYS |= dict.fromkeys(TOXICS, STORY)
ENDLESS = {name for name in PLAYS if " Stall " in name}


def lay(provider: Playhouse) -> None:
    for name, play in PLAYS.items():
        provider.script(name, play)
    for name, toxic in TOXICS.items():
        provider.fault(toxic, of=name)


def request(key: str, *, stream: bool) -> bytes:
    body = json.dumps({"model": "m", "messages": [], "stream": stream})
    head = ["POST /v1/chat/completions HTTP/1.1", "host: test", f"{SESSION_HEADER}: {key}"]
    lines = [*head, f"content-length: {len(body)}", "connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def on_a_socket(provider: ScriptedProvider, key: str, *, stream: bool) -> tuple[bytes, str]:
    port = int(provider.base_url.split(":")[2].split("/")[0])
    received = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(request(key, stream=stream))
        if key in ENDLESS:
            provider.reached(key)
            raw.settimeout(0.05)
        try:
            while data := raw.recv(65536):
                received += data
        except ConnectionResetError:
            return bytes(received), "reset"
        except TimeoutError:
            return bytes(received), "open"
    return bytes(received), "eof"


async def in_memory(sim: Simulation, key: str, *, stream: bool) -> tuple[bytes, str]:
    end = await sim._network.connect("127.0.0.1", int(sim.provider.base_url.split(":")[2].split("/")[0]))
    end.write(request(key, stream=stream))
    received = bytearray()
    try:
        if key in ENDLESS:
            await sim.provider.halted(key)
        while data := await asyncio.wait_for(end.read(65536), 1):
            received += data
    except ConnectionResetError:
        return bytes(received), "reset"
    except TimeoutError:
        return bytes(received), "open"
    finally:
        end.close()
    return bytes(received), "eof"


def anonymous(received: tuple[bytes, str]) -> tuple[bytes, str]:
    """Without ports, and the ids that the provider makes of its seed."""
    data, end = received
    return re.sub(rb"127\.0\.0\.1:\d+|(chatcmpl|req)-\w+", b"", data), end


@pytest.fixture(scope="module", params=[True, False], ids=["streamed", "whole"])
def received(request: pytest.FixtureRequest) -> dict[str, list[tuple[bytes, str]]]:
    """By name: on a socket, and in simulations of three seeds."""
    stream: bool = request.param
    with ScriptedProvider() as provider:
        lay(provider)
        everything = {name: [on_a_socket(provider, name, stream=stream)] for name in PLAYS}
    for seed in range(3):
        sim = Simulation(seed)

        async def main(sim: Simulation = sim) -> list[tuple[bytes, str]]:
            lay(sim.provider)
            return [await in_memory(sim, name, stream=stream) for name in PLAYS]

        for name, got in zip(PLAYS, sim.run(main), strict=True):
            everything[name].append(got)
    return everything


@pytest.mark.parametrize("name", PLAYS)
def test_the_same_bytes_arrive(received: dict[str, list[tuple[bytes, str]]], name: str) -> None:
    expected, *others = map(anonymous, received[name])
    assert others == [expected] * 3


def test_a_reader_that_pauses_pauses_the_provider() -> None:
    sim = Simulation(0)
    size = 4 * 1024 * 1024

    async def main() -> None:
        sim.provider.script("m", RawBody(b"x" * size, slice=16 * 1024))
        end = await sim._network.connect("127.0.0.1", 20_001)
        end.write(request("m", stream=True))
        await sim.provider.arrived("m")
        await asyncio.sleep(3600)
        outcomes = [sim.provider.requests[0].outcome]
        received = 0
        while data := await end.read(65536):
            received += len(data)
        assert received > size
        outcomes.append(sim.provider.requests[0].outcome)
        assert outcomes == ["serving", "completed"]

    sim.run(main)
