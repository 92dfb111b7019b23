"""A typed answer while it streams: retractions, steps and calls."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from actors import AnswerFold, RetryPolicy, Runtime
from actors.answers.asking import ANSWER_TOOL
from actors.events import AttemptStarted, Event, Retracted, StepStarted, TextDelta, ToolCallDelta, TurnStarted
from actors.provider import Call, Reply, Reset, ScriptedProvider

ROME = '{"name": "Rome", "people": 31}'


class City(msgspec.Struct):
    name: str
    people: int


def folded(*events: Event) -> AnswerFold:
    fold = AnswerFold(City)
    for event in events:
        fold.apply(event)
    return fold


def an(kind: type[Any], **fields: Any) -> Any:
    return kind(session="s", turn=1, seq=1, timestamp=0.0, **fields)


def test_it_grows_with_the_text_and_shrinks_with_what_is_taken_back() -> None:
    events = [
        (an(StepStarted), None),
        (an(TextDelta, text='{"name": "Ro'), {"name": "Ro"}),
        (an(Retracted, text_keep=9, thought_keep=0), {}),
        (an(TextDelta, text='"Oslo", "people": 7'), {"name": "Oslo"}),
        (an(TextDelta, text="0}"), City("Oslo", 70)),
    ]
    fold = AnswerFold(City)
    for event, value in events:
        fold.apply(event)
        assert fold.value == value


def test_what_earlier_steps_said_is_no_part_of_it() -> None:
    fold = folded(
        an(TurnStarted), an(StepStarted), an(TextDelta, text='{"I look": 1}'), an(StepStarted),
        an(TextDelta, text=ROME),
    )  # fmt: skip
    assert fold.value == City("Rome", 31)
    assert fold.text == '{"I look": 1}' + ROME


def test_the_call_that_gives_the_answer_and_its_attempts() -> None:
    fold = folded(
        an(StepStarted),
        an(AttemptStarted),
        an(TextDelta, text="Hm."),
        an(ToolCallDelta, call=0, name="look", arguments='{"name": "no"}'),
        an(ToolCallDelta, call=1, name=ANSWER_TOOL, arguments='{"name": "Oslo'),
        an(AttemptStarted),
        an(ToolCallDelta, call=0, name=ANSWER_TOOL, arguments='{"name": '),
        an(ToolCallDelta, call=0, arguments='"Rome", '),
        an(ToolCallDelta, call=1, name="look", arguments="{}"),
    )
    assert fold.value == {"name": "Rome"}


@pytest.mark.parametrize("size", [1, 3, 8])
def test_a_retry_is_never_seen_in_the_value(size: int) -> None:
    reply = Reply(ROME, delta_chars=size)
    with ScriptedProvider() as provider, Runtime(provider.endpoint()) as runtime:
        provider.script("ada", reply.but(Reset(after=3)), reply)
        session = runtime.spawn(id="ada", retry=RetryPolicy(backoff_ms=0, jitter="none"))
        with session.stream("Which city?") as events:
            fold, values = AnswerFold(City), []
            for event in events:
                fold.apply(event)
                if isinstance(event, TextDelta):
                    values.append(fold.value)
    assert values[-1] == City("Rome", 31)
    names = [value.get("name", "") for value in values[:-1] if isinstance(value, dict)]
    assert names == sorted(names)


def test_calls_reach_it_from_a_session_that_shows_them() -> None:
    reply = Reply(tool_calls=(Call(ANSWER_TOOL, ROME),))
    with ScriptedProvider(default=reply) as provider, Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(tool_call_deltas=True)
        fold, last = AnswerFold(City), None
        with session.stream("Which city?") as events:
            for event in events:
                fold.apply(event)
                if isinstance(event, ToolCallDelta):
                    last = fold.value
    assert last == City("Rome", 31)
