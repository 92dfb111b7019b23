"""Sessions that use a server's tools."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from actors import McpServer, Runtime
from actors.events import ToolCallFinished
from actors.provider import Call, Play, Reply, ScriptedProvider
from tests.mcp.diary import Diary, kept
from tests.mcp.playing import Heard, listening_to_the_log, old, wants_mcp
from tests.turns.acting import asks

pytestmark = wants_mcp


@pytest.fixture
def diary() -> Iterator[Diary]:
    with kept() as diary:
        yield diary


def asking(name: str) -> Play:
    return asks(Call(f"old__{name}", "{}"))


def test_a_session_calls_them_from_its_first_step_on(diary: Diary) -> None:
    with (
        ScriptedProvider() as provider,
        Runtime(provider.endpoint(), mcp={"old": old(diary)}) as runtime,
    ):
        provider.script("ada", asking("environ"), Reply("done"))
        session = runtime.spawn(id="ada", tools=[runtime.mcp("old")])
        events: list[object] = []
        assert session.run("Go on.", on_event=events.append).text == "done"
        (ended,) = [event for event in events if isinstance(event, ToolCallFinished)]
        assert (ended.name, ended.result) == ("old__environ", "ok")
        assert '"DIARY"' in str(ended.content)


def test_a_crash_in_a_call_is_a_result_that_says_so_and_the_turn_goes_on(diary: Diary) -> None:
    with (
        ScriptedProvider() as provider,
        Runtime(provider.endpoint(), mcp={"old": old(diary)}) as runtime,
    ):
        provider.script("ada", asking("crash"), asking("environ"), Reply("done"))
        session = runtime.spawn(id="ada", tools=[runtime.mcp("old")])
        events: list[object] = []
        assert session.run("Go on.", on_event=events.append).text == "done"
        ends = [event for event in events if isinstance(event, ToolCallFinished)]
        assert [end.result for end in ends] == ["crashed", "ok"]
        assert "lost during the call" in str(ends[0].content)


def test_a_list_that_changes_is_seen_by_a_living_session(diary: Diary) -> None:
    with (
        listening_to_the_log() as heard,
        ScriptedProvider() as provider,
        Runtime(provider.endpoint(), mcp={"old": old(diary)}) as runtime,
    ):
        provider.script("ada", asking("change"), Reply("done"), asking("late"), Reply("done again"))
        session = runtime.spawn(id="ada", tools=[runtime.mcp("old")])
        session.run("Go on.")
        _until_there_are(7, heard)
        session.run("Go on.")
        names = [[tool["function"]["name"] for tool in each.body["tools"]] for each in provider.requests]
        assert "old__late" not in names[0]
        assert "old__late" in names[-1]


def _until_there_are(count: int, heard: Heard) -> None:
    while heard.next("tools_listed")["tools.count"] != count:
        pass


def test_sessions_go_on_without_a_server_that_is_not_there(diary: Diary) -> None:
    async def night() -> str:
        wrong = McpServer(command="no-such-program-anywhere")
        with ScriptedProvider(default=Reply("fine")) as provider:
            async with Runtime(provider.endpoint(), mcp={"wrong": wrong}) as runtime:
                session = runtime.spawn(tools=[runtime.mcp("wrong")])
                return (await session.send("Go on.")).text

    assert asyncio.run(night()) == "fine"
