from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from actors.log.schema import FIELDS, Record
from actors.otel import names
from actors.otel.spans import Span
from actors.otel.turns import Key, Turns
from tests.fleet.story import T0, record

PLACE: dict[str, Any] = {"session": "s", "turn": 1, "step": 1}
MEASURED: dict[str, Any] = {"usage_source": "measured", "input_tokens": 10}
RETRIED = (
    record("turn.started", 0, session="s", turn=1, agent="critic"),
    record("request.started", 1, **PLACE, attempt=1),
    record("request.first_chunk", 1.5, **PLACE, attempt=1, time_to_first_chunk=0.5),
    record("request.failed", 2, **PLACE, attempt=1, **MEASURED, output_tokens=3),
    record("request.retry_scheduled", 2, **PLACE, attempt=1),
    record("request.started", 4, **PLACE, attempt=2),
    record("request.first_chunk", 4.25, **PLACE, attempt=2, time_to_first_chunk=0.25),
    record(
        "request.completed",
        7,
        **PLACE,
        attempt=2,
        **MEASURED,
        output_tokens=40,
        finish_reasons=("stop", None),
    ),
    record("turn.completed", 8, **PLACE),
)


def told(records: Iterable[Record], turns: Turns | None = None) -> list[tuple[Key, Span]]:
    turns = Turns() if turns is None else turns
    return [turn for it in records for turn in turns.apply(it)]


def since(at: int) -> float:
    """Seconds since the story began."""
    return (at - int(T0) * 10**9) / 1e9


def seconds(span: Span) -> tuple[float, float]:
    return since(span.begun), since(span.ended)


def the_turn(*records: Record) -> Span:
    ((key, span),) = told(records)
    assert key == ("r", "s", 1)
    return span


def the_request(turn: Span) -> Span:
    ((request,),) = [step.children for step in turn.children]
    return request


def test_a_request_covers_all_its_attempts_and_lies_in_a_step_of_a_turn() -> None:
    turn = the_turn(*RETRIED)
    (step,) = turn.children
    request = the_request(turn)
    assert [(it.name, it.kind, seconds(it)) for it in (turn, step, request)] == [
        ("invoke_agent critic", "internal", (0, 8)),
        ("step 1", "internal", (1, 8)),
        ("chat some-model", "client", (1, 7)),
    ]
    assert [it.error for it in (turn, step, request)] == [None, None, None]


def test_retries_are_events_of_the_request() -> None:
    request = the_request(the_turn(*RETRIED))
    assert [(event.name, since(event.at)) for event in request.events] == [
        (names.ATTEMPT_STARTED, 1),
        (names.FIRST_CHUNK, 1.5),
        (names.ATTEMPT_FAILED, 2),
        (names.RETRY_SCHEDULED, 2),
        (names.ATTEMPT_STARTED, 4),
        (names.FIRST_CHUNK, 4.25),
    ]
    failed, scheduled = request.events[2:4]
    assert failed.attributes["error.type"] == "http_error:503"
    assert failed.attributes["http.response.status_code"] == 503
    assert scheduled.attributes == {
        "greenroom.retry.delay": 2.0,
        "greenroom.retry.max": 4,
        "greenroom.retry.reason": "http_error:503",
        "greenroom.attempt": 1,
    }


def test_a_request_says_what_the_convention_asks_for_and_nothing_of_what_failed_before() -> None:
    attributes = the_request(the_turn(*RETRIED)).attributes
    wanted = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "some-model",
        "gen_ai.request.stream": True,
        "gen_ai.conversation.id": "s",
        "gen_ai.response.id": "i",
        "gen_ai.response.model": "m",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.response.time_to_first_chunk": 0.25,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 40,
        "server.address": "127.0.0.1",
        "server.port": 8080,
    }
    assert {name: attributes.get(name) for name in wanted} == wanted
    assert "error.type" not in attributes


