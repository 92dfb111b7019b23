"""Servers that are lost, can't be reached, or are to go: in processes of their own."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors import Intensity, McpError, McpServer, McpStartError, Runtime
from actors.mcp.actor import McpActor
from actors.mcp.messages import CallTool, CancelCall
from actors.provider import ScriptedProvider
from tests.mcp.diary import PATIENCE_S, ROOT, Diary, kept
from tests.mcp.playing import Heard, call, called, listening_to_the_log, names, old, wants_mcp

pytestmark = wants_mcp


@pytest.fixture
def diary() -> Iterator[Diary]:
    with kept() as diary:
        yield diary


@pytest.fixture
def heard() -> Iterator[Heard]:
    with listening_to_the_log() as heard:
        yield heard


def test_a_server_that_crashes_in_a_call_is_started_again_and_its_tools_are_listed(
    diary: Diary, heard: Heard
) -> None:
    with Runtime(mcp={"old": old(diary)}) as runtime:
        names(runtime, "old")
        heard.next("tools_listed")
        first = diary.line("server begins")
        with pytest.raises(
            McpError, match="'old': the server was lost during the call, which it may have carried out"
        ):
            call(runtime, "old__crash")
        assert call(runtime, "old__change") == "change"  # it waited for the next one
        assert diary.line("server begins") != first
        assert "came down" in heard.next("failed")["message"]
        assert heard.next("tools_listed")["tools.count"] == 6


def test_what_it_said_last_is_told_without_its_keys_and_tame(diary: Diary, heard: Heard) -> None:
    with Runtime(mcp={"old": old(diary, env={"KEY": "key-of-the-house"})}) as runtime:
        names(runtime, "old")
        with pytest.raises(McpError):
            call(runtime, "old__crash")
        message = heard.next("failed")["message"]
        assert "it wrote to stderr: the roof \\x1b[31m came down on ***" in message


def test_a_server_that_never_answers_is_not_waited_for(diary: Diary) -> None:
    mute = old(diary, "mute", connect=0.2, intensity=Intensity(restarts=0))
    with Runtime(mcp={"old": mute}) as runtime:
        with pytest.raises(McpError, match=r"its tools were not listed within 0\.2 s"):
            names(runtime, "old")
        diary.line("gone server")


def test_a_command_that_is_none_is_given_up_at_once_and_nothing_else(diary: Diary, heard: Heard) -> None:
    wrong = McpServer(command="no-such-program-anywhere")
    with Runtime(mcp={"wrong": wrong, "old": old(diary)}) as runtime:
        with pytest.raises(McpError, match="there is no such program"):
            names(runtime, "wrong")
        assert "there is no such program" in heard.next("given_up")["reason"]
        with pytest.raises(McpError, match=r"'wrong': it was given up: .*no such program"):
            names(runtime, "wrong")
        assert runtime.mcp("wrong").current() == ()
        assert "old__crash" in names(runtime, "old")


def test_a_url_that_is_no_server_s_says_what_it_answers() -> None:
    with ScriptedProvider() as provider:
        server = McpServer(url=f"{provider.base_url}/mcp", intensity=Intensity(restarts=0))
        with Runtime(mcp={"wrong": server}) as runtime, pytest.raises(McpError, match=r"\(HTTP 404\)"):
            names(runtime, "wrong")


@pytest.mark.parametrize("cwd", ["no-such-folder", None])
def test_what_can_t_be_started_says_why(cwd: str | None, tmp_path: Path) -> None:
    (tmp_path / "not-executable").touch()
    folder = tmp_path if cwd is None else tmp_path / cwd
    server = McpServer(command="./not-executable", cwd=str(folder))
    with Runtime(mcp={"wrong": server}) as runtime, pytest.raises(McpStartError):
        names(runtime, "wrong")


def test_a_server_that_is_lost_too_often_is_given_up(diary: Diary, heard: Heard) -> None:
    with Runtime(mcp={"old": old(diary, intensity=Intensity(restarts=1))}) as runtime:
        names(runtime, "old")
        for _ in range(2):
            with pytest.raises(McpError, match="lost during the call"):
                call(runtime, "old__crash")
            tool = called(runtime, "old__change")
        with pytest.raises(McpError, match="'old': it was given up: "):
            tool.result(PATIENCE_S)
        assert heard.next("given_up")["mcp.server.name"] == "old"
        assert runtime.mcp("old").current() == ()


def test_tools_of_two_servers_are_kept_apart(diary: Diary) -> None:
    servers = {"one": old(diary, "same"), "two": old(diary, "same", prefix="other")}
    with Runtime(mcp=servers) as runtime:
        assert "one__same" in names(runtime, "one")
        assert "other__same" in names(runtime, "two")


def test_all_pages_are_listed_with_names_that_endpoints_take(diary: Diary, heard: Heard) -> None:
    with Runtime(mcp={"old": old(diary, "x" * 70)}) as runtime:
        listed = names(runtime, "old")
        assert len(set(listed)) == 7  # not the bent one
        assert [name.rpartition("_")[0] for name in listed[:2]] == ["old__read_file", "old__read_file"]
        assert len(listed[-1]) == 64
        assert "'bent' is left out" in heard.next("tool_left_out")["message"]


def test_a_list_that_changes_is_listed_again_in_the_handshake_s_era(diary: Diary, heard: Heard) -> None:
    with Runtime(mcp={"old": old(diary)}) as runtime:
        assert "old__late" not in names(runtime, "old")
        heard.next("tools_listed")
        assert call(runtime, "old__change") == "change"
        assert heard.next("tools_listed")["tools.count"] == 7
        assert call(runtime, "old__late") == "late"


def test_it_gets_of_the_environment_what_it_is_given(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not for servers")
    monkeypatch.setenv("THEIRS", "for this one")
    with Runtime(mcp={"old": old(diary, inherit=("THEIRS",))}) as runtime:
        names(runtime, "old")
        told = call(runtime, "old__environ")
    assert "not for servers" not in told
    assert "for this one" in told


def test_nothing_is_left_when_a_runtime_is_closed(diary: Diary) -> None:
    with Runtime(mcp={"old": old(diary)}) as runtime:
        names(runtime, "old")
        call(runtime, "old__breed")
        diary.line("child begins")
    diary.line("gone server")
    diary.line("gone child")


def test_a_runtime_may_be_closed_while_a_process_is_spawned(diary: Diary) -> None:
    # A process that was left alone would be told by a ResourceWarning.
    with Runtime(mcp={"old": old(diary)}) as runtime:
        assert runtime.mcp("old").name == "old"


def test_a_runtime_that_is_closed_while_it_connects_leaves_no_process(diary: Diary) -> None:
    with Runtime(mcp={"old": old(diary, "mute")}):
        diary.line("server begins")
    diary.line("gone server")


def test_nothing_is_left_of_a_runtime_on_the_host_s_loop(diary: Diary) -> None:
    async def night() -> None:
        async with Runtime(mcp={"old": old(diary)}) as runtime:
            tools = {tool.name: tool for tool in await runtime.mcp("old").listed()}
            assert tools["old__breed"] is not None
            await runtime.mcp("old").settled()

    asyncio.run(night())
    diary.line("gone server")


def test_nothing_is_left_of_a_runtime_that_is_dropped(diary: Diary) -> None:
    runtime = Runtime(mcp={"old": old(diary)}).open()
    names(runtime, "old")
    dropped = [runtime]
    del runtime
    with pytest.warns(ResourceWarning, match="dropped without being closed"):
        _forget(dropped)
    diary.line("gone server")


def _forget(things: list[Runtime]) -> None:
    things.clear()
    gc.collect()


def test_nothing_is_left_of_a_process_that_exits(diary: Diary) -> None:
    script = f"""
from actors import Runtime
from tests.mcp.playing import names
from actors import McpServer
server = McpServer(command={sys.executable!r}, args={list(old(diary).args)!r}, env={diary.env!r})
runtime = Runtime(mcp={{"old": server}}).open()
names(runtime, "old")
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, cwd=ROOT, timeout=PATIENCE_S)
    diary.line("gone server")


def test_an_actor_that_fails_leaves_no_process_and_goes_on(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    with Runtime(mcp={"old": old(diary)}) as runtime:
        names(runtime, "old")
        diary.line("server begins")
        with monkeypatch.context() as patch:
            patch.setattr(McpActor, "_cancel", broken)
            running = called(runtime, "old__environ")
            running.result(PATIENCE_S)
            ref = runtime._services.mcp[0].ref
            assert ref is not None
            ref.tell(CancelCall(CallTool("any", {}, print)))
            diary.line("gone server")
        assert call(runtime, "old__change") == "change"
