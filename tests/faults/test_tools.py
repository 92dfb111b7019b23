"""Tool calls: whole and right in whatever shape they come, and never runnable from what is incomplete."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from actors.events import Event, ToolCall, ToolCallDelta
from actors.provider import (
    BadJson,
    Call,
    Eof,
    Fault,
    Gate,
    InBandError,
    Pause,
    Reply,
    Reset,
    Stall,
    ToolShape,
)
from tests.faults.stage import Played, Stage

CALLS = (Call("look", '{"where": "to the left"}'), Call("jump", '{"high": 3}'), Call("wait"))
ASKING = Reply("Let me see.", tool_calls=CALLS)
LAST = len(tuple(ASKING.pieces()))
"""After the last fragment."""
WHOLE = tuple(
    ToolCall(id=f"call_{n}", name=call.name, arguments=call.arguments, runnable=True)
    for n, call in enumerate(CALLS, 1)
)


def offered(value: Any) -> list[ToolCall]:
    """Every call that is said to be runnable, wherever in a turn's events it hides."""
    if isinstance(value, ToolCall):
        return [value] if value.runnable else []
    if isinstance(value, msgspec.Struct):
        return [call for name in value.__struct_fields__ for call in offered(getattr(value, name))]
    return [call for item in value for call in offered(item)] if isinstance(value, tuple | list) else []


def by_attempt(played: Played) -> set[int]:
    """The attempts that offered a call."""
    return {event.attempt for event in played.events if offered(event)}


@pytest.mark.parametrize(
    "shape", ["regular", "no_index", "index_zero", "repeated", "two_ids", "null_arguments"]
)
@pytest.mark.parametrize("size", [None, 1])
def test_calls_come_in_every_shape(stage: Stage, shape: ToolShape, size: int | None) -> None:
    played = stage.play(msgspec.structs.replace(ASKING, tool_shape=shape, slice=size), tool_call_deltas=True)

    assert len(played.requests) == 1
    assert played.completed.text == ASKING.text
    assert played.completed.is_tool_call
    assert played.completed.calls == WHOLE
    deltas = [event for event in played.events if isinstance(event, ToolCallDelta)]
    for number, call in enumerate(CALLS):
        assert "".join(delta.arguments for delta in deltas if delta.call == number) == call.arguments


BROKEN: dict[str, tuple[Reply, str]] = {
    name: (ASKING.but(fault), reason)
    for name, fault, reason in (
        ("eof", Eof(after="in_tool_call"), "truncated"),
        ("eof after the last fragment", Eof(after=LAST), "truncated"),
        ("hung up", Eof(after="in_tool_call", terminated=False), "transport:read"),
        ("reset after the last fragment", Reset(after=LAST), "transport:read"),
        ("error", InBandError(after=LAST), "in_band_error"),
        ("error with the end marker", InBandError(after=LAST, done=True), "in_band_error"),
        ("bad json", BadJson(after=LAST), "protocol:bad_json"),
    )
} | {"neither finish nor end marker": (msgspec.structs.replace(ASKING, finish=None, done=False), "truncated")}


@pytest.mark.parametrize("name", BROKEN)
def test_no_call_of_an_incomplete_stream_is_offered(stage: Stage, name: str) -> None:
    broken, reason = BROKEN[name]
    session = stage.spawn(broken, retry=None, tool_call_deltas=True)

    played = stage.watch(session, session.stream("Look around."))

    assert (len(played.requests), played.failed.outcome.reason) == (1, reason)
    assert played.failed.text == ASKING.text
    assert by_attempt(played) == set()
    assert session.history().get(timeout=30) == ()


@pytest.mark.parametrize("name", BROKEN)
def test_only_the_complete_attempt_offers_calls(stage: Stage, name: str) -> None:
    broken, reason = BROKEN[name]

    played = stage.play(broken, ASKING)

    assert (len(played.requests), played.reasons, played.waits) == (2, (reason,), (10,))
    assert played.completed.text == ASKING.text
    assert played.completed.calls == WHOLE
    assert by_attempt(played) == {2}


def test_no_call_of_a_stream_that_stalls_is_offered(moved: Stage) -> None:
    session = moved.spawn(ASKING.but(Stall(after=LAST)), ASKING, tool_call_deltas=True)
    to_come = ["".join(call.arguments for call in CALLS)]

    def wait_at_the_last_fragment(event: Event) -> None:
        if isinstance(event, ToolCallDelta) and to_come[0]:
            to_come[0] = to_come[0].removeprefix(event.arguments)
            if not to_come[0]:
                moved.put_forward(120)

    with session.stream("Look around.") as stream:
        played = moved.watch(session, stream, on_event=wait_at_the_last_fragment)

    assert (len(played.requests), played.reasons) == (2, ("stalled:idle",))
    assert played.completed.calls == WHOLE
    assert by_attempt(played) == {2}


def test_calls_of_a_failed_attempt_do_not_mix_with_those_of_the_next(stage: Stage) -> None:
    other = msgspec.structs.replace(ASKING, tool_calls=(Call("sing", '{"song": "none"}', id="other"),))
    gate = Gate()
    faults: tuple[Fault, ...] = (Pause(after="in_tool_call", gate=gate), Reset(after="in_tool_call"))

    played = stage.play(ASKING.but(*faults), other, open_at={ASKING.text: gate}, tool_call_deltas=True)

    assert played.completed.tool_calls == (("other", "sing", '{"song": "none"}'),)


@pytest.mark.parametrize(
    ("arguments", "runnable"),
    [
        ("", True),
        (" ", True),
        ("{}", True),
        ('{"where": "le', False),
        ('{"where": "left"}}', False),
        ('["left"]', False),
        ("null", False),
        ('"left"', False),
        ("left", False),
    ],
)
@pytest.mark.parametrize("finish", ["tool_calls", "stop", "length", None])
def test_arguments_must_be_an_object(
    stage: Stage, arguments: str, finish: str | None, runnable: bool
) -> None:
    asking = Reply(tool_calls=(Call("look", arguments),), finish=finish)

    played = stage.play(asking)

    assert (len(played.requests), played.completed.is_tool_call) == (1, True)
    assert played.completed.calls == (
        ToolCall(id="call_1", name="look", arguments=arguments, runnable=runnable),
    )
