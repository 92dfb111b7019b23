"""The loop in virtual time, beneath everything else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors.sim import SimulationError
from actors.sim.loop import VirtualLoop


def new_loop() -> VirtualLoop:
    def stuck() -> None:
        raise SimulationError("stuck")

    return VirtualLoop(is_idle=lambda _: False, on_deadlock=stuck, on_tick=lambda: None)


def run(main: Any) -> VirtualLoop:
    loop = new_loop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main(loop))
    return loop


def test_timers_fire_at_their_time_and_then_in_their_order() -> None:
    fired: list[tuple[float, str]] = []

    async def main(loop: VirtualLoop) -> None:
        for name, delay in (("c", 2.0), ("a", 1.0), ("d", 2.0), ("b", 1.0), ("e", 2.0)):
            loop.call_later(delay, lambda name=name: fired.append((loop.time(), name)))
        loop.call_later(1.5, fired.append, (0.0, "cancelled")).cancel()
        await asyncio.sleep(3)

    run(main)
    assert fired == [(1.0, "a"), (1.0, "b"), (2.0, "c"), (2.0, "d"), (2.0, "e")]


def test_timers_that_were_cancelled_are_thrown_out() -> None:
    async def main(loop: VirtualLoop) -> None:
        for _ in range(10_000):
            loop.call_later(3600, print).cancel()
            await asyncio.sleep(0)
        assert len(loop._timers) < 2500
        assert list(loop.timers) == []
        kept = loop.call_later(5, print)
        assert list(loop.timers) == [kept]
        kept.cancel()
        kept.cancel()
        await asyncio.sleep(10)
        assert loop.time() == 10

    run(main)


def test_tasks_are_numbered_and_listed_in_order_until_they_end() -> None:
    async def main(loop: VirtualLoop) -> None:
        tasks = [asyncio.create_task(asyncio.sleep(n)) for n in range(1, 4)]
        assert [task.get_name() for task in loop.tasks] == ["task-1", "task-2", "task-3", "task-4"]
        assert loop.tasks[1:] == tuple(tasks)
        await tasks[1]
        assert loop.tasks[1:] == (tasks[2],)
        await tasks[2]

    run(main)


def test_what_a_callback_raises_is_reported_and_the_loop_goes_on() -> None:
    reported: list[Any] = []

    def fail() -> None:
        raise ValueError("no")

    async def main(loop: VirtualLoop) -> None:
        loop.set_exception_handler(lambda _, context: reported.append(context["exception"]))
        loop.call_soon(fail)
        await asyncio.sleep(1)

    run(main)
    assert [str(error) for error in reported] == ["no"]


def test_where_nothing_can_happen_it_says_so() -> None:
    async def main(loop: VirtualLoop) -> None:
        await loop.create_future()

    with pytest.raises(SimulationError, match="stuck"):
        run(main)


def test_a_closed_loop_takes_nothing_more() -> None:
    loop = run(lambda _: asyncio.sleep(0))
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_soon(print)
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_later(1, print)
