"""Runs a scenario: opens the provider and the runtime, watches every session, adds up."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator

import msgspec

from actors.client import Session
from actors.config import Endpoint
from actors.errors import ScriptError
from actors.log import to_file
from actors.provider import ScriptedProvider
from actors.runtime import Runtime, choose_loop
from actors.scenario.declare import Scenario
from actors.scenario.display import Display
from actors.scenario.report import Bill, Ending, Report
from actors.scenario.stage import Stage
from actors.scenario.summary import summarise
from actors.scenario.tally import Tally
from actors.stream import EventStream


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a scenario is run."""

    log: str
    """Where the log goes."""
    seed: int = 0
    sessions: int | None = None
    """None: as many as the scenario says."""
    pace: float = 1.0
    """See `Stage.pace`."""
    endpoint: Endpoint | None = None
    """The model that stands in for the scripted provider; None: nobody does."""


def run(scenario: Scenario, settings: Settings, display: Display) -> Report:
    """Run a scenario on a loop of its own and say what came of it.

    Ctrl-C, in the main thread, ends the sessions in order; the report then says so.

    Raises:
        ConfigError: the log can't be written.
    """
    with to_file(settings.log), asyncio.Runner(loop_factory=choose_loop(None)) as runner:
        return runner.run(_Run(scenario, settings, display).perform())


class _Run:
    def __init__(self, scenario: Scenario, settings: Settings, display: Display) -> None:
        self._scenario = scenario
        self._settings = settings
        self._display = display
        self._sessions = scenario.sessions if settings.sessions is None else settings.sessions
        self._tally = Tally()
        self._stage: Stage
        self._error: Exception | None = None

    async def perform(self) -> Report:
        """Everything, from the provider's first breath to the report."""
        settings, scenario = self._settings, self._scenario
        began = time.perf_counter()
        with contextlib.ExitStack() as stack:
            provider, endpoint = None, settings.endpoint
            if endpoint is None:
                provider = stack.enter_context(ScriptedProvider(seed=settings.seed))
                endpoint = provider.endpoint()
            bill = Bill(
                name=scenario.name,
                story=scenario.story,
                file=scenario.file,
                sessions=self._sessions,
                seed=settings.seed,
                provider=endpoint.base_url,
            )
            self._display.begin(bill, self._tally, time.time())
            try:
                # The watchers outlive the runtime, to see each session's last event.
                async with asyncio.TaskGroup() as watchers, _refreshed(self._display):
                    ending = await self._play(provider, endpoint, watchers)
            finally:
                self._display.end()
        wall_s = time.perf_counter() - began
        summary = summarise(self._tally, self._stage.checks, wall_s)
        return Report(bill=bill, summary=summary, ending=ending, error=self._error, log=settings.log)

    async def _play(
        self, provider: ScriptedProvider | None, endpoint: Endpoint, watchers: asyncio.TaskGroup
    ) -> Ending:
        settings = self._settings
        runtime = Runtime(endpoint, rng=random.Random(settings.seed))  # noqa: S311 - jitter
        self._stage = Stage(
            runtime=runtime,
            provider=provider,
            seed=settings.seed,
            sessions=self._sessions,
            pace=settings.pace,
            log=settings.log,
            tally=self._tally,
            watch=lambda session: self._watch(session, watchers),
        )
        async with runtime:
            ending = await self._script(self._stage)
            if ending != "finished":
                self._tally.cut_off()
        return ending

    async def _script(self, stage: Stage) -> Ending:
        try:
            await self._scenario.script(stage)
            await stage.settled()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - a coroutine runs in one
            # Ctrl-C: `asyncio.Runner` cancels this task. Else something that the script awaited was cancelled.
            if task.cancelling() == 0:
                self._error = ScriptError("it awaited something that was cancelled")
                return "failed"
            task.uncancel()
            return "interrupted"
        except AssertionError as error:
            self._tally.cut_off()
            said = f": {error}" if str(error) else ""
            stage.check(holds=False, what=f"the script's assertion holds{said}")
        except Exception as error:  # noqa: BLE001 - whatever a script raises is reported
            self._error = error
            return "failed"
        return "finished"

    def _watch(self, session: Session, watchers: asyncio.TaskGroup) -> None:
        watchers.create_task(self._follow(session.events()))

    async def _follow(self, events: EventStream) -> None:
        async for event in events:
            turn = self._tally.apply(event)
            if turn is not None:
                self._display.happened(event, turn)


@contextlib.asynccontextmanager
async def _refreshed(display: Display) -> AsyncIterator[None]:
    async def refresh(period: float) -> None:
        while True:
            display.refresh()
            await asyncio.sleep(period)

    if display.period is None:
        yield
        return
    refreshing = asyncio.create_task(refresh(display.period))
    try:
        yield
    finally:
        refreshing.cancel()
