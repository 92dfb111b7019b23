"""The runtime: where sessions live. A sync host gets a daemon thread with a loop, an async host its own loop."""

from __future__ import annotations

import asyncio
import functools
import random
import time
import uuid
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Self

import pykka

from actors.admission import Door
from actors.birthplace import Birthplace
from actors.births import Births
from actors.blackboard import Blackboard
from actors.client import Session, actor_outlet
from actors.company.accounts import Account
from actors.company.agent import Agent
from actors.company.board.limits import BoardLimits
from actors.company.exchange import Exchange
from actors.company.family import Family
from actors.company.role import Agents
from actors.company.spend import Spend
from actors.config import Buffering, Endpoint, RuntimeConfig
from actors.core.slots import Slots
from actors.endpoints import Endpoints
from actors.errors import ConfigError, SessionClosedError
from actors.house import House
from actors.kernel import future
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import LoopFuture
from actors.ledger import Counters
from actors.log.record import Log
from actors.mapping import ResultStream
from actors.mcp.server import McpServer
from actors.mcp.state import mcp_states
from actors.mcp.tools import McpTools
from actors.prices import load_for
from actors.room import Room
from actors.services import Services, Transports
from actors.stream import EventStream, refuse_on_a_loop
from actors.user_input import Messages
from actors.watching import Fan, Watch
from actors.world import World


