"""A run in virtual time, in which one seed decides everything that is left to chance."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import msgspec

from actors.config import Endpoint, RuntimeConfig
from actors.core.leftovers import Leftovers
from actors.errors import SimulationError
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.signals import Timer
from actors.messages import StatsDue
from actors.provider.playhouse import DEFAULT
from actors.provider.plays import Script
from actors.runtime import Runtime
from actors.sim.dispatcher import SeededDispatcher
from actors.sim.guard import Guard
from actors.sim.leftovers import leftovers
from actors.sim.loop import VirtualLoop
from actors.sim.network import Network
from actors.sim.provider import SimProvider
from actors.sim.trace import Trace
from actors.sim.transport import SimTransport
from actors.sim.waiting import deadlock, innermost
from actors.tools.inline import InlinePool
from actors.transport import HttpTransport
from actors.world import World

T = TypeVar("T")

EPOCH = 1_700_000_000.0
"""Every simulation begins at this Unix time."""
PID = 1
RSS = 0
_QUIET_S = 1.0
"""So long the connections that were closed at the end have to say goodbye, in virtual seconds."""
_COLLECT = 256
"""So many ticks lie between two collections of garbage."""
_DEADLOCKS = 3
"""So many are raised where the run waits; a run that goes on waiting is ended."""


class Simulation:
    """One run: a loop, a provider and a runtime in which nothing is real but the code.

    Args:
        seed: decides whose turn is next, how long bytes are under way and where they are cut, ids and jitter.
        default: see `ScriptedProvider`; so is the next.
        keep_alive_s: so many virtual seconds an idle connection stays open.
    """

    def __init__(self, seed: int, *, default: Script = DEFAULT, keep_alive_s: float = 60.0) -> None:
        self.seed = seed
        self.on_tick: Callable[[], None] | None = None
        """Called every few hundred rounds of the loop, where real things are to be had again."""
        self._trace = Trace()
        self._loop = VirtualLoop(is_idle=_is_idle, on_deadlock=self._deadlocked, on_tick=self._tick)
        self._guard = Guard(self.now, EPOCH)
        self._network = Network(self._rng("network"))
        self._dispatchers: list[Dispatcher] = []
        self._main: asyncio.Task[Any] | None = None
        self._deadlocks = 0
        self._ticks = 0
        self._left = Leftovers()
        self._ids = self._rng("ids")
        self.provider = SimProvider(
            self._network, default=default, seed=seed, keep_alive_s=keep_alive_s, clock=self.now
        )

    def now(self) -> float:
        """Virtual seconds since the run began."""
        return self._loop.time()

    def wall(self) -> float:
        """Virtual Unix seconds."""
        return EPOCH + self._loop.time()

    @property
    def trace(self) -> str:
        """A digest of the run so far: which actor handled a message of which type, one after the other."""
        return self._trace.digest

    def leftovers(self) -> Leftovers:
        """What was left when `run`'s main function had returned."""
        return self._left

    def runtime(
        self,
        endpoint: Endpoint | str | None = None,
        *,
        config: RuntimeConfig = RuntimeConfig(),  # noqa: B008 - frozen
        **settings: Any,
    ) -> Runtime:
        """A runtime for this run, not yet entered.

        Args:
            endpoint: as `Runtime`'s; the provider's if not given.
            config: as `Runtime`'s; there is no watch over handlers that hold the loop, which takes a thread.
            settings: as `Runtime`'s.

        Raises:
            SimulationError: the watch, or an MCP server, is asked for.
        """
        if settings.get("mcp"):
            raise SimulationError(
                "mcp takes processes and sockets: in a simulation, give tools of your own instead"
            )
        if config.stall_after not in {None, RuntimeConfig().stall_after}:
            raise SimulationError("RuntimeConfig.stall_after takes a thread: in a simulation, leave it out")
        return Runtime(
            self.provider.endpoint() if endpoint is None else endpoint,
            config=msgspec.structs.replace(config, stall_after=None),
            rng=self._rng("jitter"),
            ids=self._id,
            wall_clock=self.wall,
            world=World(
                dispatcher=self._new_dispatcher,
                transport=lambda endpoint: HttpTransport(endpoint, SimTransport(self._network)),
                threads=lambda _: InlinePool(),
                pid=lambda: PID,
                rss=lambda: RSS,
            ),
            **settings,
        )

    def dispatcher(self, **settings: Any) -> Dispatcher:
        """A dispatcher of its own for actors that are no sessions, on the running loop; see `Dispatcher`."""
        return self._new_dispatcher(
            self._loop, **{"ids": lambda: self._id().urn, "wall_clock": self.wall} | settings
        )

    def _new_dispatcher(self, loop: asyncio.AbstractEventLoop, **settings: Any) -> Dispatcher:
        dispatcher = SeededDispatcher(loop, rng=self._rng("turns"), trace=self._trace, **settings)
        self._dispatchers.append(dispatcher)
        return dispatcher

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self._ids.getrandbits(128), version=4)

    def _rng(self, of: str) -> random.Random:
        return random.Random(f"{self.seed}/{of}")  # noqa: S311 - chance that can be had again is the point

    # The run

    def run(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine function to its end and give what it returned; once.

        Ctrl-C in the main thread cancels it; a second one raises `KeyboardInterrupt`.

        Raises:
            SimulationError: nothing can happen any more, and main has not ended; or something in it used what a
                simulation can't have; or the simulation was run before.
        """
        if self._loop.is_closed():
            raise SimulationError("a Simulation is run once: make another one, with the same seed")
        threads = threading.enumerate()
        runner = asyncio.Runner(loop_factory=lambda: self._loop)
        with _collecting_by_hand(), runner, self._guard.standing():
            return runner.run(self._perform(main, threads))

    async def _perform(
        self, main: Callable[[], Coroutine[Any, Any, T]], threads: list[threading.Thread]
    ) -> T:
        self._main = asyncio.current_task()
        try:
            return await main()
        finally:
            await asyncio.sleep(_QUIET_S)
            self._left = leftovers(self._loop, self._dispatchers, self.provider.open_connections, threads)
            for task in self._loop.tasks:  # here, as asyncio's own would go by addresses
                if task is not self._main:
                    task.cancel()

    def _deadlocked(self) -> None:
        error = deadlock(self.now(), self._loop.tasks, self._dispatchers)
        self._deadlocks += 1
        stuck = None if self._main is None else innermost(self._main)
        if stuck is None or self._deadlocks > _DEADLOCKS:
            raise error
        stuck.set_exception(error)  # so that it is raised where the run waits

    def _tick(self) -> None:
        self._ticks += 1
        if self._ticks % _COLLECT == 0:
            gc.collect()
        if self.on_tick is not None:
            with self._guard.lifted():
                self.on_tick()


def _is_idle(handle: asyncio.TimerHandle) -> bool:
    timer = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
    return isinstance(timer, Timer) and type(timer.message) is StatsDue


@contextlib.contextmanager
def _collecting_by_hand() -> Iterator[None]:
    """Garbage is collected at moments that the run decides: a finalizer may do something that shows."""
    was_enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()
