"""One turn against one script over real sockets, with the laws that hold for every turn checked on the way."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import queue
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import msgspec
from loguru import logger

from actors.client import Session
from actors.config import Deadlines, Endpoint, RetryPolicy, RuntimeConfig, SessionConfig
from actors.core.fold import Fold, fold
from actors.events import (
    AttemptStarted,
    Event,
    RetryScheduled,
    StepFinished,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
)
from actors.kernel.cell import Cell
from actors.kernel.dispatcher import Dispatcher
from actors.provider import Gate, ObservedRequest, Play, Reply, ScriptedProvider
from actors.runtime import Runtime
from actors.stream import TurnStream

KEY = "sk-never-to-be-seen"
TRANSPORTS = ("aiohttp", "httpx")
RETRY = RetryPolicy(backoff_ms=8, jitter="deterministic")
WAITS = (10, 18, 39, 72)
"""What `RETRY` waits, in milliseconds, by the reference turn's formula."""
GOOD = Reply("Once upon a time there was an endpoint.", thoughts="How do stories begin?")
DEADLINES = Deadlines(trailing=60)
"""Minutes, all of them: they pass where a test puts the clock forward, and nowhere else."""
GUARD_S = 15.0
"""A turn that no deadline ends is a bug, and no reason to hang."""
TIMER_S = 0.001
"""uvloop's timers count whole milliseconds, so one can be due by so much too early."""

_TERMINAL = TurnCompleted, TurnFailed, TurnCancelled
_SHORT_LIVED = {"CallerActor", "AggregatorActor"}
_OURS = {"Guardian", "RootSupervisor", "Supervisor", "SessionActor", *_SHORT_LIVED}


class Half(random.Random):
    """Chance without surprise."""

    def random(self) -> float:
        return 0.5


class MovedLoop(asyncio.SelectorEventLoop):
    """A loop whose clock can be put forward. Not uvloop, whose timers no clock of ours moves."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one turn."""

    requests: tuple[ObservedRequest, ...]
    events: tuple[Event, ...]
    terminal: TurnCompleted | TurnFailed | TurnCancelled

    @property
    def retries(self) -> tuple[RetryScheduled, ...]:
        return tuple(event for event in self.events if isinstance(event, RetryScheduled))

    @property
    def reasons(self) -> tuple[str, ...]:
        """How the attempts failed that were tried again."""
        return tuple(retry.outcome.reason for retry in self.retries)

    @property
    def waits(self) -> tuple[int, ...]:
        """In milliseconds."""
        return tuple(retry.backoff_ms for retry in self.retries)

    @property
    def completed(self) -> TurnCompleted:
        assert isinstance(self.terminal, TurnCompleted), self.terminal
        return self.terminal

    @property
    def failed(self) -> TurnFailed:
        assert isinstance(self.terminal, TurnFailed), self.terminal
        return self.terminal

    def shown_by(self, attempt: int) -> Fold:
        """What a consumer had on its screen when this attempt was over."""
        later = (AttemptStarted, *_TERMINAL)
        before = itertools.takewhile(
            lambda event: (
                not (isinstance(event, later) and (event.attempt > attempt or isinstance(event, _TERMINAL)))
            ),
            self.events,
        )
        return fold(before)


