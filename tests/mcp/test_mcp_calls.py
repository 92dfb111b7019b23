"""Against the SDK's own server in a process, over stdio and over HTTP."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator
from concurrent.futures import CancelledError

import msgspec
import pytest

from actors import Intensity, McpError, McpServer, Runtime
from tests.mcp.diary import PATIENCE_S, Diary, kept
from tests.mcp.playing import Heard, call, called, listening, listening_to_the_log, names, stage, wants_mcp

pytestmark = wants_mcp


class House(msgspec.Struct, frozen=True):
    runtime: Runtime
    diary: Diary
    heard: Heard


@pytest.fixture(scope="module", params=["stdio", "http"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with contextlib.ExitStack() as open_:
        diary = open_.enter_context(kept())
        heard = open_.enter_context(listening_to_the_log())
        if request.param == "http":
            port = open_.enter_context(listening(diary))
            server = McpServer(url=f"http://127.0.0.1:{port}/mcp")
        else:
            server = stage(diary)
        runtime = open_.enter_context(Runtime(mcp={"stage": server}))
        assert "stage__echo" in names(runtime, "stage")
        yield House(runtime, diary, heard)


def test_the_tools_are_listed(house: House) -> None:
    tools = {tool.name: tool for tool in house.runtime.mcp("stage").current()}
    echo = tools["stage__echo"]
    assert echo.description == "Say it again."
    assert echo.parameters["properties"].keys() == {"text"}
    assert (echo.timeout, echo.retries, echo.blocking) == (60.0, 0, False)
    assert house.runtime.mcp("stage").hints["stage__echo"] == {"readOnlyHint": True, "destructiveHint": False}


def test_a_call_is_answered(house: House) -> None:
    assert call(house.runtime, "stage__echo", text="hello") == "hello"


def test_calls_run_at_once(house: House) -> None:
    both = [called(house.runtime, "stage__meet") for _ in range(2)]
    assert [each.result(PATIENCE_S).content for each in both] == ["met", "met"]


def test_a_tool_that_fails_says_so(house: House) -> None:
    result = called(house.runtime, "stage__fail").result(PATIENCE_S)
    assert result.is_error
    assert "no such thing" in result.content


def test_an_image_is_a_part(house: House) -> None:
    text, image = call(house.runtime, "stage__picture")
    assert text == {"type": "text", "text": "look:"}
    head, _, data = image["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data).startswith(b"\x89PNG")


def test_progress_is_told(house: House) -> None:
    told: list[object] = []
    assert called(house.runtime, "stage__climb", told.append).result(PATIENCE_S).content == "there"
    assert told == [{"progress": 1, "total": 2, "message": "half way"}, {"progress": 2, "total": 2}]


def test_a_call_that_is_cancelled_is_cancelled_there(house: House) -> None:
    running = called(house.runtime, "stage__slow")
    house.diary.line("slow begins")
    running.cancel()
    house.diary.line("slow ends")
    with pytest.raises(CancelledError):
        running.result(PATIENCE_S)
    assert call(house.runtime, "stage__echo", text="still there") == "still there"


def test_what_it_has_from_now_on_is_listed(house: House) -> None:
    before = len(house.runtime.mcp("stage").current())
    assert call(house.runtime, "stage__grow", name="fresh") == "grown"
    while house.heard.next("tools_listed")["tools.count"] == before:
        pass
    assert call(house.runtime, "stage__fresh") == "new"


def test_arguments_that_it_refuses_are_an_error_there(house: House) -> None:
    result = called(house.runtime, "stage__echo", text=3).result(PATIENCE_S)
    assert result.is_error


def test_a_server_that_is_lost_over_http_is_reached_again() -> None:
    with kept() as diary, listening_to_the_log() as heard:
        with listening(diary) as port:
            again_and_again = Intensity(restarts=100_000)
            server = McpServer(
                url=f"http://127.0.0.1:{port}/mcp", max_backoff=0.05, intensity=again_and_again
            )
            runtime = Runtime(mcp={"stage": server}).open()
            names(runtime, "stage")
            heard.next("connected")
            running = called(runtime, "stage__slow")
            diary.line("slow begins")
        with contextlib.closing(runtime):
            with pytest.raises(McpError, match="lost during the call"):
                running.result(PATIENCE_S)
            assert f"http://127.0.0.1:{port}/mcp" in heard.next("failed")["message"]
            with listening(diary, port):
                heard.next("connected")
                assert call(runtime, "stage__echo", text="back") == "back"
