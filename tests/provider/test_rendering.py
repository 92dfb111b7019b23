from __future__ import annotations

import json
from typing import Any

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.provider import (
    BadJson,
    Call,
    Eof,
    InBandError,
    Inject,
    InvalidUtf8,
    KeepAlives,
    Play,
    RawBody,
    Reply,
    Reset,
    Status,
    ToolShape,
)
from actors.provider.actions import Action, Close, Finish, Repeat, Send, Wait
from actors.provider.actions import Reset as ResetAction
from actors.provider.chunks import Asked
from actors.provider.framing import Framing
from actors.provider.render import COALESCE, render

STREAM = Asked(stream=True, include_usage=True)
WHOLE = Asked(stream=False)


def wire(play: Play, asked: Asked = STREAM) -> bytes:
    return b"".join(action.data for action in render(play, asked) if isinstance(action, Send))


def body(play: Play, asked: Asked = STREAM) -> bytes:
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="POST", target="/", headers=[("host", "x")]))
    parser.send(h11.EndOfMessage())
    parser.receive_data(wire(play, asked))
    parser.receive_data(b"")
    received = bytearray()
    while not isinstance(event := parser.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Data):
            received += event.data
    return bytes(received)


def chunks(play: Play, asked: Asked = STREAM) -> list[dict[str, Any]]:
    lines = body(play, asked).decode().split("\n")
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


def deltas(play: Play) -> list[dict[str, Any]]:
    return [chunk["choices"][0]["delta"] for chunk in chunks(play) if chunk["choices"]]


def last(play: Play, asked: Asked = STREAM) -> Action:
    return list(render(play, asked))[-1]


def test_a_stream_is_role_deltas_finish_usage_and_end_marker() -> None:
    reply = Reply("Hello, you", thoughts="hm", delta_chars=5)
    assert deltas(reply) == [
        {"role": "assistant", "content": ""},
        {"reasoning_content": "hm"},
        {"content": "Hello"},
        {"content": ", you"},
        {},
    ]
    *_, finish, usage = chunks(reply)
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == []
    assert usage["usage"] == {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}
    assert body(reply).endswith(b"data: [DONE]\n\n")
    assert last(reply) == Finish()


@pytest.mark.parametrize(
    ("usage", "asked", "sent"),
    [(True, True, True), (True, False, False), ("always", False, True), (False, True, False)],
)
def test_usage_is_sent_if_asked_for_or_always(usage: Any, asked: bool, sent: bool) -> None:
    rendered = chunks(Reply("x", usage=usage), Asked(stream=True, include_usage=asked))
    assert any(chunk.get("usage") for chunk in rendered) is sent


def test_usage_can_be_in_every_chunk_or_inside_the_choice() -> None:
    every = chunks(Reply("ab", delta_chars=1, usage_placement="every"))
    assert [chunk["usage"]["completion_tokens"] for chunk in every] == [0, 1, 2, 2]
    *others, finish = chunks(Reply("ab", usage_placement="choice"))
    assert finish["choices"][0]["usage"]["total_tokens"] == 11
    assert not any("usage" in choice for chunk in others for choice in chunk["choices"])


def test_what_a_reply_leaves_out_is_not_sent() -> None:
    bare = Reply("x", role_first=False, finish=None, done=False, usage=False)
    assert deltas(bare) == [{"content": "x"}]
    assert b"[DONE]" not in body(bare)


