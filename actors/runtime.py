"""The runtime: where sessions live. A sync host gets a daemon thread with a loop, an async host its own loop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Self

import pykka

from actors.client import Messages, Session, replace, to_messages
from actors.config import Endpoint, RuntimeConfig
from actors.endpoints import Endpoints
from actors.errors import ConfigError, RuntimeClosedError, SessionClosedError, UsageError
from actors.kernel import future
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import LoopFuture
from actors.kernel.loop_actor import Restart
from actors.ledger import Counters, Ledger
from actors.log.record import Log
from actors.mapping import ResultStream
from actors.messages import Shutdown
from actors.observer import RuntimeObserver
from actors.root import Guardian
from actors.services import Services, Transports
from actors.stream import refuse_on_a_loop
from actors.supervisor import Supervisor

CLOSE_S = 10.0
"""How long `close` waits for the sessions to end by themselves before it ends them."""


class Runtime:
    """Spawns sessions and keeps them under one supervision tree. Use it as `with Runtime()` or `async with Runtime()`.

    Args:
        endpoint: where sessions that are not given their own find their model; or the name of one of `endpoints`.
        endpoints: endpoints by name, for `spawn(endpoint="...")` and turns; a single one is the default too.
        config: how the runtime keeps house.
        rng: for jitter; a seeded one makes waits repeatable.
        ids: makes the ids of sessions, requests and actors, and the run's.
        wall_clock: Unix seconds, for events and the log; everything else goes by the loop's own clock.
    """

    def __init__(
        self,
        endpoint: Endpoint | str | None = None,
        *,
        endpoints: Mapping[str, Endpoint] = MappingProxyType({}),
        config: RuntimeConfig = RuntimeConfig(),  # noqa: B008 - frozen
        rng: random.Random | None = None,
        ids: Callable[[], uuid.UUID] = uuid.uuid4,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._endpoints = Endpoints(endpoint, endpoints)
        self._wall_clock = wall_clock
        self._config = config
        self._dispatcher: Dispatcher | None = None
        self._guardian: pykka.ActorRef[Any] | None = None
        self._lock = threading.Lock()
        self._exit: BaseException | None = None
        self._closing: asyncio.Future[None] | None = None
        """Kept, as a loop holds its tasks only weakly."""
        self._services = Services(
            config=config,
            transports=Transports(),
            log=Log(run_id=ids().hex, now=wall_clock),
            counters=Counters(),
            rng=random.Random() if rng is None else rng,  # noqa: S311 - jitter is no secret
            ids=ids,
            sessions={},
            supervisors={},
            root=[],
        )

    # Sessions

    def spawn(
        self,
        endpoint: Endpoint | str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - it is what the event calls `session` and everyone calls an id
        messages: Messages = (),
        **settings: Any,
    ) -> Session:
        """Start a session. From any thread; never blocks.

        Args:
            endpoint: where its model answers, or the name of one of the runtime's; the runtime's own if not given.
            id: its name in events and in the log, unique among the runtime's living sessions; made up if not given.
            messages: the conversation so far, after the system message.
            settings: settings by name, as `SessionConfig` has them; the runtime's for the rest.

        Raises:
            RuntimeClosedError: the runtime is not open.
            ConfigError: a setting is unknown or can't be, the id is taken, or there is no such endpoint.
        """
        chosen = self._endpoints.find(endpoint)
        services = self._services
        config = replace(self._config.session, settings, chosen)
        system = () if config.system is None else ({"role": "system", "content": config.system},)
        with self._lock:
            dispatcher, root = self._open()
            name = services.ids().hex if id is None else id
            if name in services.sessions:
                raise ConfigError("id", f"session {name!r} exists already; close it first or take another id")
            ledger = Ledger(
                name,
                endpoint=chosen,
                endpoints=self._endpoints,
                config=config,
                messages=(*system, *to_messages(messages)),
                counters=services.counters,
                wall=dispatcher.wall,
            )
            services.sessions[name] = ledger
            dispatcher.spawn(Supervisor, ledger, services, parent=root, restart=Restart.TRANSIENT)
        return Session(ledger, functools.partial(future.ask, loop=dispatcher.loop))

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
        return ResultStream(lambda: self.spawn(**settings), prompts, max_sessions)

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
        dispatcher, _ = self._open()
        return future.ask(ref, message, timeout=timeout, loop=dispatcher.loop)

    # Life

    def __enter__(self) -> Self:
        refuse_on_a_loop("with Runtime()", "async with Runtime()")
        loop_factory = choose_loop(self._config.uvloop)
        self._start(functools.partial(Dispatcher.in_thread, loop_factory=loop_factory))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        dispatcher = self._dispatcher
        if dispatcher is not None:
            asyncio.run_coroutine_threadsafe(self._end_sessions(), dispatcher.loop).result()
            dispatcher.close()
            self._services.log.emit("actors.runtime.stopped", "runtime stopped")
        self._raise_exit(error)

    async def __aenter__(self) -> Self:
        self._start(functools.partial(Dispatcher, asyncio.get_running_loop()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Shielded: leaving the block because the host was cancelled must not leave half a runtime behind.
        self._closing = asyncio.ensure_future(self._aclose())
        await asyncio.shield(self._closing)
        self._raise_exit(error)

    def _start(self, make: Callable[..., Dispatcher]) -> None:
        services = self._services
        with self._lock:
            if self._dispatcher is not None:
                raise UsageError("a Runtime is entered once: make another one")
            self._dispatcher = make(
                observer=RuntimeObserver(services),
                ids=lambda: services.ids().urn,
                wall_clock=self._wall_clock,
                stall_after=self._config.stall_after,
                on_exit=self._exit_asked,
            )
            services.log.emit("actors.runtime.started", "runtime started")
            self._guardian = self._dispatcher.spawn(Guardian, services)

    def _open(self) -> tuple[Dispatcher, pykka.ActorRef[Any]]:
        if self._dispatcher is None:
            raise RuntimeClosedError(
                "enter the runtime first: `with Runtime(...) as runtime:` or `async with`"
            )
        if self._guardian is None:
            raise RuntimeClosedError("the runtime is closed: use its sessions inside its `with` block")
        root = self._services.root[0]
        return self._dispatcher, root

    async def _aclose(self) -> None:
        try:
            await self._end_sessions()
        finally:  # cancelled again, by a loop that ends: what is left stops before the first await
            if self._dispatcher is not None:
                await self._dispatcher.aclose()
        self._services.log.emit("actors.runtime.stopped", "runtime stopped")

    async def _end_sessions(self) -> None:
        """End all sessions and close the connections. Runs on the runtime's loop; a second call does nothing."""
        with self._lock:
            if self._guardian is None:
                return
            dispatcher, root = self._open()
            self._guardian = None
        try:
            # A root that fails, or does not come to it in time, does not keep the host: what is left is ended below.
            with contextlib.suppress(Exception):
                await future.ask(root, Shutdown(), timeout=CLOSE_S, loop=dispatcher.loop)
        finally:
            self._end_what_is_left()
            await self._services.transports.aclose()

    def _end_what_is_left(self) -> None:
        for ledger in list(self._services.sessions.values()):
            ledger.close("runtime_closed")  # its supervisor did not come to it
        self._services.sessions.clear()

    def _exit_asked(self, error: BaseException) -> None:
        """A KeyboardInterrupt or SystemExit in an actor: end in order, and raise it where the block is left."""
        self._exit = error
        assert self._dispatcher is not None  # noqa: S101 - it is calling
        self._closing = self._dispatcher.loop.create_task(self._end_sessions())

    def _raise_exit(self, error: BaseException | None) -> None:
        if self._exit is not None and error is None:
            raise self._exit


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
