"""Where a scenario plays: on the wire, against a live endpoint, or in simulated time. One class a mode.

The runner and the stage know only this surface, so that the same script plays in all three.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, ClassVar, TypeAlias, TypeVar

from actors.config import Endpoint
from actors.core.leftovers import Leftovers
from actors.errors import UsageError
from actors.provider import ScriptedProvider
from actors.provider.playhouse import Playhouse
from actors.runtime import Runtime, choose_loop
from actors.scenario.leftovers import left_on_the_loop
from actors.scenario.report import Mode
from actors.sim import Simulation

T = TypeVar("T")
Main: TypeAlias = Callable[[], Coroutine[Any, Any, T]]


class Venue:
    """A place for one run."""

    mode: ClassVar[Mode]
    endpoint: Endpoint
    """Where sessions find their model; set while `run` runs."""
    provider: Playhouse | None = None
    """The scripted provider; None: there is none. Set while `run` runs."""

    punctual: ClassVar[bool] = False
    """Whether time is virtual, so that nothing is late by itself."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.leftovers = Leftovers()
        """What was still there when everything was closed; known after `run`."""
        self._began = 0.0

    def run(self, main: Main[T]) -> T:
        """Run a coroutine function on a loop of its own, in this thread, and give what it returned.

        Ctrl-C in the main thread cancels it; a second one raises `KeyboardInterrupt`.
        """
        raise NotImplementedError

    def runtime(self) -> Runtime:
        """A runtime for the run, not yet entered."""
        raise NotImplementedError

    def now(self) -> float:
        """Seconds since `run` began."""
        return time.monotonic() - self._began

    def wall(self) -> float:
        """Unix seconds, as events have them."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds of `now` pass."""
        await asyncio.sleep(seconds)

    @contextlib.contextmanager
    def drawing(self, draw: Callable[[], None], period: float) -> Iterator[None]:
        """Inside the block, on the loop, something is drawn about every so many seconds of the watcher's time."""

        async def repeat() -> None:
            while True:
                draw()
                await asyncio.sleep(period)

        task = asyncio.get_running_loop().create_task(repeat())
        try:
            yield
        finally:
            task.cancel()


class _OnTheWire(Venue):
    """A loop that waits for sockets."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._runtimes: list[Runtime] = []

    def run(self, main: Main[T]) -> T:
        """See `Venue`."""
        self._began = time.monotonic()
        before = frozenset(threading.enumerate())
        with asyncio.Runner(loop_factory=choose_loop(None)) as runner:
            result = runner.run(main())
            self.leftovers = runner.run(left_on_the_loop(self._runtimes, self.provider, before))
        return result

    def runtime(self) -> Runtime:
        """See `Venue`."""
        runtime = Runtime(self.endpoint, rng=random.Random(self.seed))  # noqa: S311 - jitter
        self._runtimes.append(runtime)
        return runtime


class WireVenue(_OnTheWire):
    """The scripted provider over real sockets, on this machine."""

    mode = "wire"

    def run(self, main: Main[T]) -> T:
        """See `Venue`."""
        with ScriptedProvider(seed=self.seed) as provider:
            self.provider, self.endpoint = provider, provider.endpoint()
            return super().run(main)


class LiveVenue(_OnTheWire):
    """A real endpoint, which follows no script."""

    mode = "live"

    def __init__(self, seed: int, endpoint: Endpoint) -> None:
        super().__init__(seed)
        self.endpoint = endpoint


class SimVenue(Venue):
    """Simulated time, without sockets and threads; the seed decides everything that is left to chance."""

    mode = "sim"
    punctual = True

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._sim = Simulation(seed=seed)
        self.provider, self.endpoint = self._sim.provider, self._sim.provider.endpoint()

    def run(self, main: Main[T]) -> T:
        """See `Venue`."""
        try:
            return self._sim.run(main)
        finally:
            self.leftovers = self._sim.leftovers()

    def runtime(self) -> Runtime:
        """See `Venue`."""
        return self._sim.runtime()

    def now(self) -> float:
        """See `Venue`."""
        return self._sim.now()

    def wall(self) -> float:
        """See `Venue`."""
        return self._sim.wall()

    @contextlib.contextmanager
    def drawing(self, draw: Callable[[], None], period: float) -> Iterator[None]:
        """See `Venue`; simulated time goes too fast to draw by."""
        drawn = 0.0

        def tick() -> None:
            nonlocal drawn
            now = time.perf_counter()
            if now - drawn >= period:
                drawn = now
                draw()

        self._sim.on_tick = tick
        try:
            yield
        finally:
            self._sim.on_tick = None


def venue_for(mode: Mode, seed: int, endpoint: Endpoint | None) -> Venue:
    """The venue of a mode; `endpoint` is where a live one plays.

    Raises:
        UsageError: a live one plays nowhere.
    """
    if mode == "sim":
        return SimVenue(seed)
    if mode == "wire":
        return WireVenue(seed)
    if endpoint is None:
        raise UsageError("a live run needs a real endpoint: Settings(endpoint=...)")
    return LiveVenue(seed, endpoint)