def test_only_what_was_measured_is_counted_of_every_attempt() -> None:
    assert the_request(the_turn(*RETRIED)).tokens == (20, 43)
    guessed = [
        msgspec.structs.replace(it, usage_source="estimated") if hasattr(it, "usage_source") else it
        for it in RETRIED
    ]
    assert the_request(the_turn(*guessed)).tokens is None


def test_a_turn_that_fails_is_an_error_all_the_way_and_its_request_ends_with_the_last_attempt() -> None:
    failed = record("turn.failed", 9, **PLACE, message="it is over")
    turn = the_turn(*RETRIED[:4], failed)
    request = the_request(turn)
    assert (turn.error, turn.attributes["error.type"]) == ("it is over", "http_error:503")
    assert (request.error, request.attributes["error.type"]) == ("request.failed", "http_error:503")
    assert seconds(request) == (1, 2)


def test_a_cancelled_turn_says_so() -> None:
    turn = the_turn(
        *RETRIED[:2], record("request.cancelled", 3, **PLACE, attempt=1), record("turn.cancelled", 3, **PLACE)
    )
    assert turn.attributes["error.type"] == "cancelled"
    assert [event.name for event in the_request(turn).events] == [
        names.ATTEMPT_STARTED,
        names.ATTEMPT_CANCELLED,
    ]


def test_each_step_is_a_span() -> None:
    second = {**PLACE, "step": 2}
    turn = the_turn(
        *RETRIED[:-1],
        record("request.started", 10, **second, attempt=1),
        record("request.completed", 12, **second, attempt=1),
        record("turn.completed", 13, **second),
    )
    assert [(step.name, seconds(step), len(step.children)) for step in turn.children] == [
        ("step 1", (1, 10), 1),
        ("step 2", (10, 13), 1),
    ]
    assert "gen_ai.response.time_to_first_chunk" not in turn.children[1].children[0].attributes


CALL: dict[str, Any] = {**PLACE, "tool_name": "pay", "tool_call_id": "c1"}
ACTED = (
    *RETRIED[:-1],
    record("approval.requested", 7.5, **CALL),
    record("approval.decided", 9, **CALL, duration=1.5),
    record("tool.started", 9, **CALL),
    record("tool.started", 10, **CALL, tool_attempt=2),
    record("tool.failed", 11, **CALL, duration=4.0, message="it failed"),
    record("turn.completed", 13, **PLACE),
)


def test_a_tool_call_is_a_span_beside_its_step_s_request_with_its_approval_as_events() -> None:
    (step,) = the_turn(*ACTED).children
    request, call = step.children
    assert request.kind == "client"
    assert (call.name, call.kind, seconds(call), call.error) == (
        "execute_tool pay",
        "internal",
        (7, 11),
        "it failed",
    )
    assert call.attributes == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "pay",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.conversation.id": "s",
        "error.type": "tool:timeout",
        "greenroom.turn": 1,
        "greenroom.step": 1,
        "greenroom.outcome": "timeout",
        "greenroom.tool.ran": True,
    }
    assert [(event.name, since(event.at)) for event in call.events] == [
        (names.APPROVAL_REQUESTED, 7.5),
        (names.APPROVAL_DECIDED, 9),
        (names.TOOL_STARTED, 9),
        (names.TOOL_STARTED, 10),
    ]
    assert call.events[1].attributes["greenroom.outcome"] == "approved"


def test_a_tool_ran_from_its_first_attempt_on_and_one_that_was_never_begun_did_not() -> None:
    rejected = record("tool.failed", 8, **{**CALL, "tool_call_id": "c2"}, outcome="rejected", tool_ran=False)
    calls = the_turn(*ACTED[:-1], rejected, ACTED[-1]).children[0].children[1:]
    assert [it.ran for it in calls] == [2.0, None]


def test_a_call_without_an_end_ends_with_its_turn_and_is_marked() -> None:
    started = [record("tool.started", 9, **CALL)]
    (call,) = [
        it
        for it in the_turn(*RETRIED[:-1], *started, ACTED[-1]).children[0].children
        if it.kind == "internal"
    ]
    assert call.attributes[names.INCOMPLETE] is True
    assert seconds(call) == (9, 13)


