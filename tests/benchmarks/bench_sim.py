"""What an hour of a thousand sessions costs in simulation: `python -m tests.benchmarks.bench_sim [--profile]`.

Three turns each, of 20 deltas; a fifth of the requests go wrong. Beside it the same load through bare httpx, on the same
loop, network and provider: what lies between is greenroom. Times are CPU seconds of one core.
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
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import httpx

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


class Cost(NamedTuple):
    """Of one run."""

    cpu_s: float
    virtual_s: float
    events: int
    requests: int


def stage(seed: int) -> Simulation:
    sim = Simulation(seed, default=STORY)
    share = 1 - (1 - CHANCE) ** (1 / len(FAULTS))  # so that one of all meets a fifth of the requests
    for fault in FAULTS:
        sim.provider.fault(fault, chance=share)
    return sim


def measured(sim: Simulation, main: Callable[[], Coroutine[Any, Any, int]]) -> Cost:
    begun = time.process_time()
    events = sim.run(main)
    used = time.process_time() - begun
    assert not sim.leftovers()
    return Cost(used, sim.now(), events, len(sim.provider.requests))


def greenroom(seed: int) -> Cost:
    """Everything: retries, splicing, events of each turn read as they come."""
    sim = stage(seed)
    rng = random.Random(seed)

    async def main() -> int:
        async with sim.runtime() as runtime:

            async def night(name: str, begins: float, pause: float) -> int:
                await asyncio.sleep(begins)
                seen = 0
                session = runtime.spawn(id=name, deadlines=Deadlines(idle=IDLE_S))
                for _ in range(TURNS):
                    async with session.stream("Go on.") as stream:
                        async for _event in stream:
                            seen += 1
                    await asyncio.sleep(pause)
                session.close()
                return seen

            nights = [
                night(f"s{n}", rng.uniform(0, HOUR), rng.uniform(1, 10)) for n in range(SESSIONS)
            ]
            return sum(await asyncio.gather(*nights))

    return measured(sim, main)


def bare_httpx(seed: int) -> Cost:
    """The least that a client can do: split lines, decode each chunk, and try again when that fails."""
    sim = stage(seed)
    rng = random.Random(seed)

    async def main() -> int:
        url = f"{sim.provider.base_url}/chat/completions"
        async with httpx.AsyncClient(transport=SimTransport(sim._network), timeout=None) as client:

            async def attempt(name: str) -> tuple[int, bool]:
                seen, done = 0, False
                body = {"model": name, "messages": [], "stream": True}
                async with client.stream("POST", url, json=body) as response:
                    waiting = b""
                    async for data in response.aiter_raw():
                        *lines, waiting = (waiting + data).split(b"\n\n")
                        for line in lines:
                            if line == b"data: [DONE]":
                                done = True
                            elif line:
                                json.loads(line[6:])
                                seen += 1
                return seen, done

            async def night(name: str, begins: float, pause: float) -> int:
                await asyncio.sleep(begins)
                total = 0
                for _ in range(TURNS):
                    done = False
                    while not done:
                        try:
                            async with asyncio.timeout(IDLE_S):
                                seen, done = await attempt(name)
                                total += seen
                        except (httpx.HTTPError, TimeoutError):
                            pass
                        if not done:
                            await asyncio.sleep(0.5)
                    await asyncio.sleep(pause)
                return total

            nights = [
                night(f"s{n}", rng.uniform(0, HOUR), rng.uniform(1, 10)) for n in range(SESSIONS)
            ]
            return sum(await asyncio.gather(*nights))

    return measured(sim, main)


def profiled(run: Callable[[int], Cost]) -> None:
    profile = cProfile.Profile()
    profile.runcall(run, 1)
    pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(40)


def table() -> dict[str, str]:
    ours, bare = (min(run(seed) for seed in (1, 1)) for run in (greenroom, bare_httpx))
    what = f"{SESSIONS:,} sessions through an hour in simulation"
    return {
        what: f"{ours.cpu_s:.1f} s",
        f"{what}, bare httpx": f"{bare.cpu_s:.1f} s",
        f"{what}, virtual seconds a second": f"{ours.virtual_s / ours.cpu_s:,.0f}",
        f"{what}, events a second": f"{ours.events / ours.cpu_s:,.0f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile", choices=["greenroom", "httpx"])
    wanted = parser.parse_args().profile
    if wanted is not None:
        profiled({"greenroom": greenroom, "httpx": bare_httpx}[wanted])
        return
    for what, figure in table().items():
        sys.stdout.write(f"{what}: {figure}\n")


if __name__ == "__main__":
    main()
