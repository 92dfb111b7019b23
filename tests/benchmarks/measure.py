"""One measured run, in a process of its own: `python -m tests.benchmarks.measure CLIENT MODE ...`; prints JSON."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import http.client
import json
import os
import resource
import time
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.clients import CLIENTS, StreamOne
from tests.benchmarks.provider import STAMP


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def rss() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def server_stats(port: int) -> dict[str, float]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("GET", "/stats")
        stats: dict[str, float] = json.loads(connection.getresponse().read())
    return stats


def quantile(values: array[int], share: float) -> float:
    """In milliseconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1e6 if ordered else 0.0


class Tally:
    """What the host saw of all streams."""

    def __init__(self, *, paced: bool, sessions: int) -> None:
        self.paced = paced
        self.sessions = sessions
        self.chars = 0
        self.late: array[int] = array("q")
        self.first: array[int] = array("q")
        self.memory = 0

    def begin(self) -> Any:
        begun, seen = time.monotonic_ns(), False

        def rec(text: str) -> None:
            nonlocal seen
            if not seen:
                seen = True
                self.first.append(time.monotonic_ns() - begun)
                if len(self.first) == self.sessions:
                    self.memory = rss()
            self.chars += len(text)
            if self.paced and self.memory:  # all have begun: the burst of requests is no part of the pace
                now = time.monotonic_ns()
                for at in range(0, len(text), STAMP):  # one, or several that were handed over as one
                    self.late.append(now - int(text[at : at + STAMP]))

        return rec


async def stream_all(session: StreamOne, model: str, tally: Tally, concurrency: int) -> None:
    numbers: Iterator[int] = iter(range(tally.sessions))

    async def worker() -> None:
        for _ in numbers:
            await session(model, tally.begin())

    async with asyncio.timeout(60):
        await asyncio.gather(*(worker() for _ in range(concurrency)))


async def measure(args: argparse.Namespace) -> dict[str, float]:
    async with CLIENTS[args.client](f"http://127.0.0.1:{args.port}/v1") as session:
        await stream_all(session, "flood-2", Tally(paced=False, sessions=1), 1)
        gc.collect()
        paced = args.model.startswith("paced")
        tally = Tally(paced=paced, sessions=args.sessions)
        base, before = rss(), server_stats(args.port)
        begun, used = time.perf_counter(), cpu()
        await stream_all(session, args.model, tally, args.concurrency)
        used, wall = cpu() - used, time.perf_counter() - begun
        after = server_stats(args.port)
    deltas = args.sessions * int(args.model.split("-")[1])
    assert tally.chars == deltas * STAMP, "text is missing"
    return {
        "cpu_us": used / deltas * 1e6,
        "rate": deltas / wall,
        "share": used / wall,
        "late_p50": quantile(tally.late, 0.5),
        "late_p99": quantile(tally.late, 0.99),
        "first_p50": quantile(tally.first, 0.5),
        "memory_kb": (tally.memory - base) / args.concurrency / 1000,
        "server_share": (after["cpu"] - before["cpu"]) / wall,
        "server_late_p99": after["late_p99_ms"],
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("model")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--sessions", type=int, default=64)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--loop", default="asyncio", choices=["asyncio", "uvloop"])
    parser.add_argument("--core", type=int, default=None)
    args = parser.parse_args()
    if args.core is not None:
        os.sched_setaffinity(0, {args.core})
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    if args.loop == "uvloop":
        import uvloop  # noqa: PLC0415 - an extra

        result = uvloop.run(measure(args))
    else:
        result = asyncio.run(measure(args))
    os.write(1, json.dumps(result).encode())
    os._exit(0)  # the interpreter's end is nobody's cost


if __name__ == "__main__":
    main()
