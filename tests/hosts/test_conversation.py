"""What is sent can always be sent: every call has its result right behind it, every result its call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import ConfigError, Runtime
from actors.core.aggregate import StepResult
from actors.core.conversation import answer, open_calls, settle, tool_messages
from actors.events import ToolCall
from actors.messages import StartTurn
from actors.outcome import Complete
from actors.provider import Call, Reply, ScriptedProvider
from actors.session import SessionActor

LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
CALLS = st.lists(
    st.builds(
        ToolCall,
        id=st.sampled_from(["", "a", "b", "call_0"]),
        name=st.just("look"),
        arguments=st.sampled_from(["", "{}", '{"x": 1}']),
        runnable=st.booleans(),
    ),
    max_size=4,
)


def result(calls: Sequence[ToolCall], text: str = "") -> StepResult:
    return StepResult(
        full_text=text,
        thoughts="",
        refusal="",
        is_tool_call=bool(calls),
        calls=tuple(calls),
        usage=None,
        response_id="",
        response_model="",
        outcome=Complete(finish_reason="stop"),
    )


def check(messages: Sequence[Mapping[str, Any]]) -> None:
    """What endpoints insist on."""
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            waiting.remove(message["tool_call_id"])
            continue
        assert waiting == [], "a call without a result"
        calls = message.get("tool_calls")
        assert calls is None or len(calls) > 0
        assert calls is not None or isinstance(message["content"], str)
        waiting = [call["id"] for call in calls or ()]
        assert len(set(waiting)) == len(waiting)
        assert all(call["id"] and call["function"]["arguments"].startswith("{") for call in calls or ())
    assert waiting == []


@given(st.lists(st.tuples(CALLS, st.sampled_from(["all", "some", "none"])), max_size=5))
def test_what_is_sent_can_be_sent(turns: list[tuple[list[ToolCall], str]]) -> None:
    conversation: tuple[Mapping[str, Any], ...] = ({"role": "user", "content": "hello"},)
    for calls, answered in turns:
        conversation = (*conversation, answer(result(calls)))
        waiting = open_calls(conversation)
        assert len(waiting) == sum(call.runnable for call in calls)
        following: tuple[Mapping[str, Any], ...] = ({"role": "user", "content": "and then?"},)
        if waiting and answered != "none":
            results = tool_messages(waiting, ["seen"] * len(waiting))
            following = results if answered == "all" else results[1:] + following
        conversation = (*settle(conversation, following), *following)
        check(conversation)
        assert settle(conversation, following) == conversation


@pytest.mark.parametrize(
    ("results", "contents"),
    [
        ({"b": "two", "a": "one"}, ["one", "two"]),
        (["one", {"x": [1, None]}], ["one", '{"x":[1,null]}']),
    ],
)
def test_results_are_given_by_id_or_in_order(results: Any, contents: list[str]) -> None:
    messages = tool_messages(("a", "b"), results)
    assert [message["content"] for message in messages] == contents
    assert [message["tool_call_id"] for message in messages] == ["a", "b"]


@pytest.mark.parametrize(
    ("calls", "results", "why"),
    [
        ((), ["x"], "no call waits"),
        (("a", "b"), ["x"], "2 calls wait, got 1"),
        (("a",), {"z": "x"}, "the calls that wait are a; got z"),
        (("a", "b"), {"a": "x"}, "the calls that wait are a, b; got a"),
        (("a",), "x", "not str"),
        (("a",), [object()], "nor can it be JSON"),
    ],
)
def test_results_that_answer_nothing_are_refused(calls: tuple[str, ...], results: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        tool_messages(calls, results)


def test_answering_calls_by_hand(provider: ScriptedProvider) -> None:
    calls = (Call("look", '{"at": "it"}', id="c1"), Call("look", "{}", id="c2"))
    provider.script("s", Reply("Let me see.", tool_calls=calls), Reply("It is blue."), Reply("Indeed."))
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="s", tools=[LOOK])
        asked = session.run("what is it?")
        assert [call.id for call in asked.calls] == ["c1", "c2"]
        with pytest.raises(ConfigError, match="c1, c2"):
            session.answer({"c1": "blue"})
        done = session.answer({call.id: {"colour": "blue"} for call in asked.calls}).wait(timeout=30)
        assert done.text == "It is blue."
        history = session.history().get(timeout=30)
        assert [message["role"] for message in history] == ["user", "assistant", "tool", "tool", "assistant"]
        check(history)
        session.run("sure?")
    bodies = [request.body for request in provider.requests_of("s")]
    for body in bodies:
        check(body["messages"])
        assert body["tools"] == [LOOK]
    assert bodies[1]["messages"][1]["tool_calls"][0]["function"] == {
        "name": "look",
        "arguments": '{"at": "it"}',
    }


def test_calls_that_nobody_answered_are_forgotten(provider: ScriptedProvider) -> None:
    provider.script("s", Reply("", tool_calls=(Call("look", "{}", id="c1"),)), Reply("Never mind."))
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="s")
        session.run("what is it?", tools=[LOOK])
        saved = session.history().get(timeout=30)
        assert session.run("forget it").text == "Never mind."
        with pytest.raises(ConfigError, match="no call waits"):
            session.answer(["late"])
        again = runtime.spawn(id="seeded", messages=saved)
        assert again.answer(["blue"]).wait(timeout=30).text == "fine"
        check(again.history().get(timeout=30))
    first, second = (request.body for request in provider.requests_of("s"))
    assert (first.get("tools"), second.get("tools")) == ([LOOK], None)
    check(second["messages"])
    assert second["messages"][1] == {"role": "assistant", "content": ""}


def test_a_failed_answer_can_be_given_again(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.script("s", Reply("", tool_calls=(Call("look", "{}", id="c1"),)), Reply("It is blue."))
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="s")
        session.run("what is it?")
        start = SessionActor._start_turn

        def crash(self: SessionActor, turn: StartTurn) -> None:
            monkeypatch.setattr(SessionActor, "_start_turn", start)
            raise ValueError("crash")

        monkeypatch.setattr(SessionActor, "_start_turn", crash)
        with pytest.raises(Exception, match="crash"):
            session.answer(["blue"]).wait(timeout=30)
        assert session.answer(["blue"]).wait(timeout=30).text == "It is blue."
        check(session.history().get(timeout=30))