class Stage:
    """A provider and a runtime with one transport."""

    def __init__(self, transport: str) -> None:
        self.transport = transport
        self.provider = ScriptedProvider(default=GOOD)
        self.runtime = Runtime(
            config=RuntimeConfig(
                session=SessionConfig(retry=RETRY, deadlines=DEADLINES, max_empty_answers=None)
            ),
            rng=Half(),
        )
        self.said: list[str] = []
        """Every log record, and the repr of every event and exception: where no key may be."""
        self._logged: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._keys = (f"s{number}" for number in itertools.count(1))
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> Self:
        logger.enable("actors")
        self._exits.callback(logger.disable, "actors")
        sink = logger.add(self._take_record, level=0)
        self._exits.callback(logger.remove, sink)
        self._exits.enter_context(self.provider)
        self._exits.enter_context(self.runtime)
        return self

    def __exit__(self, *error: object) -> None:
        self._exits.close()
        assert error[0] is not None or not [text for text in self.said if KEY in text]

    def _take_record(self, message: Any) -> None:
        self.said.append(repr(message.record))
        self._logged.put(message.record["extra"]["greenroom"]["event.name"])

    # Sessions and turns

    def endpoint(self, **overrides: Any) -> Endpoint:
        return self.provider.endpoint(**{"transport": self.transport, "api_key": KEY, **overrides})

    def spawn(self, *plays: Play, endpoint: Endpoint | None = None, **settings: Any) -> Session:
        key = next(self._keys)
        if plays:
            self.provider.script(key, *plays)
        return self.runtime.spawn(self.endpoint() if endpoint is None else endpoint, id=key, **settings)

    def play(
        self,
        *plays: Play,
        open_at: Mapping[str, Gate] | None = None,
        endpoint: Endpoint | None = None,
        **settings: Any,
    ) -> Played:
        """Run one turn in a session of its own.

        `open_at` opens a gate as soon as its text is what a consumer has on the screen.
        """
        session = self.spawn(*plays, endpoint=endpoint, **settings)
        return self.watch(session, session.stream("Tell me a story.").__enter__(), open_at=open_at)

    def watch(
        self,
        session: Session,
        stream: Iterable[Event],
        *,
        open_at: Mapping[str, Gate] | None = None,
        on_event: Callable[[Event], None] = lambda _: None,
    ) -> Played:
        """Read a turn's events to the end, and hold it to the laws."""
        events: list[Event] = []
        screen = Fold()
        guard = threading.Timer(GUARD_S, session.cancel, kwargs={"reason": "the turn hung"})
        guard.start()
        for event in stream:
            events.append(event)
            screen.apply(event)
            gate = (open_at if open_at is not None else {}).get(screen.text)
            if gate is not None:
                gate.set()
            on_event(event)
        guard.cancel()
        terminal = events[-1]
        assert isinstance(terminal, _TERMINAL)
        requests = self.provider.requests_of(session.id)
        played = Played(requests=requests, events=tuple(events), terminal=terminal)
        self.said += map(repr, events)
        hold_to_the_laws(played)
        return played

    # Time and rest

    def put_forward(self, seconds: float) -> None:
        """Let so much time pass on the runtime's loop, a `MovedLoop`, and block until what that led to is done."""
        loop = self.dispatcher.loop
        assert isinstance(loop, MovedLoop)

        async def put_forward() -> None:
            loop.ahead += seconds
            await asyncio.sleep(0)
            await asyncio.sleep(0)  # in between, what was due has been called

        asyncio.run_coroutine_threadsafe(put_forward(), loop).result(5)
        self.settle()

    def put_forward_until_done(self, stream: TurnStream, seconds: float) -> None:
        """The same, so often that it does not matter when exactly the clock of what is waited for began to run."""
        while not stream.done.done():
            self.put_forward(seconds)

    def wait_logged(self, event_name: str) -> None:
        """Block until a record of that name is written, past those that were awaited before."""
        while self._logged.get(timeout=30) != event_name:
            pass

    @property
    def dispatcher(self) -> Dispatcher:
        dispatcher = self.runtime._dispatcher
        assert dispatcher is not None
        return dispatcher

    def settle(self) -> None:
        """Block until every message that was sent by now is handled, and what it led to."""

        async def settled() -> None:
            while self.dispatcher._draining:  # noqa: ASYNC110 - it has no event for that, and needs none
                await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(settled(), self.dispatcher.loop).result(5)

    def assert_at_rest(self) -> None:
        """Of finished and cancelled turns nothing is left: no actor, task, timer, nor a response half read."""
        dispatcher = self.dispatcher
        for cell in dispatcher.cells():
            if cell.actor_class in _SHORT_LIVED:
                assert cell.stopped.wait(5), f"{cell.actor_class} is left"
        left = asyncio.run_coroutine_threadsafe(_left(list(dispatcher.cells())), dispatcher.loop).result(10)
        assert left == ([], [])
        sessions = len(self.runtime._services.sessions)
        kinds = sorted(cell.actor_class for cell in dispatcher.cells() if cell.actor_class in _OURS)
        assert kinds == sorted(["Guardian", "RootSupervisor", *["Supervisor", "SessionActor"] * sessions])
        assert self.provider.wait_idle()


async def _left(cells: list[Cell]) -> tuple[list[str], list[str]]:
    """The tasks that do not end, and the timers that are set but for the root's own."""
    serving = {"LoopThread._serve", "_left"}
    # A reader that was given up is closed by asyncio, in a task whose coroutine has no name.
    names = {task: getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()}
    tasks = [task for task, name in names.items() if name not in serving]
    pending = (await asyncio.wait(tasks, timeout=30))[1] if tasks else set()
    timers = [
        f"{cell.actor_class}: {timer.message!r}"
        for cell in cells
        if cell.actor_class != "RootSupervisor"
        for timer in cell.timers or ()
    ]
    return [repr(task) for task in pending], timers


def hold_to_the_laws(played: Played) -> None:
    """What is so for every turn, however it went."""
    events, terminal = played.events, played.terminal
    assert [event for event in events if isinstance(event, _TERMINAL)] == [terminal]
    for event, following in itertools.pairwise(events):
        assert getattr(following, "first_seq", following.seq) == event.seq + 1
    folded = fold(events)
    assert (folded.text, folded.thoughts) == (terminal.text, terminal.thoughts)
    starts = [event for event in events if isinstance(event, AttemptStarted)]
    assert [start.attempt for start in starts] == list(range(1, len(starts) + 1))
    if not isinstance(terminal, TurnCancelled):
        assert [usage.attempt for usage in terminal.usage] == [start.attempt for start in starts]
    assert [retry.failed_attempts for retry in played.retries] == list(range(1, len(played.retries) + 1))
    assert all(retry.payload["error"] == retry.outcome.describe() for retry in played.retries)
    if len(played.requests) == len(
        starts
    ):  # else some attempts were refused, and there is no time to compare
        for (earlier, later), wait in zip(itertools.pairwise(played.requests), played.waits, strict=False):
            assert later.received_at - earlier.received_at >= wait / 1000 - TIMER_S
    finished = [event for event in events if isinstance(event, StepFinished)]
    assert len(finished) == isinstance(terminal, TurnCompleted)
