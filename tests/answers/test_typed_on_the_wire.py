"""Typed answers of whole turns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pydantic
import pytest

from actors import ConfigError, Runtime, TurnFailedError, tool
from actors.answers.asking import ANSWER_TOOL
from actors.config import Profile
from actors.events import AnswerRejected, ToolCallFinished
from actors.provider import Call, Reply, ScriptedProvider


class City(msgspec.Struct):
    name: str
    people: int


class Model(pydantic.BaseModel):
    name: str
    people: int


ROME = '{"name": "Rome", "people": 31}'
WRONG = Reply('{"name": "Rome", "people": "many"}')


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider(default=Reply(ROME)) as provider:
        yield provider


def bodies(provider: ScriptedProvider, key: str) -> list[dict[str, Any]]:
    return [request.body for request in provider.requests_of(key)]


@pytest.mark.parametrize("returns", [City, Model])
def test_the_value_of_a_turn(provider: ScriptedProvider, returns: Any) -> None:
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="ada", returns=returns)
        assert session.run("Which city?").value == returns(name="Rome", people=31)
        assert session.run("Just say it.", returns=None).value is None
        assert session.history().get()[1] == {"role": "assistant", "content": ROME}
    first, second = bodies(provider, "ada")
    assert first["response_format"]["json_schema"]["strict"] is True
    assert "response_format" not in second


def test_it_is_asked_again_with_the_error_and_only_the_answer_is_remembered(
    provider: ScriptedProvider,
) -> None:
    provider.script("ada", WRONG, Reply("Rome, I think."), Reply(ROME))
    events: list[Any] = []
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="ada", returns=City)
        turn = session.run("Which city?", on_event=events.append)
        history = session.history().get()
    assert turn.value == City("Rome", 31)
    assert turn.answer == ROME
    rejected = [event for event in events if isinstance(event, AnswerRejected)]
    assert [(event.reason, event.rejected) for event in rejected] == [("invalid", 1), ("invalid", 2)]
    assert rejected[0].error == "$.people: expected int, got str"
    hello, wrong, words = bodies(provider, "ada")[1]["messages"]
    assert wrong == {"role": "assistant", "content": WRONG.text}
    assert rejected[0].error in words["content"]
    assert history == (hello, {"role": "assistant", "content": ROME})


def test_past_the_bound_the_turn_fails_and_the_conversation_is_as_it_was(provider: ScriptedProvider) -> None:
    provider.script("ada", WRONG)
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="ada", returns=City)
        with pytest.raises(TurnFailedError, match="2 answers were not of the type") as caught:
            session.run("Which city?", max_answer_retries=1)
        assert caught.value.event.outcome.reason == "limit_reached:answer_retries"
        assert session.history().get() == ()
    assert len(bodies(provider, "ada")) == 2


def test_a_refusal_is_an_answer_without_a_value(provider: ScriptedProvider) -> None:
    provider.script("ada", Reply("I can't.", text_field="refusal"))
    with Runtime(provider.endpoint()) as runtime:
        turn = runtime.spawn(id="ada").run("Which city?", returns=City)
    assert (turn.value, turn.refusal) == (None, "I can't.")
    assert len(bodies(provider, "ada")) == 1


@tool
def look(where: str) -> str:
    """Look somewhere."""
    return f"Rome is {where}"


@pytest.mark.parametrize("way", ["json_schema", "json_object", "tool", "prompt"])
def test_tools_come_before_the_answer_however_that_is_asked_for(provider: ScriptedProvider, way: Any) -> None:
    asks = Reply(tool_calls=(Call("look", '{"where": "there"}'),))
    by_call = Reply("So:", tool_calls=(Call(ANSWER_TOOL, ROME),))
    provider.script("ada", asks, by_call if way == "tool" else Reply(ROME), Reply("Fine."))
    events: list[Any] = []
    with Runtime(provider.endpoint(profile=Profile(structured=way))) as runtime:
        session = runtime.spawn(id="ada", tools=[look])
        turn = session.run("Which city?", returns=City, on_event=events.append)
        session.run("Thank you.")
    assert turn.value == City("Rome", 31)
    assert not turn.calls
    assert [event.content for event in events if isinstance(event, ToolCallFinished)] == ["Rome is there"]
    first, second, third = bodies(provider, "ada")
    assert ("response_format" in first) == (way in {"json_schema", "json_object"})
    assert first.get("tool_choice") == ("required" if way == "tool" else None)
    assert second["messages"][-1]["role"] == "tool"
    assert third["messages"][-2] == {"role": "assistant", "content": ROME}
    assert [one["function"]["name"] for one in third["tools"]] == ["look"]


def test_what_is_no_type_is_refused_at_once(provider: ScriptedProvider) -> None:
    with Runtime(provider.endpoint()) as runtime, pytest.raises(ConfigError, match="returns"):
        runtime.spawn(returns=object)


def test_a_bare_step_is_bare(provider: ScriptedProvider) -> None:
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="ada", returns=City)
        turn = session.step([{"role": "user", "content": "Which city?"}]).wait()
        with pytest.raises(ConfigError, match="bare step"):
            session.step([{"role": "user", "content": "Which city?"}], returns=City)
    assert (turn.text, turn.value) == (ROME, None)
    assert "response_format" not in bodies(provider, "ada")[0]