@pytest.mark.parametrize(
    ("reply", "delta"),
    [
        (Reply("x", text_field="refusal"), {"refusal": "x"}),
        (Reply("x", text_field="parts"), {"content": [{"type": "text", "text": "x"}]}),
        (Reply(thoughts="x", thought_field="reasoning"), {"reasoning": "x"}),
        (
            Reply(thoughts="x", thought_field="reasoning_details"),
            {"reasoning_details": [{"type": "reasoning.text", "text": "x"}]},
        ),
    ],
)
def test_text_and_thoughts_go_where_the_reply_says(reply: Reply, delta: dict[str, Any]) -> None:
    assert delta in deltas(reply)
    message = json.loads(body(reply, WHOLE))["choices"][0]["message"]
    assert message | delta == message


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (
            "regular",
            [
                (0, "call_1", "f", ""),
                (0, None, None, "{}"),
                (1, "call_2", "g", ""),
                (1, None, None, "[]"),
            ],
        ),
        (
            "no_index",
            [
                (None, "call_1", "f", ""),
                (None, None, None, "{}"),
                (None, "call_2", "g", ""),
                (None, None, None, "[]"),
            ],
        ),
        (
            "index_zero",
            [
                (0, "call_1", "f", ""),
                (0, None, None, "{}"),
                (0, "call_2", "g", ""),
                (0, None, None, "[]"),
            ],
        ),
        (
            "repeated",
            [
                (0, "call_1", "f", ""),
                (0, "call_1", "f", "{}"),
                (1, "call_2", "g", ""),
                (1, "call_2", "g", "[]"),
            ],
        ),
        (
            "two_ids",
            [
                (0, "call_1", "f", ""),
                (0, "call_1", None, "{}"),
                (0, "call_2", "g", ""),
                (0, "call_2", None, "[]"),
            ],
        ),
        (
            "null_arguments",
            [
                (0, "call_1", "f", None),
                (0, None, None, "{}"),
                (1, "call_2", "g", None),
                (1, None, None, "[]"),
            ],
        ),
    ],
)
def test_tool_calls_in_every_shape(shape: ToolShape, expected: list[tuple[Any, ...]]) -> None:
    reply = Reply(tool_calls=(Call("f", "{}"), Call("g", "[]")), tool_shape=shape)
    fragments = [entry for delta in deltas(reply) for entry in delta.get("tool_calls", [])]
    assert [
        (f.get("index"), f.get("id"), f["function"].get("name"), f["function"]["arguments"])
        for f in fragments
    ] == expected


def test_a_whole_reply_is_one_completion() -> None:
    reply = Reply("Hi", thoughts="hm", tool_calls=(Call("f", '{"a":1}', id="c"),))
    completion = json.loads(body(reply, WHOLE))
    assert completion["object"] == "chat.completion"
    choice = completion["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {
        "role": "assistant",
        "content": "Hi",
        "refusal": None,
        "reasoning_content": "hm",
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
    }


def test_lone_surrogates_and_line_separators_reach_the_client() -> None:
    strange = Reply(deltas=("\ud83d", "\ude00", "a\u2028b\x85c"))
    assert [delta["content"] for delta in deltas(strange)[1:-1]] == ["\ud83d", "\ude00", "a\u2028b\x85c"]
    assert rb'"\ud83d"' in body(strange)
    assert "a\u2028b\x85c".encode() in body(strange)
    assert rb"a\u2028b\u0085c" in body(Reply("a\u2028b\x85c", ascii=True))
    assert json.loads(body(strange, WHOLE))["choices"][0]["message"]["content"] == "\U0001f600a\u2028b\x85c"


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("event", b'event: error\ndata: {"error":{"message":"no"'),
        ("field", b'error: {"message":"no"'),
        ("plain", b'data: {"error":{"message":"no"'),
        (
            "beside_choices",
            b'"error":{"message":"no","type":"overloaded_error","param":null,"code":502},"choices":[{',
        ),
    ],
)
def test_an_error_in_the_stream_has_its_shape_and_ends_it(shape: Any, expected: bytes) -> None:
    reply = Reply("Hello, you", delta_chars=5).but(InBandError(after=1, shape=shape, message="no", code=502))
    sent = body(reply)
    assert expected in sent
    assert b"Hello" in sent
    assert b", you" not in sent
    assert b"[DONE]" not in sent
    assert last(reply) == Finish(fault=True)


def test_broken_pieces_stand_between_whole_ones() -> None:
    reply = Reply("ab", delta_chars=1).but(
        BadJson(after=1, data="{oops"), InvalidUtf8(after=1), Inject(after=2, data=b"id: 7\n\n")
    )
    sent = body(reply)
    a, bad, invalid, b, injected = (
        sent.index(part)
        for part in (
            b'"content":"a"',
            b"data: {oops\n\n",
            b'"content":"\xff\xfe"',
            b'"content":"b"',
            b"id: 7\n\n",
        )
    )
    assert a < bad < invalid < b < injected
    assert sent.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (
            InBandError(message="no", code="c"),
            b'{"error":{"message":"no","type":"overloaded_error","param":null,"code":"c"}}',
        ),
        (BadJson(data="{oops"), b"{oops"),
    ],
)
def test_a_fault_of_the_content_shapes_a_whole_body(fault: InBandError | BadJson, expected: bytes) -> None:
    assert body(Reply("x").but(fault), WHOLE) == expected


