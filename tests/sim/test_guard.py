"""What a simulation can't have raises at once, and says what to use instead; afterwards all is as it was."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import random
import secrets
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from random import choice
from time import monotonic
from typing import Any

import httpx
import pytest

from actors.config import RuntimeConfig
from actors.errors import BlockingCallError
from actors.provider import Gate
from actors.sim import Simulation, SimulationError
from actors.sim.simulation import EPOCH

CLOCK, CHANCE, THREAD = "stage.now()", "stage.rng", "create a task"
GUARDED: dict[str, tuple[Callable[[], Any], str]] = {
    "time": (lambda: time.time(), CLOCK),  # noqa: PLW0108 - looked up when it is called
    "time_ns": (lambda: time.time_ns(), CLOCK),  # noqa: PLW0108 - the same
    "perf_counter": (lambda: time.perf_counter(), CLOCK),  # noqa: PLW0108 - the same
    "monotonic, by its name": (lambda: monotonic(), CLOCK),  # noqa: PLW0108 - the same
    "sleep": (lambda: time.sleep(0), "await stage.sleep"),
    "datetime.now": (lambda: dt.datetime.now(dt.UTC), CLOCK),
    "datetime.utcnow": (lambda: dt.datetime.utcnow(), CLOCK),  # noqa: DTZ003, PLW0108 - the mistake
    "datetime, by its name": (lambda: datetime.now(dt.UTC), CLOCK),
    "date, by its name": (lambda: date.today(), CLOCK),  # noqa: DTZ011, PLW0108 - the mistake
    "random": (lambda: random.random(), CHANCE),  # noqa: S311, PLW0108 - the mistake
    "choice, by its name": (lambda: choice("ab"), CHANCE),  # noqa: S311 - the mistake
    "an unseeded source": (lambda: random.Random(), CHANCE),  # noqa: S311, PLW0108 - the mistake
    "urandom": (lambda: os.urandom(1), CHANCE),
    "secrets": (lambda: secrets.token_hex(4), CHANCE),
    "uuid1": (lambda: uuid.uuid1(), CHANCE),  # noqa: PLW0108 - looked up when it is called
    "uuid4": (lambda: uuid.uuid4(), CHANCE),  # noqa: PLW0108 - the same
    "a thread": (lambda: threading.Thread(target=print).start(), THREAD),
    "an executor": (lambda: ThreadPoolExecutor(1).submit(print), THREAD),
    "a wait that blocks": (lambda: threading.Event().wait(0), "await"),
    "a gate": (lambda: Gate().wait_reached(0), "await"),
    "a socket": (lambda: socket.socket(), "sim.provider"),  # noqa: PLW0108 - looked up when it is called
    "a connection": (lambda: socket.create_connection(("127.0.0.1", 9)), "sim.provider"),
    "a subprocess": (lambda: subprocess.run([sys.executable], check=False), "wire mode"),
}
LOOP: dict[str, tuple[Callable[[asyncio.AbstractEventLoop], Any], str]] = {
    "to_thread": (lambda _: asyncio.to_thread(print), "await something that is asynchronous"),
    "run_in_executor": (lambda loop: loop.run_in_executor(None, print), "await something"),
    "open_connection": (lambda _: asyncio.open_connection("127.0.0.1", 9), "sim.provider"),
    "start_server": (lambda _: asyncio.start_server(print, "127.0.0.1", 0), "sim.provider"),
    "create_subprocess_exec": (lambda _: asyncio.create_subprocess_exec("true"), "wire mode"),
    "add_signal_handler": (lambda loop: loop.add_signal_handler(1, print), "signals belong to the host"),
    "add_reader": (lambda loop: loop.add_reader(0, print), "sim.provider"),
}


@pytest.mark.parametrize("name", GUARDED)
def test_what_is_real_raises_and_is_back_afterwards(name: str) -> None:
    use, instead = GUARDED[name]
    sim = Simulation(1)

    async def main() -> None:
        use()

    with pytest.raises(SimulationError) as caught:
        sim.run(main)
    assert instead in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", LOOP)
def test_what_a_loop_would_do_for_real_raises(name: str) -> None:
    use, instead = LOOP[name]

    async def main() -> None:
        await use(asyncio.get_running_loop())

    with pytest.raises(SimulationError, match=instead):
        Simulation(1).run(main)


def test_everything_is_as_it_was_also_after_a_run_that_failed() -> None:
    owners: tuple[Any, ...] = (
        time, os, random, random.Random, uuid, threading.Thread, threading.Condition, socket, socket.socket,
        subprocess.Popen, dt, sys.modules[__name__],
    )  # fmt: skip
    before = [dict(vars(owner)) for owner in owners]

    async def main() -> None:
        assert vars(time) != before[0]
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        Simulation(1).run(main)
    assert [dict(vars(owner)) for owner in owners] == before
    assert abs(time.time() - EPOCH) > 1


def test_another_thread_goes_on_with_what_is_real() -> None:
    asked, answered = threading.Event(), threading.Event()
    seen: list[object] = []

    def elsewhere() -> None:
        asked.wait(5)
        seen.extend([time.time(), random.random(), uuid.uuid4(), datetime.now(dt.UTC)])  # noqa: S311 - no secret
        answered.set()

    async def main() -> None:
        asked.set()
        while not answered.is_set():  # noqa: ASYNC110 - virtual time passes meanwhile
            await asyncio.sleep(1)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    Simulation(1).run(main)
    thread.join()
    assert len(seen) == 4


def test_a_library_may_measure_and_gets_virtual_time() -> None:
    sim = Simulation(1)

    async def main() -> float:
        namespace: dict[str, Any] = {"__name__": "measuring", "__file__": httpx.__file__, "time": time}
        exec("def measured(): return time.monotonic(), time.time()", namespace)  # noqa: S102 - a library's module
        await asyncio.sleep(7)
        monotonic, unix = namespace["measured"]()
        assert unix == EPOCH + monotonic
        return float(monotonic)

    assert sim.run(main) == 7


def test_a_date_is_a_date() -> None:
    async def main() -> None:
        assert isinstance(datetime(2020, 1, 1, tzinfo=dt.UTC), datetime)
        assert isinstance(REAL, datetime)
        assert isinstance(REAL, date)
        assert datetime.fromtimestamp(0, dt.UTC) < REAL

    Simulation(1).run(main)


REAL = datetime(2020, 1, 1, tzinfo=dt.UTC)


def test_a_tick_is_outside() -> None:
    sim = Simulation(1)
    ticks: list[float] = []
    sim.on_tick = lambda: ticks.append(time.time())

    async def main() -> None:
        for _ in range(1000):
            await asyncio.sleep(60)
        with pytest.raises(SimulationError):
            time.time()

    sim.run(main)
    assert len(ticks) > 2
    assert all(tick > EPOCH + 1_000_000 for tick in ticks)


def test_the_providers_blocking_calls_name_the_others() -> None:
    sim = Simulation(1)

    async def main() -> None:
        for what, instead in {
            "wait_request": "arrived",
            "reached": "halted",
            "wait_served": "served",
        }.items():
            with pytest.raises(SimulationError, match=f"await provider.{instead}"):
                getattr(sim.provider, what)("m")
        for what, instead in {"wait_idle": "idle", "wait_disconnected": "disconnected"}.items():
            with pytest.raises(SimulationError, match=f"await provider.{instead}"):
                getattr(sim.provider, what)()

    sim.run(main)


def test_the_watch_over_handlers_takes_a_thread() -> None:
    sim = Simulation(1)
    sim.runtime(config=RuntimeConfig(stall_after=None))
    with pytest.raises(SimulationError, match="stall_after takes a thread"):
        sim.runtime(config=RuntimeConfig(stall_after=1))


def test_a_runtime_with_a_thread_is_refused() -> None:
    sim = Simulation(1)

    async def main() -> None:
        with sim.runtime():
            pass

    with pytest.raises(BlockingCallError, match="async with"):
        sim.run(main)
