"""Who a session is, as its log tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

import actors.log
from actors import Agent
from actors.fleet.fold import Fleet
from actors.log.decode import decode
from actors.provider import Call, Reply
from actors.sim import Simulation
from tests.company.cast import run
from tests.log.keeping import complaints
from tests.turns.acting import asks

FRONT = Agent(name="front", handoffs=("billing",))
BILLING = Agent(name="billing")


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    path: Path = tmp_path_factory.mktemp("log") / "moved.jsonl"
    sim = Simulation(1)
    sim.provider.script("s", asks(Call("transfer_to_billing")), Reply("Here."), Reply("Bye."))

    async def main(runtime: Any) -> None:
        session = runtime.spawn(id="s", agent="front")
        await session.send("My money!")
        await session.send("Thanks.")
        await runtime.spawn(id="nobody").send("Hello?")

    with actors.log.to_file(path):
        run(main, sim, agents=[FRONT, BILLING])
    return path.read_bytes().splitlines()


def told(lines: list[bytes], session: str, *events: str) -> list[tuple[str, str | None]]:
    records = [msgspec.json.decode(line) for line in lines]
    return [
        (record["event.name"].removeprefix("actors."), record.get("gen_ai.agent.name"))
        for record in records
        if record.get("gen_ai.conversation.id") == session
        and record["event.name"].removeprefix("actors.") in events
    ]


def test_records_name_the_agent(lines: list[bytes]) -> None:
    kinds = ("session.started", "turn.started", "request.started", "session.handed_off", "session.ended")
    assert told(lines, "s", *kinds) == [
        ("session.started", "front"),
        ("turn.started", "front"),
        ("request.started", "front"),
        ("session.handed_off", "billing"),
        ("request.started", "billing"),
        ("turn.started", "billing"),
        ("request.started", "billing"),
        ("session.ended", "billing"),
    ]
    assert all(complaints(msgspec.json.decode(line)) == [] for line in lines)


def test_nobody_in_particular_has_no_name(lines: list[bytes]) -> None:
    assert {agent for _, agent in told(lines, "nobody", "turn.started", "request.started")} == {None}


def test_a_dashboard_shows_who_has_it_now(lines: list[bytes]) -> None:
    fleet = Fleet()
    for line in lines:
        if b"session.ended" in line:
            break
        fleet.apply(decode(line))
    agents = {row.session: row.agent for row in fleet.view(0).sessions}
    assert agents["s"] == "billing"