def test_invalid_utf8_stands_at_the_end_of_a_whole_text() -> None:
    assert b'"content":"x\xff\xfe"' in body(Reply("x").but(InvalidUtf8()), WHOLE)


def test_keep_alives_in_a_whole_body_leave_it_json() -> None:
    reply = Reply("x").but(KeepAlives(times=3, every_s=0.5))
    assert json.loads(body(reply, WHOLE))["choices"][0]["message"]["content"] == "x"
    assert body(reply, WHOLE).count(b"\n") == 3
    assert [action for action in render(reply, WHOLE) if isinstance(action, Wait)] == [Wait(0.5)] * 3


def test_endless_keep_alives_are_one_action() -> None:
    assert last(KeepAlives(every_s=0.5)) == Repeat(b"e\r\n: keep-alive\n\n\r\n", 0.5)


@given(
    text=st.text(max_size=40),
    thoughts=st.text(max_size=40),
    after=st.integers(0, 10),
    stream=st.booleans(),
)
def test_a_reset_reply_is_the_beginning_of_the_reply(
    text: str, thoughts: str, after: int, stream: bool
) -> None:
    asked = Asked(stream=stream, include_usage=True)
    reply = Reply(text, thoughts=thoughts)
    cut = reply.but(Reset(after=min(after, len(list(reply.pieces())))))
    assert wire(reply, asked).startswith(wire(cut, asked))
    assert last(cut, asked) == ResetAction()


@given(size=st.integers(1, 50), stream=st.booleans())
def test_slices_are_the_same_bytes_in_small_writes(size: int, stream: bool) -> None:
    reply = Reply("Hello, you", thoughts="hm", tool_calls=(Call("f"),))
    sliced = Reply("Hello, you", thoughts="hm", tool_calls=(Call("f"),), slice=size)
    asked = Asked(stream=stream)
    assert wire(sliced, asked) == wire(reply, asked)
    actions = list(render(sliced, asked))
    assert all(len(action.data) <= size for action in actions if isinstance(action, Send))
    assert actions[1::2] == [Wait(0)] * (len(actions) // 2)


def test_what_has_no_pace_goes_out_in_few_writes() -> None:
    sends = [action for action in render(Reply("x" * 8000), STREAM) if isinstance(action, Send)]
    assert len(sends) <= len(wire(Reply("x" * 8000))) // COALESCE + 1
    waits = [action for action in render(Reply("x" * 80, pace_s=0.1), STREAM) if isinstance(action, Wait)]
    assert waits == [Wait(0.1)] * 9


def test_a_body_can_end_with_the_connection() -> None:
    reply = Reply("x", framing="close")
    head, _, sent = wire(reply).partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    assert b"chunked" not in head.lower()
    assert sent.endswith(b"data: [DONE]\n\n")
    assert last(reply) == Finish(close=True)


def test_an_early_end_is_by_the_rules_or_not() -> None:
    story = Reply("x")
    ruly, unruly = story.but(Eof(after=1)), story.but(Eof(after=1, terminated=False))
    assert wire(ruly) == wire(unruly) + b"0\r\n\r\n"
    assert last(ruly) == Finish(fault=True)
    assert last(unruly) == Close()


def test_statuses_and_raw_bodies_are_verbatim() -> None:
    status = Status(429, headers={"retry-after": "1"}, message="slow", code="rate_limit_exceeded")
    assert b"retry-after: 1\r\n" in wire(status)
    assert wire(status).startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert json.loads(body(status))["error"]["code"] == "rate_limit_exceeded"
    recorded = b"data: {}\r\r\n\xff\x00data: [DONE]"
    framings: tuple[Framing, ...] = ("chunked", "length", "close")
    for framing in framings:
        assert body(RawBody(recorded, framing=framing)) == recorded


def test_the_same_play_renders_to_the_same_bytes() -> None:
    reply = Reply("Hello", tool_calls=(Call("f"),))
    assert list(render(reply, STREAM)) == list(render(reply, STREAM))
