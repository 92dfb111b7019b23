"""Turns whose answer has a type: asked for, read, and asked for again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from actors import tool
from actors.events import AnswerRejected
from actors.outcome import LimitReached
from actors.provider import Call, Reply
from tests.turns.acting import act, asks


class City(msgspec.Struct):
    """A city."""

    name: str
    people: int


@tool
async def look(where: str) -> str:
    """Look."""
    return f"{where} is big"


ROME = Reply('{"name": "Rome", "people": 3}')


def test_the_answer_is_a_value() -> None:
    acted = act(ROME, tools=[], returns=City)
    assert acted.completed.value == City("Rome", 3)
    assert acted.bodies[0]["response_format"]["type"] == "json_schema"


def test_tools_run_before_the_answer() -> None:
    acted = act(asks(Call("look", '{"where": "Rome"}')), ROME, tools=[look], returns=City)
    assert acted.completed.value == City("Rome", 3)
    assert acted.results == {"call_1": "ok"}


def test_an_answer_of_another_type_is_asked_for_again_with_what_is_wrong() -> None:
    acted = act(Reply('{"name": "Rome"}'), ROME, tools=[], returns=City)
    assert acted.completed.value == City("Rome", 3)
    (rejected,) = acted.of(AnswerRejected)
    assert (rejected.reason, rejected.rejected) == ("invalid", 1)
    assert "people" in rejected.error
    assert "people" in acted.bodies[1]["messages"][-1]["content"]
    assert [m["role"] for m in acted.history] == ["user", "assistant"]


def test_it_is_not_asked_for_without_end() -> None:
    acted = act(Reply("none of your business"), tools=[], returns=City, max_answer_retries=1)
    assert isinstance(acted.failed.outcome, LimitReached)
    assert acted.failed.outcome.limit == "answer_retries"
    assert len(acted.bodies) == 2
    assert acted.history == ()


@pytest.mark.parametrize(
    ("returns", "text", "value"), [(list[int], '{"answer": [1, 2]}', [1, 2]), (int, '{"answer": 7}', 7)]
)
def test_what_is_no_object_is_wrapped(returns: Any, text: str, value: Any) -> None:
    assert act(Reply(text), tools=[], returns=returns).completed.value == value
