"""What a benchmark runs, and in which order: every client of a case once, then all again."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Self, TypeAlias

import msgspec

from tests.benchmarks.clients import NEEDS
from tests.benchmarks.singles import SINGLES, SLOW

OURS = ("greenroom", "byte loop")
PEERS = ("httpx", "openai", "openai-agents")
PEER_REPEATS = 2
"""The peers take most of the time, and what they cost is far from what we do."""
RUN_TIMEOUT = 90
"""Seconds that one run may take."""

Figures: TypeAlias = dict[str, float]


class Case(msgspec.Struct, frozen=True):
    """A load, as the provider's model name says it."""

    title: str
    model: str
    sessions: int
    concurrency: int
    clients: tuple[str, ...]
    quick: tuple[str, ...]
    """The clients of a quick run, each once."""
    repeats: int = 3
    loops: tuple[str, ...] = ("asyncio", "uvloop")


FLOOD = Case("flood", "flood-400", 128, 64, (*OURS, *PEERS, "greenroom, logged"), (*OURS, *PEERS))
PACED = Case("200 x 100/s", "paced-200-10000", 200, 200, (*OURS, *PEERS), OURS)
THOUSAND = Case("1,000 x 10/s", "paced-40-100000", 1000, 1000, OURS, OURS, 2, ("asyncio",))
TWO_THOUSAND = Case("2,000 x 10/s", "paced-40-100000", 2000, 2000, OURS, (), 2, ("asyncio",))
ALONE = Case("one after the other", "flood-10", 300, 1, OURS, OURS, 3, ("asyncio",))
CASES = (FLOOD, PACED, THOUSAND, TWO_THOUSAND, ALONE)


class Results:
    """The figures of all runs; a figure is the median over its repeats."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str, str], list[Figures]] = defaultdict(list)
        self.skipped: set[str] = set()
        self.failed: set[str] = set()
        self.singles: dict[str, str] = {}

    def add(self, loop: str, case: Case, client: str, figures: Figures) -> None:
        self._runs[loop, case.title, client].append(figures)

    def get(self, loop: str, case: Case, client: str, figure: str) -> float | None:
        runs = self._runs.get((loop, case.title, client))
        return statistics.median(run[figure] for run in runs) if runs else None

    def worst(self, figure: str) -> float:
        return max(run[figure] for runs in self._runs.values() for run in runs)


class Stage:
    """A provider on the first core, and clients on the second."""

    def __init__(self, loop: str) -> None:
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self._cores = [["--core", str(core)] for core in cores[:2]] if len(cores) > 1 else [[], []]
        self.loop = loop

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.benchmarks.provider", "--loop", self.loop, *self._cores[0]]
        self._provider = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._provider.stdout is not None
        self._port = self._provider.stdout.readline().decode().strip()
        return self

    def __exit__(self, *_: object) -> None:
        self._provider.kill()
        self._provider.communicate()

    def run(self, module: str, *args: str) -> Any:
        """What a module printed; None if it failed."""
        command = [sys.executable, "-m", f"tests.benchmarks.{module}", *args, "--port", self._port]
        try:
            done = subprocess.run(
                [*command, *self._cores[1]], stdout=subprocess.PIPE, timeout=RUN_TIMEOUT, check=True
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None
        return json.loads(done.stdout)


def installed(client: str) -> bool:
    return client not in NEEDS or find_spec(NEEDS[client]) is not None


def run_all(*, quick: bool, say: Callable[[str], None]) -> Results:
    """Run everything; `say` gets a line a run."""
    results = Results()
    for loop in ("asyncio", "uvloop"):
        if loop == "uvloop" and (quick or find_spec("uvloop") is None):
            say("uvloop: skipped" if quick else "uvloop: not installed, skipped (extra `fast`)")
            continue
        with Stage(loop) as stage:
            for case in CASES:
                if loop in case.loops:
                    _run_case(stage, case, quick=quick, results=results, say=say)
            if loop == "asyncio":
                _run_singles(stage, quick=quick, results=results, say=say)
    return results


def _run_case(stage: Stage, case: Case, *, quick: bool, results: Results, say: Callable[[str], None]) -> None:
    clients = case.quick if quick else case.clients
    for client in clients:
        if not installed(client) and client not in results.skipped:
            results.skipped.add(client)
            say(f"{client}: not installed, skipped (extra `bench`)")
    if stage.loop == "uvloop":
        clients = tuple(client for client in clients if client in OURS)
    for repeat in range(1 if quick else case.repeats):
        for client in clients:
            if not installed(client) or (client in PEERS and repeat >= PEER_REPEATS):
                continue
            load = ["--sessions", str(case.sessions), "--concurrency", str(case.concurrency)]
            figures = stage.run("measure", client, case.model, *load, "--loop", stage.loop)
            if figures is None:
                results.failed.add(f"{client}, {case.title}")
                continue
            results.add(stage.loop, case, client, figures)
            say(f"{stage.loop:8} {case.title:20} {client:18} {figures['cpu_us']:8.2f} µs a delta")


def _run_singles(stage: Stage, *, quick: bool, results: Results, say: Callable[[str], None]) -> None:
    for name in SINGLES:
        if quick and name in SLOW:
            continue
        table = stage.run("singles", name)
        if table is None:
            results.failed.add(name)
            continue
        results.singles |= table
        for what, figure in table.items():
            say(f"{what}: {figure}")