class Runtime:
    """Spawns sessions and keeps them under one supervision tree. Use it as `with Runtime()` or `async with Runtime()`.

    Args:
        endpoint: where sessions that are not given their own find their model; or the name of one of `endpoints`.
        endpoints: endpoints by name, for `spawn(endpoint="...")` and turns; a single one is the default too.
        agents: those that sessions, and other agents, call by name.
        config: how the runtime keeps house.
        rng: for jitter; a seeded one makes waits repeatable.
        ids: makes the ids of sessions, requests and actors, and the run's.
        wall_clock: Unix seconds, for events and the log; everything else goes by the loop's own clock.
        mcp: MCP servers by name; they are started with the runtime. Needs the extra `mcp`.
        world: what else comes from outside; a simulator replaces it.
    """

    def __init__(
        self,
        endpoint: Endpoint | str | None = None,
        *,
        endpoints: Mapping[str, Endpoint] = MappingProxyType({}),
        agents: Iterable[Agent] = (),
        config: RuntimeConfig = RuntimeConfig(),  # noqa: B008 - frozen
        rng: random.Random | None = None,
        ids: Callable[[], uuid.UUID] = uuid.uuid4,
        wall_clock: Callable[[], float] = time.time,
        mcp: Mapping[str, McpServer] = MappingProxyType({}),
        world: World = World(),  # noqa: B008 - frozen
    ) -> None:
        self._agents = Agents(agents, Endpoints(endpoint, endpoints), config.session)
        self._config = config
        load_for(config.budget)
        active, queued = config.max_active_turns, config.max_queued_turns
        self._services = Services(
            config=config,
            transports=Transports(world.transport),
            log=Log(run_id=ids().hex, now=wall_clock, pid=world.pid),
            counters=Counters(),
            rng=random.Random() if rng is None else rng,  # noqa: S311 - jitter is no secret
            ids=ids,
            sessions={},
            supervisors={},
            exchange=Exchange(config.max_room_lines),
            family=Family(),
            root=[],
            account=Account("the runtime", config.budget),
            door=Door(),
            mcp=mcp_states(mcp),
            threads=world.threads(config.tool_threads),
            slots=None if active is None else Slots(active),
            rss=world.rss,
        )
        bound = None if active is None or queued is None else active + queued
        self._world = world
        self._house = House(self._services, wall_clock)
        self._births = Births(self._house, self._agents, bound)
        self._services.exchange.births = self._births
        self._finalizer = weakref.finalize(self, self._house.dropped)
        self._finalizer.atexit = False

    # Sessions

    def spawn(
        self,
        endpoint: Endpoint | str | None = None,
        *,
        agent: Agent | str | None = None,
        id: str | None = None,  # noqa: A002 - it is what the event calls `session` and everyone calls an id
        messages: Messages = (),
        **settings: Any,
    ) -> Session:
        """Start a session. From any thread; never blocks.

        Args:
            endpoint: where its model answers, or the name of one of the runtime's; the agent's or the runtime's own
                if not given.
            agent: who it is, or the name of one of the runtime's agents; what is said here counts more than its word.
            id: its name in events and in the log, unique among the runtime's living sessions; made up if not given.
            messages: the conversation so far, after the system message.
            settings: settings by name, as `SessionConfig` has them; the runtime's for the rest.

        Raises:
            RuntimeClosedError: the runtime is not open.
            DrainingError: it is draining.
            ConfigError: a setting is unknown or can't be, the id is taken, or there is no such endpoint or agent.
            BudgetError: `RuntimeConfig.budget` does not allow it.
        """
        return self._births.spawn(
            settings, agent=agent, endpoint=endpoint, id=id, messages=messages, keeps=self
        )

    @property
    def agents(self) -> Mapping[str, Agent]:
        """The agents that it was given, by name."""
        return self._agents.named

    def sessions(self) -> tuple[Session, ...]:
        """The sessions that have not ended, oldest first.

        Raises:
            RuntimeClosedError: the runtime is not open.
        """
        self._house.open()
        ledgers = list(self._services.sessions.values())
        return tuple(self._births.session(ledger, keeps=self) for ledger in ledgers if ledger.end is None)

    @property
    def spent(self) -> Spend:
        """What all sessions have spent so far, those that have ended included; see `Session.spent`."""
        return self._services.account.spent

    def map(self, prompts: Iterable[str], *, max_sessions: int = 8, **settings: Any) -> ResultStream:
        """Run each prompt in a session of its own and give results as they complete, for `for` or `async for`.

        Args:
            prompts: one user text a session; read as sessions come free.
            max_sessions: how many run at once.
            settings: as in `spawn`, `endpoint` too.

        Returns:
            `MapResult`s in completion order, each with its index and either its result or its error.
        """
        if max_sessions < 1:
            raise ConfigError("max_sessions", f"must be at least 1, got {max_sessions}")
        self._house.open()
        return ResultStream(lambda: self.spawn(**settings), prompts, max_sessions)

    def mcp(self, name: str) -> McpTools:
        """The tools of one of the runtime's MCP servers, for `spawn(tools=[runtime.mcp("files"), ...])`.

        Raises:
            ConfigError: there is no server of that name.
        """
        for state in self._services.mcp:
            if state.name == name:
                return McpTools(state, lambda: self._house.open()[0].loop)
        known = ", ".join(state.name for state in self._services.mcp)
        have = f"there are {known}" if known else "Runtime(mcp=...) was given none"
        raise ConfigError("mcp", f"no MCP server is named {name!r}; {have}")

    def blackboard(
        self,
        name: str = "board",
        keys: Mapping[str, Any] | None = None,
        *,
        limits: BoardLimits = BoardLimits(),  # noqa: B008 - frozen
    ) -> Blackboard:
        """The blackboard of that name, made at the first call. From any thread; never blocks.

        Args:
            name: the board's.
            keys: its keys to the types of their values, such as `{"plan": list[str], "notes/*": Note}`, where `*` is
                any name: what msgspec converts, or pydantic. Needed when it is made.
            limits: how much it may hold; of the first call.

        Raises:
            ConfigError: a key or a type can't be, the board has others, or it is not there and no keys were given.
            RuntimeClosedError: the runtime is not open.
        """
        state = self._house.board(name, keys, limits)
        dispatcher, _ = self._house.open()
        return Blackboard(state, functools.partial(future.ask, loop=dispatcher.loop), keeps=self)

    def room(self, name: str) -> Room:
        """The room of that name, where sessions hear each other; it is opened when it is first used.

        Raises:
            RuntimeClosedError: the runtime is not open.
        """
        dispatcher, _ = self._house.open()
        ask = functools.partial(future.ask, loop=dispatcher.loop)
        return Room(name, self._services.exchange, ask, keeps=self)

    # Events of all sessions

    def events(self, buffering: Buffering | None = None) -> EventStream:
        """All events of all sessions from now on, those to come included, up to the runtime's end.

        Each session's events come in its order. A reader that falls behind holds up the sessions that it is behind
        with, as a stream of one session does. Closing it cancels nothing.

        Args:
            buffering: how much of each session may wait for it; as the session's settings say if not given.

        Raises:
            RuntimeClosedError: the runtime is not open.
        """
        fan = Fan(buffering)
        unwatch = self._watch(Watch(fan.outlet, fan.close))
        return EventStream(fan, unwatch, Birthplace())

    def subscribe(self, ref: pykka.ActorRef[Any]) -> Callable[[], None]:
        """Send an actor all events of all sessions from now on, those to come included, as `Session.subscribe` does.

        Each batch is of one session, and one batch a session is outstanding at a time.

        Returns:
            A function that unsubscribes it from all of them.

        Raises:
            RuntimeClosedError: the runtime is not open.
        """
        dispatcher, _ = self._house.open()
        ask = functools.partial(future.ask, loop=dispatcher.loop)
        return self._watch(Watch(functools.partial(actor_outlet, ref, ask), None))

    def _watch(self, watch: Watch) -> Callable[[], None]:
        house = self._house
        house.open()  # as in `spawn`
        with house.lock:
            house.open()
            house.watchers.add(watch)
        return functools.partial(_unwatch, house, watch)

    def ask(self, ref: pykka.ActorRef[Any], message: Any, timeout: float | None = None) -> LoopFuture[Any]:
        """Ask any pykka actor, on a loop or with a thread of its own.

        Args:
            ref: whom.
            message: what.
            timeout: seconds until the future fails with `pykka.Timeout`; a reply after that is dropped.

        Returns:
            A future to `.get()` in a thread or to await on any loop; neither it nor what `map`, `filter`, `join` and
            `reduce` make of it blocks a loop.
        """
        dispatcher, _ = self._house.open()
        return future.ask(ref, message, timeout=timeout, loop=dispatcher.loop)

    # Life

    def open(self) -> Self:
        """Start a thread with a loop, where no `with` block can be: `close` ends it.

        Raises:
            UsageError: the runtime was opened before.
            BlockingCallError: on a thread whose loop is running; use `async with` there.
        """
        refuse_on_a_loop("runtime.open()", "async with Runtime()")
        loop_factory = choose_loop(self._config.uvloop)
        self._house.start(functools.partial(Dispatcher.in_thread, loop_factory=loop_factory))
        return self

    def close(self) -> None:
        """End all sessions, cancelling their turns, and the thread; does nothing the second time.

        A drain under way is awaited first. In a forked child it does nothing.

        Raises:
            BlockingCallError: on a thread whose loop is running; `await runtime.aclose()` there.
        """
        refuse_on_a_loop("runtime.close()", "await runtime.aclose()")
        self._house.close()

    async def aclose(self) -> None:
        """As `close`, on the loop that the runtime lives on."""
        await self._house.aclose()

    def drain(self, timeout: float | None = None) -> LoopFuture[None]:
        """Take no new turns and sessions, let the turns that were accepted end, then close.

        From any thread; never blocks.

        Args:
            timeout: seconds after which the turns that are left are cancelled; None: as long as they take.

        Returns:
            A future to `.get()` in a thread or to await: done when all sessions have ended. Leaving the runtime's
            block waits for it, too.

        Raises:
            RuntimeClosedError: the runtime is not open.
        """
        return self._house.drain(timeout)

    def __enter__(self) -> Self:
        refuse_on_a_loop("with Runtime()", "async with Runtime()")
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._house.close(wait=error is None)
        self._raise_exit(error)

    async def __aenter__(self) -> Self:
        self._house.start(functools.partial(self._world.dispatcher, asyncio.get_running_loop()))
        await self._house.mind_the_loop()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._house.aclose(wait=error is None)
        self._raise_exit(error)

    @property
    def _dispatcher(self) -> Dispatcher | None:
        return self._house.dispatcher

    def _raise_exit(self, error: BaseException | None) -> None:
        if self._house.exit is not None and error is None:
            raise self._house.exit


def _unwatch(house: House, watch: Watch) -> None:
    """Not a method of the runtime: a stream that is collected shall not keep it."""
    if not house.elsewhere:
        with house.lock:
            house.watchers.remove(watch)


def choose_loop(wanted: bool | None) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop of uvloop, where it is wanted and there; None: asyncio's own.

    Raises:
        ConfigError: uvloop is asked for and not installed.
    """
    if wanted is False:
        return None
    try:
        import uvloop  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        if wanted is None:
            return None
        raise ConfigError(
            "RuntimeConfig.uvloop", "uvloop is not installed: pip install 'greenroom[fast]'"
        ) from None
    return uvloop.new_event_loop


__all__ = ["Runtime", "SessionClosedError"]
