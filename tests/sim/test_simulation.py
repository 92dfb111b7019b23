"""A run: its result, its time, its end; what is left is told, and what can't go on is told too."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import pytest

from actors.config import Deadlines
from actors.errors import TurnFailedError
from actors.outcome import Stalled
from actors.provider import Gate, Pause, Reply, Reset, Stall, Status
from actors.sim import Simulation, SimulationError

STORY = Reply("Once upon a time there was an endpoint.")


def test_a_run_gives_what_main_returned_and_time_is_virtual() -> None:
    sim = Simulation(1)
    sim.provider.script("ada", Status(503, headers={"retry-after": "100"}), STORY.but(Reset(after=1)), STORY)

    async def main() -> str:
        async with sim.runtime() as runtime:
            return (await runtime.spawn(id="ada").send("Tell me a story.")).text

    assert sim.run(main) == STORY.text
    assert sim.now() > 100
    assert [request.outcome for request in sim.provider.requests] == ["completed", "fault", "completed"]
    assert not sim.leftovers()
    assert sim.provider.open_connections == 0


def test_a_simulation_is_run_once() -> None:
    async def main() -> None:
        pass

    sim = Simulation(1)
    sim.run(main)
    with pytest.raises(SimulationError, match="run once"):
        sim.run(main)


def test_a_deadline_of_minutes_passes_at_once() -> None:
    sim = Simulation(1)
    sim.provider.script("m", STORY.but(Stall(after=2)))

    async def main() -> None:
        async with sim.runtime() as runtime:
            session = runtime.spawn(id="m", retry=None, deadlines=Deadlines(idle=1000))
            with pytest.raises(TurnFailedError) as caught:
                await session.send("Tell me a story.")
            assert isinstance(caught.value.event.outcome, Stalled)

    sim.run(main)
    assert 1000 < sim.now() < 1010


def test_a_deadlock_is_raised_where_the_run_waits_and_says_who_waits_for_what() -> None:
    sim = Simulation(1)
    gate = Gate()
    sim.provider.script("m", STORY.but(Pause(gate=gate, after=1)))

    async def main() -> str:
        async with sim.runtime() as runtime:
            runtime.spawn(id="idle")
            with pytest.raises(
                SimulationError, match=r"(?s)deadlock at .*task task-1 .*in .*main.*actor Guard"
            ):
                await asyncio.get_running_loop().create_future()
        return "went on"

    assert sim.run(main) == "went on"
    assert not sim.leftovers()


def test_a_run_that_insists_on_waiting_is_ended() -> None:
    async def main() -> None:
        while True:
            with contextlib.suppress(SimulationError):
                await asyncio.get_running_loop().create_future()

    with pytest.raises(SimulationError, match="deadlock"):
        Simulation(1).run(main)


def test_a_task_that_waits_for_ever_is_found_through_those_that_wait_for_it() -> None:
    async def stuck() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        await asyncio.create_task(stuck())

    with pytest.raises(SimulationError, match="stuck"):
        Simulation(1).run(main)


def test_what_is_left_is_named() -> None:
    sim = Simulation(1)
    kept: list[Any] = []

    async def forgetful() -> None:
        await asyncio.sleep(10_000)

    async def main() -> None:
        runtime = sim.runtime()
        await runtime.__aenter__()
        kept.extend([runtime, asyncio.create_task(forgetful())])
        await runtime.spawn().send("Hello.")

    with pytest.warns(ResourceWarning):
        sim.run(main)
    left = sim.leftovers()
    assert left
    kinds = {name.partition(" ")[0] for name in left.actors}
    assert kinds == {"Guardian", "RootSupervisor", "Supervisor", "SessionActor", "Switchboard"}
    assert any("forgetful" in name for name in left.tasks)
    assert any("StatsDue" in name for name in left.timers)
    assert left.connections == ("connection 1",)
    assert left.threads == ()


def test_an_hour_takes_no_time() -> None:
    sim = Simulation(1)

    async def main() -> None:
        async with sim.runtime() as runtime:
            session = runtime.spawn(id="m")
            for _ in range(60):
                await session.send("Hello.")
                await asyncio.sleep(60)

    began = time.process_time()
    sim.run(main)
    assert sim.now() > 3600
    assert time.process_time() - began < 60


def test_doors_refuse_and_idle_connections_expire() -> None:
    sim = Simulation(1, keep_alive_s=3)

    async def main() -> None:
        provider = sim.provider
        door = provider.door()
        async with sim.runtime() as runtime:
            late = runtime.spawn(door.endpoint(), id="late").send("Anyone?")
            await asyncio.sleep(1)
            assert not late.done()
            door.open()
            assert (await late).text
            session = runtime.spawn(id="m", retry=None)
            with provider.refusing(), pytest.raises(TurnFailedError, match="could not connect"):
                await session.send("Anyone?")
            await session.send("Hello.")
            await session.send("Hello again.")
            assert provider.open_connections == 2  # each door has one
            await asyncio.sleep(5)
            assert provider.open_connections == 0
            await session.send("And again.")

    sim.run(main)


async def _ask(sim: Simulation, **overrides: Any) -> None:
    async with sim.runtime() as runtime:
        await runtime.spawn(sim.provider.endpoint(**overrides), retry=None).send("Hello.")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"base_url": "http://elsewhere.invalid/v1"}, "can't be found"),
        ({"base_url": "http://127.0.0.1:9/v1"}, "could not connect"),
        ({"base_url": "https://127.0.0.1:9/v1"}, "plain http"),
    ],
)
def test_what_is_not_on_the_network_can_not_be_reached(overrides: dict[str, Any], said: str) -> None:
    sim = Simulation(1)
    with pytest.raises(TurnFailedError, match=said):
        sim.run(lambda: _ask(sim, **overrides))


def test_waiting_for_the_provider_on_a_loop() -> None:
    sim = Simulation(1)
    gate = Gate()
    sim.provider.script("m", STORY.but(Pause(gate=gate, after=1)))

    async def main() -> None:
        async with sim.runtime() as runtime:
            turn = runtime.spawn(id="m").send("Hello.")
            assert (await sim.provider.arrived("m")).attempt == 1
            assert (await sim.provider.halted("m")).outcome == "held"
            await gate.reached()
            gate.set()
            assert (await sim.provider.served("m")).outcome == "completed"
            await sim.provider.idle()
            assert (await turn).text == STORY.text
        await sim.provider.disconnected()

    sim.run(main)
