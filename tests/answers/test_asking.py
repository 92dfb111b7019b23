"""Typed answers as each kind of endpoint is asked for them, and as they come back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from actors import AnswerError
from actors.answers.asking import ANSWER_TOOL, again, prepare, read
from actors.answers.spec import answer_spec
from actors.config import Profile
from actors.core.aggregate import StepResult
from actors.events import ToolCall
from actors.outcome import Complete
from actors.profiles import PROFILES
from actors.wire.openai_chat import Request, encode


class City(msgspec.Struct):
    name: str
    people: int


SPEC = answer_spec(City)
ROME = '{"name": "Rome", "people": 3}'
HELLO = ({"role": "user", "content": "Which city?"},)
LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


def step(text: str = "", *calls: tuple[str, str], refusal: str = "", finish: str = "stop") -> StepResult:
    asked = tuple(
        ToolCall(id=f"c{at}", name=name, arguments=arguments, runnable=True)
        for at, (name, arguments) in enumerate(calls)
    )
    return StepResult(
        full_text=text, thoughts="", refusal=refusal, is_tool_call=bool(calls), calls=asked, usage=None,
        response_id="", response_model="", outcome=Complete(finish_reason=finish),
    )  # fmt: skip


def body(structured: Any, request: Request, *, with_tools: Any = None) -> dict[str, Any]:
    profile = Profile(structured=structured, structured_with_tools=with_tools)
    encoded = encode(prepare(request, SPEC, profile), model="m", profile=profile)
    decoded: dict[str, Any] = msgspec.json.decode(encoded)
    return decoded


def test_by_a_schema() -> None:
    said = body("json_schema", Request(HELLO, tools=(LOOK,)))
    assert said["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "City", "schema": SPEC.schema, "strict": True},
    }
    assert (said["messages"], said["tools"]) == (list(HELLO), [LOOK])


def test_by_words_and_json_mode() -> None:
    said = body("json_object", Request(HELLO))
    assert said["response_format"] == {"type": "json_object"}
    system, hello = said["messages"]
    assert system["role"] == "system"
    assert system["content"].endswith(msgspec.json.encode(SPEC.schema).decode())
    assert hello == HELLO[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [("Be brief.", "Be brief.\n\nYour final"), (None, "Your final"), ("", "Your final")],
)
def test_by_words_alone_in_the_systems_own_message(before: str | None, after: str) -> None:
    said = body("prompt", Request(({"role": "system", "content": before}, *HELLO)))
    assert "response_format" not in said
    assert [message["role"] for message in said["messages"]] == ["system", "user"]
    assert said["messages"][0]["content"].startswith(after)


def test_words_are_a_further_part_where_the_system_has_parts() -> None:
    part = {"type": "text", "text": "Be brief."}
    said = body("prompt", Request(({"role": "system", "content": [part]}, *HELLO)))
    first, second = said["messages"][0]["content"]
    assert first == part
    assert "JSON" in second["text"]


def test_by_a_tool_that_must_be_called() -> None:
    said = body("tool", Request(HELLO))
    (tool,) = said["tools"]
    assert tool["function"]["parameters"] == SPEC.schema
    assert tool["function"]["strict"] is True
    assert said["tool_choice"] == "required"


def test_by_a_tool_beside_others() -> None:
    said = body("json_schema", Request(HELLO, tools=(LOOK,)), with_tools="tool")
    assert [tool["function"]["name"] for tool in said["tools"]] == ["look", ANSWER_TOOL]
    assert said["tool_choice"] == "required"
    assert "response_format" not in said


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_asks_in_some_way(name: str) -> None:
    profile = PROFILES[name]
    for request in (Request(HELLO), Request(HELLO, tools=(LOOK,))):
        assert prepare(request, SPEC, profile) != request


@pytest.mark.parametrize(
    "result",
    [
        step(ROME),
        step(f"```json\n{ROME}\n```"),
        step("Let me see.", (ANSWER_TOOL, ROME)),
        step("", ("look", "{}"), (ANSWER_TOOL, ROME)),
    ],
)
def test_the_answer_of_a_step(result: StepResult) -> None:
    answered = read(result, SPEC)
    assert answered is not None
    said, value = answered
    assert value == City("Rome", 3)
    assert not said.calls
    assert not said.is_tool_call
    assert ROME in said.full_text


def test_a_step_that_asks_for_tools_has_no_answer_yet() -> None:
    assert read(step(ROME, ("look", "{}")), SPEC) is None


def test_a_refusal_has_no_value() -> None:
    refused = step("I can't.", refusal="I can't.")
    assert read(refused, SPEC) == (refused, None)


def test_an_answer_without_text_is_not_sent_back() -> None:
    with pytest.raises(AnswerError, match="empty") as caught:
        read(step(" "), SPEC)
    (words,) = again(step(" "), caught.value)
    assert "the answer is empty" in words["content"]


@pytest.mark.parametrize(
    ("result", "complaint", "said"),
    [
        (step('{"name": "Rome"}'), "missing required field people", '{"name": "Rome"}'),
        (step("", (ANSWER_TOOL, '{"name": 1')), "not valid JSON", '{"name": 1'),
        (step("", (ANSWER_TOOL, " ")), "missing required field name", "{}"),
        (step('{"name": "Ro', finish="length"), "make it shorter", '{"name": "Ro'),
    ],
)
def test_asking_again_says_what_was_wrong(result: StepResult, complaint: str, said: str) -> None:
    with pytest.raises(AnswerError, match=complaint) as caught:
        read(result, SPEC)
    wrong, words = again(result, caught.value)
    assert wrong == {"role": "assistant", "content": said}
    assert words["role"] == "user"
    assert str(caught.value) in words["content"]
