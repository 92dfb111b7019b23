"""What an hour of a thousand sessions costs in simulation: `python -m tests.benchmarks.bench_sim [--profile CLIENT]`.

Three turns each, of 20 deltas; a fifth of the requests go wrong. Beside it the same load through bare httpx, on the
same loop, network and provider: what lies between is greenroom. Times are CPU seconds of one core.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import pstats
import random
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple

import httpx

from actors import Runtime
from actors.config import Deadlines
from actors.provider import Eof, InBandError, Reply, Reset, Stall, Status
from actors.sim import Simulation
from actors.sim.transport import SimTransport

SESSIONS = 1_000
TURNS = 3
HOUR = 3_600.0
IDLE_S = 10.0
STORY = Reply(" ".join(f"word{n:02}" for n in range(20)), delta_chars=7, pace_s=0.05)
FAULTS = (Status(503), Reset(after=5), Eof(after=8), InBandError(after=3), Stall(after=2))
CHANCE = 0.2
SEED = 1

Turn = Callable[[str], Awaitable[int]]
"""Takes one turn of a session and gives how many events, or chunks, came of it."""


class Cost(NamedTuple):
    """Of one run."""

    cpu_s: float
    virtual_s: float
    events: int
    requests: int


async def whole_night(turn: Turn) -> int:
    """All sessions, each at its hour."""
    rng = random.Random(SEED)  # noqa: S311 - no secret

    async def session(name: str, begins: float, pause: float) -> int:
        await asyncio.sleep(begins)
        seen = 0
        for _ in range(TURNS):
            seen += await turn(name)
            await asyncio.sleep(pause)
        return seen

    times = [(rng.uniform(0, HOUR), rng.uniform(1, 10)) for _ in range(SESSIONS)]
    return sum(await asyncio.gather(*(session(f"s{n}", *when) for n, when in enumerate(times))))


def measured(client: Callable[[Simulation], Coroutine[Any, Any, int]]) -> Cost:
    """Run a client's night."""
    sim = Simulation(SEED, default=STORY)
    share = 1 - (1 - CHANCE) ** (1 / len(FAULTS))  # so that a fifth of the requests meet one of all
    for fault in FAULTS:
        sim.provider.fault(fault, chance=share)
    begun = time.process_time()
    events = sim.run(lambda: client(sim))
    used = time.process_time() - begun
    assert not sim.leftovers()
    return Cost(used, sim.now(), events, len(sim.provider.requests))


async def greenroom(sim: Simulation) -> int:
    """Everything: retries, splicing, and each turn's events read as they come."""

    async def turn(name: str, runtime: Runtime) -> int:
        session = sessions.get(name)
        if session is None:
            session = sessions[name] = runtime.spawn(id=name, deadlines=Deadlines(idle=IDLE_S))
        async with session.stream("Go on.") as stream:
            return len([event async for event in stream])

    sessions: dict[str, Any] = {}
    async with sim.runtime() as runtime:
        return await whole_night(lambda name: turn(name, runtime))


async def bare_httpx(sim: Simulation) -> int:
    """The least that a client can do: split lines, decode each chunk, and try again until it is whole."""

    async def turn(name: str, client: httpx.AsyncClient) -> int:
        chunks = 0
        while True:
            try:
                async with asyncio.timeout(IDLE_S):
                    seen, done = await _attempt(name, client)
            except (httpx.HTTPError, TimeoutError):
                seen, done = 0, False
            chunks += seen
            if done:
                return chunks
            await asyncio.sleep(0.5)

    transport = SimTransport(sim._network)
    url = sim.provider.base_url
    async with httpx.AsyncClient(base_url=url, transport=transport, timeout=None) as client:  # noqa: S113 - above
        return await whole_night(lambda name: turn(name, client))


async def _attempt(name: str, client: httpx.AsyncClient) -> tuple[int, bool]:
    seen, waiting = 0, b""
    body = {"model": name, "messages": [], "stream": True}
    async with client.stream("POST", "/chat/completions", json=body) as response:
        async for data in response.aiter_raw():
            *lines, waiting = (waiting + data).split(b"\n\n")
            for line in lines:
                if line == b"data: [DONE]":
                    return seen, True
                json.loads(line[6:])
                seen += 1
    return seen, False


CLIENTS = {"greenroom": greenroom, "httpx": bare_httpx}


def simulated_hour() -> dict[str, str]:
    """The table's rows."""
    ours, bare = measured(greenroom), measured(bare_httpx)
    what = f"{SESSIONS:,} sessions x {TURNS} turns through a simulated hour"
    return {
        what: f"{ours.cpu_s:.1f} s",
        f"{what}, bare httpx": f"{bare.cpu_s:.1f} s",
        "virtual seconds a second of it": f"{ours.virtual_s / ours.cpu_s:,.0f}",
        "events a second of it": f"{ours.events / ours.cpu_s:,.0f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile", choices=CLIENTS)
    wanted = parser.parse_args().profile
    if wanted is not None:
        profile = cProfile.Profile()
        profile.runcall(measured, CLIENTS[wanted])
        pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(40)
        return
    for what, figure in simulated_hour().items():
        sys.stdout.write(f"{what}: {figure}\n")


if __name__ == "__main__":
    main()
