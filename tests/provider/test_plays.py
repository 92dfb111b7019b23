from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import ConfigError
from actors.provider import (
    BadChunk,
    BadStatusLine,
    Call,
    Delay,
    Eof,
    Gate,
    InBandError,
    InvalidUtf8,
    KeepAlives,
    Pause,
    RawBody,
    Redirect,
    Reply,
    Reset,
    ScriptedProvider,
    Stall,
    Status,
)
from actors.provider.plays import AFTER_HEADERS, BEFORE_HEADERS

FULL = Reply("text" * 4, thoughts="hm" * 8, tool_calls=(Call("f", '{"a":1}'),))


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Reply("x", delta_chars=0), "Reply.delta_chars"),
        (lambda: Reply("x", pace_s=-1), "Reply.pace_s"),
        (lambda: Reply("x", pace_s=float("nan")), "Reply.pace_s"),
        (lambda: Reply("x", slice=0), "Reply.slice"),
        (lambda: Reply("x", deltas=("x",)), "Reply.deltas"),
        (lambda: Reply("x", usage="sometimes"), "Reply.usage"),  # type: ignore[arg-type] # the mistake
        (lambda: Reply("x", headers={"a": "b\r\nc"}), "Reply.headers"),
        (lambda: Reply("x", headers={"Content-Length": "7"}), "Reply.headers"),
        (lambda: Reply("x", faults=(Reset(after=2),)), "Reset.after"),
        (lambda: Reply("x", faults=(Stall(after="in_thought"),)), "Stall.after"),
        (lambda: Reply("x", faults=(Reset(), Delay(seconds=1, after=1))), "Reply.faults"),
        (lambda: Reply("x", faults=(KeepAlives(), Reset())), "Reply.faults"),
        (lambda: Reply("x", framing="close", faults=(BadChunk(),)), "Reply.faults"),
        (lambda: Reply("x", faults=("Reset",)), "Reply.faults"),  # type: ignore[arg-type] # the mistake
        (lambda: Reset(after=-1), "Reset.after"),
        (lambda: Reset(after="lunch"), "Reset.after"),  # type: ignore[arg-type] # the mistake
        (lambda: Delay(seconds=0), "Delay.seconds"),
        (lambda: InBandError(after="before_headers"), "InBandError.after"),
        (lambda: BadStatusLine(after=1), "BadStatusLine.after"),
        (lambda: InvalidUtf8(data="é".encode()), "InvalidUtf8.data"),
        (lambda: InvalidUtf8(data=b'\xff"'), "InvalidUtf8.data"),
        (lambda: KeepAlives(times=0), "KeepAlives.times"),
        (lambda: Status(99), "Status.status"),
        (lambda: Status(204), "Status.status"),
        (lambda: RawBody(b"x", status=304), "RawBody.data"),
        (lambda: Redirect(location="http://\n"), "Redirect.location"),
        (lambda: ScriptedProvider(keep_alive_s=0), "ScriptedProvider.keep_alive_s"),
        (lambda: ScriptedProvider(default=()), "ScriptedProvider.default"),
        (lambda: ScriptedProvider(default=Reset(after=1)), "Reset.after"),
        (lambda: ScriptedProvider().script("k"), "script('k')"),
        (lambda: ScriptedProvider().script("k", "hello"), "script('k')"),  # type: ignore[arg-type] # the mistake
    ],
)
def test_a_script_that_cannot_be_is_refused_when_made(make: Any, field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert caught.value.field == field


def test_phases_name_places_among_the_deltas() -> None:
    kinds = [piece.kind for piece in FULL.pieces()]
    assert kinds == ["thought", "thought", "text", "text", "tool_call", "tool_call"]
    gate = Gate()
    late = FULL.but(
        Reset(after="at_end"),
        Pause(gate=gate, after="after_finish"),
        Pause(gate=gate, after="in_tool_call"),
        Pause(gate=gate, after="in_text"),
        Pause(gate=gate, after="in_thought"),
        Pause(gate=gate, after=0),
        Pause(gate=gate, after="after_headers"),
        Pause(gate=gate, after="before_headers"),
    )
    assert [slot for slot, _ in late.timeline()] == [BEFORE_HEADERS, AFTER_HEADERS, 0, 1, 3, 5, 7, 8]


def test_but_keeps_the_reply_and_its_faults() -> None:
    gate = Gate()
    twice = FULL.but(Pause(gate=gate)).but(Eof(after=2))
    assert twice.text == FULL.text
    assert twice.faults == (Pause(gate=gate), Eof(after=2))


@given(text=st.text(), thoughts=st.text(), arguments=st.text(), size=st.integers(1, 9))
def test_the_pieces_put_together_are_the_reply(text: str, thoughts: str, arguments: str, size: int) -> None:
    reply = Reply(text, thoughts=thoughts, tool_calls=(Call("f", arguments),), delta_chars=size)
    joined = {"thought": "", "text": "", "tool_call": ""}
    for piece in reply.pieces():
        match piece.kind:
            case "thought":
                joined["thought"] += piece.delta["reasoning_content"]
            case "text":
                joined["text"] += piece.delta["content"]
            case "tool_call":
                joined["tool_call"] += piece.delta["tool_calls"][0]["function"]["arguments"]
    assert joined == {"thought": thoughts, "text": text, "tool_call": arguments}


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply("x"), "stop"),
        (Reply(tool_calls=(Call("f"),)), "tool_calls"),
        (Reply(tool_calls=(Call("f"),), finish="stop"), "stop"),
        (Reply("x", finish=None), None),
    ],
)
def test_the_finish_reason_follows_from_the_reply_unless_given(reply: Reply, reason: str | None) -> None:
    assert reply.finish_reason == reason
