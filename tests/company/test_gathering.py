"""Fan out and gather: a child for each job, results in order, an error kept with its job, a deadline for all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import (
    BlockingCallError,
    ConfigError,
    Gathered,
    Job,
    Runtime,
    TurnFailedError,
    gather,
)
from actors.provider import Delay, Reply, ScriptedProvider, Status
from tests.company.cast import company, known

YES = Reply("yes")
SLOW = Reply("late").but(Delay(seconds=60))


def answers(gathered: tuple[Gathered, ...]) -> list[Any]:
    return [one.result.answer if one.result is not None else type(one.error).__name__ for one in gathered]


def test_results_come_in_the_order_of_the_jobs() -> None:
    async def main(runtime: Runtime) -> tuple[Gathered, ...]:
        return await gather(runtime, [Job("slow", "1?"), Job("quick", "2?"), "3?"], agent="quick")

    gathered = company(main, {"slow": SLOW, "quick": (YES, YES)}, known("slow"), known("quick"))
    assert answers(gathered) == ["late", "yes", "yes"]
    assert [(one.job.agent, one.job.input) for one in gathered] == [
        ("slow", "1?"), ("quick", "2?"), ("quick", "3?")
    ]  # fmt: skip


def test_an_error_is_kept_with_its_job() -> None:
    async def main(runtime: Runtime) -> tuple[Gathered, ...]:
        return await gather(runtime, [Job("broken", "?"), Job("quick", "?"), Job("nobody", "?")])

    gathered = company(main, {"broken": Status(400), "quick": YES}, known("broken"), known("quick"))
    assert answers(gathered) == ["TurnFailedError", "yes", "ConfigError"]
    assert isinstance(gathered[0].error, TurnFailedError)


def test_past_the_deadline_nothing_is_waited_for() -> None:
    async def main(runtime: Runtime) -> tuple[tuple[Gathered, ...], float, int]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        gathered = await gather(
            runtime, [Job("quick", "?"), Job("slow", "?"), Job("quick", "?")], at_once=1, timeout=10
        )
        return gathered, loop.time() - began, len(runtime.sessions())

    lines = {"slow": SLOW, "quick": (YES, YES)}
    gathered, took, _ = company(main, lines, known("slow"), known("quick"))
    assert answers(gathered) == ["yes", "TimeoutError", "TimeoutError"]
    assert took == pytest.approx(10, abs=0.1)


@settings(max_examples=25)
@given(jobs=st.integers(0, 6), at_once=st.integers(1, 7))
def test_no_more_work_at_once_than_may(jobs: int, at_once: int) -> None:
    seen: list[int] = []

    async def main(runtime: Runtime) -> tuple[Gathered, ...]:
        async def watch() -> None:
            seen.extend([len(runtime.sessions()) async for _ in runtime.events()])

        watching = asyncio.create_task(watch())
        gathered = await gather(runtime, map(str, range(jobs)), agent="quick", at_once=at_once)
        watching.cancel()
        return gathered

    gathered = company(main, {"quick": (YES,) * max(jobs, 1)}, known("quick"))
    assert answers(gathered) == ["yes"] * jobs
    assert max(seen, default=0) <= at_once


def test_who_stops_waiting_cancels_what_runs() -> None:
    async def main(runtime: Runtime) -> int:
        task = asyncio.ensure_future(gather(runtime, ["?", "?"], agent="slow"))
        await asyncio.sleep(1)
        assert len(runtime.sessions()) == 2
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(1)
        return len(runtime.sessions())

    assert company(main, {"slow": (SLOW, SLOW)}, known("slow")) == 0


def test_a_thread_gets_it_too() -> None:
    with ScriptedProvider(default=YES) as provider, Runtime(provider.endpoint()) as runtime:
        assert answers(gather(runtime, ["1?", "2?"]).get()) == ["yes", "yes"]


def test_a_loop_is_not_blocked_by_it() -> None:
    async def main(runtime: Runtime) -> None:
        with pytest.raises(BlockingCallError):
            gather(runtime, ["?"]).get()

    company(main, {})


@pytest.mark.parametrize("wrong", [{"at_once": 0}, {"timeout": 0}])
def test_what_cannot_be_is_refused_before_anything_runs(wrong: Any) -> None:
    with pytest.raises(ConfigError):
        gather(Runtime(), ["?"], **wrong)