def test_calls_of_a_step_that_the_log_does_not_tell_of_lie_in_the_turn() -> None:
    ended = record("tool.completed", 9, **CALL)
    assert [it.name for it in the_turn(RETRIED[0], ended, ACTED[-1]).children] == ["execute_tool pay"]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("turn.steered", {"greenroom.messages.count": 1}),
        ("turn.answer_rejected", {"error.type": "answer:empty", "greenroom.rejected.count": 1}),
        ("turn.loop_noticed", {"gen_ai.tool.name": "look", "greenroom.repeats.count": 3}),
        (
            "context.trimmed",
            {
                "greenroom.reason": "budget",
                "greenroom.messages.cut": 4,
                "greenroom.tokens.before": 900,
                "greenroom.tokens.after": 500,
                "greenroom.tokens.budget": 600,
            },
        ),
    ],
)
def test_what_the_turn_loop_notices_is_an_event_of_the_turn(event: str, said: dict[str, Any]) -> None:
    turn = the_turn(RETRIED[0], record(event, 1, **PLACE), record("turn.completed", 2, **PLACE))
    assert [(it.name, it.attributes) for it in turn.events] == [
        (f"greenroom.{event}", {"greenroom.step": 1, **said})
    ]


def test_a_restart_is_an_exception_of_the_turn() -> None:
    turn = the_turn(
        RETRIED[0],
        record("session.restarted", 1, session="s", exception_type="KeyError", exception_message="'x'"),
        record("turn.failed", 2, session="s", turn=1),
    )
    assert [(it.name, it.attributes) for it in turn.events] == [
        ("exception", {"exception.type": "KeyError", "exception.message": "'x'"})
    ]


def test_a_turn_that_was_cancelled_in_the_queue_has_a_span_without_length() -> None:
    assert seconds(the_turn(record("turn.cancelled", 5, session="s", turn=1))) == (5, 5)


def test_a_turn_that_began_before_the_log_did_is_as_long_as_it_says() -> None:
    assert seconds(the_turn(record("turn.completed", 5, session="s", turn=1, duration=3.0))) == (2, 5)


@pytest.mark.parametrize("end", [record("session.ended", 9, session="s"), record("runtime.stopped", 9), None])
def test_a_turn_whose_end_is_not_told_is_marked(end: Record | None) -> None:
    turns = Turns()
    found = told([*RETRIED[:4], *([] if end is None else [end])], turns) or list(turns.rest())
    ((_, turn),) = found
    assert turn.attributes[names.INCOMPLETE] is True
    assert seconds(turn) == (0, 2)
    assert list(turns.rest()) == []


def test_what_is_told_after_the_end_begins_nothing() -> None:
    turns = Turns()
    assert len(told([*RETRIED, RETRIED[3], RETRIED[4]], turns)) == 1
    assert list(turns.rest()) == []


def test_open_turns_are_bounded() -> None:
    turns = Turns(limit=2)
    found = told([record("turn.started", it, session=f"s{it}", turn=1) for it in range(3)], turns)
    assert [key[1] for key, _ in found] == ["s0"]
    assert [key[1] for key, _ in turns.rest()] == ["s1", "s2"]


def test_the_table_names_fields_of_the_log() -> None:
    known = FIELDS.keys() | {"run_id", "pid", "exception_type", "exception_message", "exception_stack"}
    assert names.ATTRIBUTES.keys() <= known
    ours = {name for name in names.ATTRIBUTES.values() if name.startswith("greenroom.")}
    assert len(set(names.ATTRIBUTES.values())) == len(names.ATTRIBUTES)
    assert {name.split(".")[0] for name in set(names.ATTRIBUTES.values()) - ours} == {
        "gen_ai", "server", "error", "exception", "http", "process",
    }  # fmt: skip
