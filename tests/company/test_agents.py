"""Who a session is: what an agent says, what its host says, and what a file may say."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors import (
    Agent,
    ConfigError,
    Endpoint,
    Handoff,
    RetryPolicy,
    Runtime,
    RuntimeConfig,
    SessionConfig,
    tool,
)
from actors.provider import Reply
from actors.sim import Simulation
from tests.company.cast import run


@tool
async def look() -> str:
    """Look."""
    return "it is blue"


def test_a_session_is_what_its_agent_says() -> None:
    agent = Agent(
        name="ada", instructions="Be brief.", model="small", tools=[look], settings={"max_steps": 3}
    )
    sim = Simulation(1, default=Reply("Yes."))

    async def main(runtime: Runtime) -> str:
        return (await runtime.spawn(id="s", agent="ada").send("Well?")).text

    assert run(main, sim, agents=[agent]) == "Yes."
    body: Any = sim.provider.requests_of("s")[0].body
    assert body["model"] == "small"
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert [definition["function"]["name"] for definition in body["tools"]] == ["look"]


def test_the_hosts_word_counts_more() -> None:
    agent = Agent(name="ada", model="small", settings={"body": {"temperature": 1, "top_p": 0.5}})
    sim = Simulation(1, default=Reply("Yes."))

    async def main(runtime: Runtime) -> None:
        session = runtime.spawn(id="s", agent=agent, model="large", body={"temperature": 0})
        await session.send("Well?")
        await session.send("Well?", model="huge")

    run(main, sim)
    first, second = (request.body for request in sim.provider.requests_of("s"))
    assert (first["model"], second["model"]) == ("large", "huge")
    assert (first["temperature"], first["top_p"]) == (0, 0.5)


def test_what_all_sessions_have_may_be_agents_too() -> None:
    everyone = SessionConfig(tools=("ada", look), handoffs=("ada",))
    role = Runtime(
        Endpoint(base_url="http://127.0.0.1:1/v1", model="m"),
        agents=[Agent(name="ada")],
        config=RuntimeConfig(session=everyone),
    )._agents.role(None, {})
    assert [one.name for one in role.config.tools] == ["ada", "look"]


def test_a_runtime_knows_its_agents_by_name() -> None:
    ada = Agent(name="ada")
    runtime = Runtime(agents=[ada])
    assert dict(runtime.agents) == {"ada": ada}


@pytest.mark.parametrize(
    ("agents", "why"),
    [
        ([Agent(name="a"), Agent(name="a")], "'a' is there twice"),
        ([Agent(name="a", handoffs=["b"])], "no agent is named 'b'; there are a"),
        ([Agent(name="a", handoffs=["a", "a"])], "'a' is there 2 times"),
        ([Agent(name="a", tools=["b"])], "no agent is named 'b'"),
        ([Agent(name="a", endpoint="b")], "no endpoint is named 'b'"),
        ([Agent(name="a", settings={"colour": "red"})], "colour: is no setting of a session"),
        ([Agent(name="a", tools=[len])], "neither a Tool"),
        ([Agent(name="a", handoffs=[7])], "must be an Agent or the name of one"),
        (["a"], "'a' is no Agent"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(agents: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Runtime(Endpoint(base_url="http://127.0.0.1:1/v1", model="m"), agents=agents)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": "a b"}, "can't be one"),
        ({"name": "a" * 53}, "can't be one"),
        ({"name": "a", "settings": {"system": "x"}}, "say it with `instructions`"),
        ({"name": "a", "model": 7}, "[Ee]xpected `str"),
    ],
)
def test_an_agent_checks_itself(fields: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Agent(**fields)


def test_a_hand_off_checks_itself() -> None:
    with pytest.raises(ConfigError, match="all, last_turn, none, or a function"):
        Handoff(agent="a", keep="some")


FILE = """
[agent.planner]
description = "Makes plans."
instructions = "Plan."
endpoint = "house"
tools = ["stage_hands:look", "worker"]
handoffs = ["critic", { agent = "worker", keep = "stage_hands:first" }]
returns = "stage_hands:Plan"
settings = { max_steps = 7, retry = { max_retries = 1 }, hooks = "stage_hands:HOOKS" }

[agent.worker]

[agent.critic]
"""
MODULE = """
import msgspec
from actors import Hooks, tool

HOOKS = Hooks()

class Plan(msgspec.Struct):
    steps: list[str]

@tool
def look() -> str:
    "Look."
    return ""

def first(talk):
    return talk[:1]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "stage_hands.py").write_text(MODULE)
    (tmp_path / "agents.toml").write_text(FILE)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("stage_hands", None)


def test_agents_come_from_a_file(folder: Path) -> None:
    planner, worker, critic = Agent.all_from_toml(folder / "agents.toml")
    hands = sys.modules["stage_hands"]
    assert worker == Agent(name="worker")
    assert (planner.name, planner.description, planner.instructions) == ("planner", "Makes plans.", "Plan.")
    assert planner.tools == (hands.look, "worker")
    assert planner.returns is hands.Plan
    assert planner.handoffs == (
        "critic",
        Handoff(agent="worker", keep=hands.first),
    )
    house = Endpoint(base_url="http://127.0.0.1:1/v1", model="m")
    runtime = Runtime(endpoints={"house": house}, agents=[planner, worker, critic])
    role = runtime._agents.role("planner", {})
    assert role.endpoint is house
    assert role.config.retry == RetryPolicy(max_retries=1)
    assert role.config.hooks is hands.HOOKS


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "holds no agent"),
        ("[agent]\na = 1", "agent.a: must be a table"),
        ('[agent.a]\ncolour = "red"', "'colour' is no setting of Agent"),
        ('[agent.a]\ntools = ["nowhere:look"]', "agent.a: tools: 'nowhere:look' can't be imported"),
        ('[agent.a]\nreturns = "Plan"', 'must be "package.module:name"'),
        ('[agent.a]\nhandoffs = [{ agent = "b", keep = "some" }]', "must be one of all"),
        ('[agent."a b"]', "agent.a b: Agent.name: 'a b' can't be one"),
    ],
)
def test_a_file_says_where_it_is_wrong(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "agents.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=why):
        Agent.all_from_toml(path)
