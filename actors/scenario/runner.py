"""Runs a scenario in its venue: opens the runtime, watches every session, adds up."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from actors.config import Endpoint
from actors.errors import ScriptError
from actors.events import Event
from actors.log import to_file
from actors.scenario import slow_reader
from actors.scenario.budget import Budget, BudgetSpentError
from actors.scenario.casting import Casting
from actors.scenario.declare import Scenario
from actors.scenario.display import Display
from actors.scenario.evidence import Register, exchanges
from actors.scenario.laws import Evidence, Laws
from actors.scenario.laws.evidence import by_attempt
from actors.scenario.report import Bill, Ending, Mode, Raised, Report
from actors.scenario.stage import Stage
from actors.scenario.summary import judge, summarise
from actors.scenario.tally import Tally, TurnTally
from actors.scenario.venue import Venue, venue_for
from actors.stream import EventStream


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a scenario is run."""

    log: str | None = None
    """Where the log goes; None: nowhere."""
    mode: Mode = "wire"
    seed: int = 0
    sessions: int | None = None
    """None: as many as the scenario says."""
    concurrency: int | None = None
    """See `Stage.concurrency`; so with the next two."""
    duration: float | None = None
    pace: float = 1.0
    params: Mapping[str, Any] = MappingProxyType({})
    """What the scenario's parameters are set to."""
    endpoint: Endpoint | None = None
    """The model of a `live` run."""
    max_turns: int | None = None
    max_tokens: int | None = None
    """Of all attempts, read and written."""
    again: str = ""
    """See `Report.again`."""


Watcher = Callable[[Event], None]
"""Sees each event of all sessions, in the order in which they arrive."""


def run(scenario: Scenario, settings: Settings, display: Display, watchers: Iterable[Watcher] = ()) -> Report:
    """Run a scenario on a loop of its own and say what came of it.

    Ctrl-C, in the main thread, ends the sessions in order; the report then says so.

    Raises:
        ConfigError: the log can't be written.
    """
    venue = venue_for(settings.mode, settings.seed, settings.endpoint)
    with contextlib.nullcontext() if settings.log is None else to_file(settings.log):
        one = _Run(venue, scenario, settings, display, tuple(watchers))
        began = time.perf_counter()
        ending = venue.run(one.perform)
        return one.report(ending, time.perf_counter() - began)


class _Run:
    def __init__(
        self,
        venue: Venue,
        scenario: Scenario,
        settings: Settings,
        display: Display,
        watchers: tuple[Watcher, ...],
    ) -> None:
        self._venue = venue
        self._scenario = scenario
        self._settings = settings
        self._display = display
        self._watchers = watchers
        self._tally = Tally()
        self._laws = Laws()
        self._register = Register()
        self._casting = Casting()
        self._budget = Budget(settings.max_turns, settings.max_tokens)
        self._script: asyncio.Task[None]
        self._stage: Stage
        self._error: Raised | None = None
        self._spent = ""
        self._unix = 0.0

    async def perform(self) -> Ending:
        """Everything, from the first actor's start to the last one's end."""
        display, venue = self._display, self._venue
        self._unix = venue.wall()
        display.begin(self._bill(), self._tally, venue.wall)
        drawing = (
            contextlib.nullcontext()
            if display.period is None
            else venue.drawing(display.refresh, display.period)
        )
        try:
            with drawing:
                return await self._play()
        finally:
            display.end()

    def report(self, ending: Ending, took_s: float) -> Report:
        """What came of it, once everything is closed."""
        venue = self._venue
        evidence = Evidence(
            sessions=self._register.facts(),
            exchanges=by_attempt(exchanges(() if venue.provider is None else venue.provider.requests)),
            leftovers=venue.leftovers,
            punctual=venue.punctual,
        )
        checks = self._stage.checks
        if ending == "finished":
            checks = (*checks, *judge(self._stage.thresholds, self._tally, self._unix))
        return Report(
            bill=self._bill(),
            summary=summarise(
                self._tally, checks, took_s, self._unix, breaches=self._laws.breaches(evidence)
            ),
            ending=ending,
            error=self._error,
            log=self._settings.log or "",
            again=self._settings.again,
            spent=self._spent,
        )

    def _bill(self) -> Bill:
        scenario, wanted = self._scenario, self._settings.sessions
        return Bill(
            name=scenario.name,
            story=scenario.story,
            file=scenario.file,
            sessions=scenario.sessions if wanted is None else wanted,
            seed=self._settings.seed,
            provider=self._venue.endpoint.base_url,
            mode=self._settings.mode,
        )

    async def _play(self) -> Ending:
        runtime, settings = self._venue.runtime(), self._settings
        stage = self._stage = Stage(
            venue=self._venue,
            runtime=runtime,
            casting=self._casting,
            tally=self._tally,
            budget=self._budget,
            sessions=self._scenario.sessions if settings.sessions is None else settings.sessions,
            concurrency=settings.concurrency,
            duration=settings.duration,
            pace=settings.pace,
            log=settings.log or "",
        )
        # The follower outlives the runtime, to see each session's last event.
        async with asyncio.TaskGroup() as group, runtime:
            self._register.open(runtime)
            group.create_task(self._follow(runtime.events()))
            slowly = runtime.events(slow_reader.BUFFERING)
            group.create_task(slow_reader.read_slowly(slowly, self._laws.apply_slow))
            ending = await self._end(stage)
            if ending != "finished":
                self._tally.cut_off()
        return ending

    async def _end(self, stage: Stage) -> Ending:
        """How the script ends."""
        self._script = asyncio.create_task(self._whole(stage))
        try:
            await self._script
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - a coroutine runs in one
            # Ctrl-C cancels this task. Else something that the script awaited was cancelled.
            if task.cancelling() == 0:
                return self._failed(ScriptError("it awaited something that was cancelled"))
            task.uncancel()
            return "interrupted"
        except AssertionError as error:
            self._tally.cut_off()
            said = f": {error}" if str(error) else ""
            stage.check(holds=False, what=f"the script's assertion holds{said}")
        except BudgetSpentError as error:
            self._spent = str(error)
            return "spent"
        except Exception as error:  # noqa: BLE001 - whatever a script raises is reported
            return self._failed(error)
        return "spent" if self._spent else "finished"

    def _failed(self, error: Exception) -> Ending:
        self._error = Raised.of(error, self._scenario.file)
        return "failed"

    async def _whole(self, stage: Stage) -> None:
        try:
            await self._scenario.script(stage, **self._settings.params)
            await stage.settled()
        except asyncio.CancelledError:
            if not self._spent:
                raise
        finally:
            await self._casting.leave()

    async def _follow(self, events: EventStream) -> None:
        async for event in events:
            self._laws.apply(event)
            for watcher in self._watchers:
                watcher(event)
            turn = self._tally.apply(event)
            if turn is not None:
                self._display.happened(event, turn)
                self._mind_the_budget(event, turn)

    def _mind_the_budget(self, event: Event, turn: TurnTally) -> None:
        why = self._budget.apply(event, turn)
        if why is not None and not self._spent:
            self._spent = why
            self._script.cancel()
