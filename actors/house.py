"""What a runtime keeps running: its dispatcher, its guardian, and their end.

It does not know the `Runtime`: so a runtime that its host dropped without closing it can be collected, and ends.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import threading
import warnings
import weakref
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

import pykka

from actors.birthplace import Birthplace
from actors.company.board.boards import Boards
from actors.company.board.limits import BoardLimits
from actors.company.board.state import BoardState
from actors.errors import RuntimeClosedError, UsageError
from actors.kernel import future
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import LoopFuture, call_threadsafe
from actors.messages import Shutdown
from actors.observer import RuntimeObserver
from actors.root import Guardian
from actors.services import Services
from actors.watching import Watchers

CLOSE_S = 10.0
"""How long `close` waits for the sessions to end by themselves before it ends them."""
EXIT_S = 2.0
"""How long an interpreter that exits waits for a runtime that nobody closed."""


class House:
    """A runtime's inside."""

    def __init__(self, services: Services, wall_clock: Callable[[], float]) -> None:
        self.services = services
        self.lock = threading.RLock()  # a finalizer may run where it is held
        self.dispatcher: Dispatcher | None = None
        self.exit: BaseException | None = None
        """The KeyboardInterrupt or SystemExit that an actor raised."""
        self.watchers = Watchers(services)
        self.boards = Boards(services)
        self._wall_clock = wall_clock
        self._birthplace = Birthplace()
        self._guardian: pykka.ActorRef[Any] | None = None
        self._closing: asyncio.Future[None] | None = None
        """Kept, as a loop holds its tasks only weakly; so is the next."""
        self._draining: asyncio.Future[None] | None = None
        self._drained: LoopFuture[None] | None = None
        self._stopped = False
        self._minder: AsyncGenerator[None, None] | None = None
        self._at_exit = functools.partial(_at_exit, weakref.ref(self))

    def start(self, make: Callable[..., Dispatcher]) -> None:
        """Make the dispatcher and the tree's top.

        Raises:
            UsageError: they were made before.
        """
        services = self.services
        with self.lock:
            if self.dispatcher is not None:
                raise UsageError("a Runtime is entered once: make another one")
            self._birthplace = Birthplace()
            self.dispatcher = make(
                observer=RuntimeObserver(services),
                ids=lambda: services.ids().urn,
                wall_clock=self._wall_clock,
                stall_after=services.config.stall_after,
                on_exit=self._exit_asked,
            )
            services.log.emit("actors.runtime.started", "runtime started")
            self._guardian = self.dispatcher.spawn(Guardian, services)
        atexit.register(self._at_exit)

    def open(self) -> tuple[Dispatcher, pykka.ActorRef[Any]]:
        """The dispatcher and the root supervisor.

        Raises:
            RuntimeClosedError: they are not there yet, or any more, or only in another process (`ForkedError`).
        """
        if self.dispatcher is None:
            raise RuntimeClosedError(
                "enter the runtime first: `with Runtime(...) as runtime:` or `async with`"
            )
        self._birthplace.check()
        if self._guardian is None:
            raise RuntimeClosedError("the runtime is closed: use its sessions inside its `with` block")
        return self.dispatcher, self.services.root[0]

    def board(self, name: str, keys: Mapping[str, Any] | None, limits: BoardLimits) -> BoardState:
        """See `Runtime.blackboard`."""
        self.open()  # before the lock: a fork may find it held for ever
        with self.lock:
            dispatcher, _ = self.open()
            assert self._guardian is not None  # noqa: S101 - it is open
            return self.boards.open(dispatcher, self._guardian, name, keys, limits)

    async def mind_the_loop(self) -> None:
        """Have everything end with this loop, where the host ends that and forgets the runtime."""
        self._minder = self._until_the_loop_ends()
        await anext(self._minder)

    async def _until_the_loop_ends(self) -> AsyncGenerator[None, None]:
        # `asyncio.run` closes the generators that are left when it has cancelled the tasks.
        try:
            yield
        finally:
            if self._guardian is not None:
                self._minder = None
                await self._aclose(wait=False)
                _complain()

    # The end

    @property
    def elsewhere(self) -> bool:
        """Whether this is a fork of the process that all of it lives in."""
        return self._birthplace.left

    @property
    def draining(self) -> bool:
        """Whether no new turns and sessions are taken."""
        return self._drained is not None

    def drain(self, timeout: float | None) -> LoopFuture[None]:
        """See `Runtime.drain`."""
        self._birthplace.check()
        with self.lock:
            if self._drained is not None:
                return self._drained
            dispatcher, _ = self.open()
            drained = self._drained = LoopFuture[None]()
            empty = self.services.door.shut()

        def begin() -> None:
            self._draining = dispatcher.loop.create_task(self._drain(empty, timeout, drained))

        call_threadsafe(dispatcher.loop, begin)
        return drained

    async def _drain(
        self,
        empty: LoopFuture[None],
        patience: float | None,
        drained: LoopFuture[None],
    ) -> None:
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await empty
            await self._end_sessions()
            drained.set(None)
        finally:  # only a loop that ends in the meantime leaves it pending
            drained.expire(RuntimeClosedError("the loop ended before the runtime had drained"))

    def close(self, *, wait: bool = True) -> None:
        """End everything, from a thread without the loop; a second call does nothing.

        Args:
            wait: whether a drain under way may take its time.
        """
        dispatcher = self.dispatcher
        if dispatcher is None or self._birthplace.left:
            return
        if dispatcher.loop.is_running():
            asyncio.run_coroutine_threadsafe(self._finish(wait=wait), dispatcher.loop).result()
        dispatcher.close()
        self._guardian = None  # as it is but where a host's loop has ended before
        self._end_what_is_left()
        self._say_stopped()

    async def aclose(self, *, wait: bool = True) -> None:
        """As `close`, on the loop. Shielded: a host that is cancelled while it leaves leaves nothing behind."""
        if self.dispatcher is None or self._birthplace.left:
            return
        if not self.dispatcher.on_loop():
            await asyncio.to_thread(self.close, wait=wait)
            return
        self._closing = asyncio.ensure_future(self._aclose(wait=wait))
        await asyncio.shield(self._closing)

    async def _aclose(self, *, wait: bool) -> None:
        try:
            await self._finish(wait=wait)
        finally:  # cancelled again, by a loop that ends: what is left stops before the first await
            if self.dispatcher is not None:
                await self.dispatcher.aclose()
        self._say_stopped()
        minder, self._minder = self._minder, None
        if minder is not None:
            await minder.aclose()

    def _say_stopped(self) -> None:
        with self.lock:
            stopped, self._stopped = self._stopped, True
        atexit.unregister(self._at_exit)
        if not stopped:
            self.services.log.emit("actors.runtime.stopped", "runtime stopped")

    async def _finish(self, *, wait: bool) -> None:
        if wait and self._drained is not None:
            with contextlib.suppress(RuntimeClosedError):
                await self._drained
        await self._end_sessions()

    async def _end_sessions(self) -> None:
        """End all sessions and close the connections. Runs on the runtime's loop; a second call does nothing."""
        with self.lock:
            if self._guardian is None:
                return
            dispatcher, root = self.open()
            self._guardian = None
        try:
            # A root that fails, or does not come to it in time, does not keep the host: what is left is ended below.
            with contextlib.suppress(Exception):
                await future.ask(root, Shutdown(), timeout=CLOSE_S, loop=dispatcher.loop)
        finally:
            self._end_what_is_left()
            self.services.threads.close()
            await self.services.transports.aclose()

    def _end_what_is_left(self) -> None:
        for ledger in list(self.services.sessions.values()):
            ledger.close("runtime_closed")  # its supervisor did not come to it
        self.services.sessions.clear()
        self.services.exchange.close()
        self.watchers.close()
        self.boards.close()

    def _exit_asked(self, error: BaseException) -> None:
        """A KeyboardInterrupt or SystemExit in an actor: end in order, and raise it where the block is left."""
        self.exit = error
        assert self.dispatcher is not None  # noqa: S101 - it is calling
        self._closing = self.dispatcher.loop.create_task(self._end_sessions())

    def dropped(self) -> None:
        """The host forgot to close: end all the same, and say so. Called by the collector, from any thread."""
        dispatcher = self.dispatcher
        if dispatcher is None or self._guardian is None or self._birthplace.left:
            return

        def begin() -> None:
            self._closing = dispatcher.loop.create_task(self._aclose(wait=False))

        if not call_threadsafe(dispatcher.loop, begin):
            dispatcher.abandon()
            self._say_stopped()
        _complain()

    def leave_at_exit(self) -> None:
        """The interpreter exits, and its daemon threads with it: end in order, if that goes quickly."""
        dispatcher = self.dispatcher
        if (
            dispatcher is None
            or self._guardian is None
            or self._birthplace.left
            or not dispatcher.loop.is_running()
        ):
            return
        closing = asyncio.run_coroutine_threadsafe(self._aclose(wait=False), dispatcher.loop)
        with contextlib.suppress(Exception):  # there is nobody left to tell
            closing.result(EXIT_S)
        for server in self.services.mcp:
            server.kill()


def _complain() -> None:
    warnings.warn(
        "a greenroom Runtime was dropped without being closed: use `with Runtime()`, or close() it",
        ResourceWarning,
        stacklevel=2,
    )


def _at_exit(ref: weakref.ref[House]) -> None:
    house = ref()
    if house is not None:
        house.leave_at_exit()
