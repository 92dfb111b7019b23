"""What is measured once, each in a process of its own: `python -m tests.benchmarks.singles NAME`; prints JSON."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import time

from actors import Endpoint, Runtime
from actors.events import TextDelta
from actors.kernel.dispatcher import Dispatcher
from tests.benchmarks import company, company_sessions, logs
from tests.benchmarks.bench_kernel import Idle, hop, start_and_stop
from tests.benchmarks.bench_sim import simulated_hour
from tests.benchmarks.measure import rss
from tests.benchmarks.top import top

ALIVE = 50_000
IDLE_SESSIONS = 100_000
CANCELS = 200
STARTS = 5


def once(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, timeout=30)
    return time.perf_counter() - begun


def start_up(_: int) -> dict[str, str]:
    """The least of several, beyond a bare interpreter."""
    commands = {
        "": ["-c", "pass"],
        "`import actors`": ["-c", "import actors"],
        "`from actors import Runtime`": ["-c", "from actors import Runtime"],
        "`greenroom --help`": ["-c", "from actors.cli import main; main()", "--help"],
        "`greenroom tail`": ["-c", "from actors.cli import main; main()", "tail", os.devnull],
    }
    took = {name: min(once(command) for _ in range(STARTS)) for name, command in commands.items()}
    bare = took.pop("")
    return {f"{name}, beyond Python's own start": f"{(it - bare) * 1000:.0f} ms" for name, it in took.items()}


async def _kernel() -> dict[str, str]:
    table = {"a hop between two actors": f"{await hop():.2f} µs"}
    dispatcher = Dispatcher(asyncio.get_running_loop())
    for _ in range(ALIVE):
        dispatcher.spawn(Idle)
    table[f"start + stop an actor, {ALIVE:,} alive"] = f"{await start_and_stop(dispatcher):.1f} µs"
    return table


def kernel(_: int) -> dict[str, str]:
    return asyncio.run(_kernel())


async def _idle(port: int) -> dict[str, str]:
    endpoint = Endpoint(base_url=f"http://127.0.0.1:{port}/v1", model="flood-10")
    async with Runtime(endpoint) as runtime:
        await runtime.spawn().send("go")
        gc.collect()
        base, begun = rss(), time.perf_counter()
        sessions = [runtime.spawn() for _ in range(IDLE_SESSIONS)]
        await sessions[-1].send("go")  # all have started by then
        took, used = time.perf_counter() - begun, rss() - base
        begun = time.perf_counter()
        await sessions[0].send("go")
        turn = time.perf_counter() - begun
    return {
        f"an idle session, {IDLE_SESSIONS:,} in one process": f"{used / IDLE_SESSIONS / 1000:.1f} kB",
        f"spawning {IDLE_SESSIONS:,} sessions": f"{took:.1f} s",
        "a turn of ten deltas among them": f"{turn * 1000:.1f} ms",
    }


def idle(port: int) -> dict[str, str]:
    return asyncio.run(_idle(port))


async def _cancel(port: int) -> dict[str, str]:
    endpoint = Endpoint(base_url=f"http://127.0.0.1:{port}/v1", model="paced-1000-20000")
    took = []
    async with Runtime(endpoint) as runtime:
        for _ in range(CANCELS):
            session = runtime.spawn()
            async with session.stream("go") as stream:
                async for event in stream:
                    if isinstance(event, TextDelta):
                        break
                begun = time.perf_counter()
                session.cancel()
                async for _event in stream:
                    pass
                took.append(time.perf_counter() - begun)
            session.close()
    return {"from `cancel()` in mid-stream to the terminal event": f"{statistics.median(took) * 1000:.2f} ms"}


def cancel(port: int) -> dict[str, str]:
    return asyncio.run(_cancel(port))


def simulation(_: int) -> dict[str, str]:
    return simulated_hour()


SINGLES = {
    "kernel": kernel,
    "idle": idle,
    "cancel": cancel,
    "start_up": start_up,
    "simulation": simulation,
    "logging": logs.logging,
    "fold": logs.fold,
    "catch_up": logs.catch_up,
    "top": top,
    "company": company.talk,
    "company_sessions": company_sessions.think,
}
SLOW = {"idle", "catch_up", "top", "company_sessions"}
"""Those that a quick run leaves out."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=SINGLES)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--core", type=int, default=None)
    args = parser.parse_args()
    if args.core is not None:
        os.sched_setaffinity(0, {args.core})
    sys.stdout.write(json.dumps(SINGLES[args.name](args.port)))
    sys.stdout.flush()
    os._exit(0)  # the interpreter's end is nobody's cost


if __name__ == "__main__":
    main()
