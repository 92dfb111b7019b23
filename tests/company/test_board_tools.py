"""A blackboard in the hands of models: what its tools say, and two sessions that share one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pydantic
import pytest

from actors import Blackboard, ConfigError, Runtime, Session, Tool, ToolContext, ToolError
from actors.errors import ArgumentsError
from actors.events import ToolCallFinished
from actors.provider import Call, Reply
from actors.sim import Simulation
from tests.turns.acting import asks


class Step(msgspec.Struct, frozen=True):
    title: str
    hours: int = 0


KEYS: dict[str, Any] = {"plan": list[Step], "notes/*": str, "votes": dict[str, int]}


@pytest.fixture
def board() -> Iterator[Blackboard]:
    with Runtime() as runtime:
        yield runtime.blackboard("research", KEYS)


def named(tools: tuple[Tool, ...]) -> dict[str, Tool]:
    return {tool.name: tool for tool in tools}


def use(tool: Tool, arguments: dict[str, Any], session: str = "ada") -> Any:
    """A call as a session makes it, from the arguments' text on."""
    decoded = tool.decode(json.dumps(arguments))

    async def call() -> Any:
        return await tool.run(decoded, ToolContext(session=session))

    return asyncio.run(call())


def test_there_is_one_for_each_way_to_use_it_and_one_to_write_each_key(board: Blackboard) -> None:
    tools = named(board.tools())
    assert list(tools) == [
        "board_list", "board_read", "board_wait", "board_delete",
        "board_write_plan", "board_write_notes", "board_write_votes",
    ]  # fmt: skip
    assert [name for name, tool in tools.items() if not tool.strict] == ["board_write_votes"], "free keys"
    assert all(tool.description and not tool.blocking for tool in tools.values())
    plan = tools["board_write_plan"].parameters
    assert plan["required"] == ["value", "version"]
    assert plan["additionalProperties"] is False
    assert plan["properties"]["value"]["items"] == {"$ref": "#/$defs/Step"}
    assert list(named(board.tools("notes/", name="n", write=False))) == ["n_list", "n_read", "n_wait"]


def test_the_keys_are_the_type_of_the_key(board: Blackboard) -> None:
    with Runtime() as runtime:
        exact = named(runtime.blackboard("b", {"x": int, "y": str}).tools())
        assert exact["board_read"].parameters["properties"]["key"]["enum"] == ["x", "y"]
    some = named(board.tools("notes/"))["board_read"].parameters["properties"]["key"]
    assert some["description"] == "one of notes/*, with a name for the '*'; it begins with 'notes/'"


def test_a_model_reads_what_another_wrote_and_sets_by_its_version(board: Blackboard) -> None:
    tools = named(board.tools())
    assert use(tools["board_read"], {"key": "plan"}) == {"key": "plan", "version": 0}
    value = [{"title": "read", "hours": 2}]
    written = use(tools["board_write_plan"], {"value": value, "version": 0})
    assert written == {"key": "plan", "version": 1, "by": "ada"}
    assert use(tools["board_read"], {"key": "plan"}, "bob")["value"] == [Step("read", 2)]
    with pytest.raises(
        ToolError, match="plan: it has version 1 by now, and was to hold nothing: read it again"
    ):
        use(tools["board_write_plan"], {"value": [], "version": 0}, "bob")
    assert use(tools["board_write_plan"], {"value": [], "version": None}, "bob")["version"] == 2
    assert use(tools["board_write_notes"], {"key": "notes/x", "value": "y"})["version"] == 3
    assert use(tools["board_list"], {}) == [
        {"key": "plan", "version": 2, "by": "bob"},
        {"key": "notes/x", "version": 3, "by": "ada"},
    ]
    assert use(tools["board_delete"], {"key": "plan", "version": 2}) == "deleted"
    assert use(tools["board_delete"], {"key": "plan"}) == "it held nothing"


def test_what_a_model_gets_wrong_is_said_in_words(board: Blackboard) -> None:
    tools, ours = named(board.tools()), named(board.tools("notes/ada/"))
    with pytest.raises(ArgumentsError, match=r"\$\.value\[0\]\.title: expected str, got int"):
        use(tools["board_write_plan"], {"value": [{"title": 3}]})
    with pytest.raises(ToolError, match="no such key; there are plan"):
        use(tools["board_read"], {"key": "plans"})
    with pytest.raises(ToolError, match=r"the key must be 'notes/\*'"):
        use(tools["board_write_notes"], {"key": "plan", "value": "x"})
    for name, more in (("read", {}), ("delete", {}), ("write_notes", {"value": "x"}), ("wait", {"known": 0})):
        with pytest.raises(ToolError, match="must begin with 'notes/ada/'"):
            use(ours[f"board_{name}"], {"key": "notes/bob", **more})


class Rating(pydantic.BaseModel):
    stars: int = pydantic.Field(le=5)


def test_a_key_of_a_pydantic_type_has_a_strict_tool_too() -> None:
    with Runtime() as runtime:
        board = runtime.blackboard("b", {"best": Rating, "ratings/*": Rating})
        tools = named(board.tools())
        write = tools["board_write_ratings"]
        assert write.strict
        assert write.parameters["properties"]["value"] == {"$ref": "#/$defs/Rating"}
        assert write.parameters["properties"]["version"]["description"].startswith(
            "only if the key still has"
        )
        assert write.parameters["properties"]["key"]["description"].startswith("one of ratings/*")
        assert use(write, {"key": "ratings/a", "value": {"stars": 5}, "version": 0})["version"] == 1
        with pytest.raises(
            ArgumentsError, match=r"\$\.value\.stars: input should be less than or equal to 5"
        ):
            use(tools["board_write_best"], {"value": {"stars": 6}})


def test_tools_that_can_not_be(board: Blackboard) -> None:
    with pytest.raises(ConfigError, match="no key that begins with 'x'"):
        board.tools("x")
    with Runtime() as runtime, pytest.raises(ConfigError, match="the same name"):
        runtime.blackboard("b", {"a/b": int, "a.b": int}).tools()


def test_two_sessions_share_a_board_and_one_waits_for_the_other() -> None:
    sim = Simulation(3)
    plan = '{"value": [{"title": "read", "hours": 1}], "version": 0}'
    sim.provider.script("planner", asks(Call("board_write_plan", plan)), Reply("planned"))
    wait = '{"key": "plan", "known": 0, "seconds": 200}'
    again = '{"key": "plan", "known": 1, "seconds": 200}'
    sim.provider.script(
        "worker", asks(Call("board_wait", wait)), asks(Call("board_wait", again)), Reply("done")
    )

    def results(events: list[Any]) -> list[Any]:
        return [json.loads(event.content) for event in events if isinstance(event, ToolCallFinished)]

    async def main() -> tuple[list[Any], float]:
        async with sim.runtime() as runtime:
            tools = runtime.blackboard("research", KEYS).tools()

            def spawn(name: str) -> Session:
                return runtime.spawn(id=name, tools=tools)

            heard: list[Any] = []
            working = spawn("worker").send("Work.", on_event=heard.append)
            await asyncio.sleep(100)
            begun = sim.now()
            await spawn("planner").send("Plan.")
            await working
            return results(heard), sim.now() - begun

    (first, second), took = sim.run(main)
    assert first == {"key": "plan", "version": 1, "by": "planner", "value": [{"title": "read", "hours": 1}]}
    assert second == {"key": "plan", "timeout": "nothing changed within 200 seconds"}
    assert 200 <= took < 210
    assert not sim.leftovers()


@pytest.mark.parametrize("before", [True, False])
def test_a_wait_ends_by_a_deletion_too_also_by_one_that_was_before_it(
    board: Blackboard, before: bool
) -> None:
    wait = named(board.tools())["board_wait"]
    board.put("notes/x", "y").get()

    async def main() -> Any:
        if before:
            await board.delete("notes/x")
        arguments = wait.decode('{"key": "notes/x", "known": 1}')
        waiting = asyncio.ensure_future(wait.run(arguments, ToolContext()))
        await asyncio.sleep(0)  # it has begun
        await board.delete("notes/x")
        return await waiting

    assert asyncio.run(main()) == {"key": "notes/x", "version": 0}
