from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from actors.config import Limits
from actors.core.chunks import (
    Chunk,
    End,
    Error,
    Finish,
    Refusal,
    ResponseInfo,
    Text,
    Thought,
    ToolCallFragment,
    Usage,
)
from actors.errors import ProtocolViolation
from actors.wire.openai_chat import Decoder
from tests.wire.decoding import DONE, USAGE, bytewise, collect, delta, event

INFO = ResponseInfo("r", "m")
Call = ToolCallFragment


def chunks(*payloads: Any) -> list[Chunk]:
    """The chunks of payloads, but for who answered."""
    made, violation = collect([b"".join(event(payload) for payload in payloads)])
    assert violation is None
    return [chunk for chunk in made if not isinstance(chunk, ResponseInfo)]


def part(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, **fields}


def test_a_plain_stream() -> None:
    body = (
        event(delta(role="assistant", content="")) + event(delta(content="Hel")) + event(delta(content="lo"))
    )
    usage = {
        "id": "r",
        "choices": [],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }
    assert collect([body + event(delta(finish="stop")) + event(usage) + DONE]) == (
        [INFO, Text("Hel"), Text("lo"), Finish("stop"),
         Usage(input_tokens=5, output_tokens=2, total_tokens=7), End()],
        None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (delta(refusal="No."), [Refusal("No.")]),
        (delta(reasoning_content="hm"), [Thought("hm")]),
        (delta(reasoning="hm", content="so"), [Thought("hm"), Text("so")]),
        (delta(reasoning_details=[part("reasoning.text", text="hm")]), [Thought("hm")]),
        (delta(reasoning_details=[part("reasoning.summary", summary="in short")]), [Thought("in short")]),
        (delta(reasoning_details=[part("reasoning.encrypted", data="AbC=")]), []),
        (delta(reasoning="hm", reasoning_details=[part("reasoning.text", text="hm")]), [Thought("hm")]),
        (delta(reasoning="hm", reasoning_content="hm"), [Thought("hm")]),
        (delta(reasoning="", reasoning_content=None, reasoning_details=[part("x", text="hm")]),
         [Thought("hm")]),
        (delta(content=[part("text", text="a"), part("text", text="b")]), [Text("a"), Text("b")]),
        (delta(content=[part("thinking", thinking=[part("text", text="hm")]), part("text", text="so")]),
         [Thought("hm"), Text("so")]),
        (delta(content=[part("thinking", thinking="hm"), part("refusal", refusal="No."), "bare", 7, None]),
         [Thought("hm"), Refusal("No."), Text("bare")]),
        (delta(content=part("text", text="alone")), [Text("alone")]),
        (delta(content=[part("image_url", image_url={})]), []),
        # A number where text belongs is text; what can't be is absent.
        (delta(content=12), [Text("12")]),
        (delta(content=True), []),
        ({"choices": [{"index": "0", "delta": {"content": "a"}}]}, [Text("a")]),
        ({"choices": [{"delta": {"content": "a"}}, {"delta": {"content": "b"}}]}, [Text("a")]),
        ({"choices": [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}]},
         [Text("a")]),
        # Choices without delta, and chunks without choices.
        ({"choices": [{"index": 0, "finish_reason": "stop"}]}, [Finish("stop")]),
        ({"choices": [{"index": 0, "delta": None}]}, []),
        ({"choices": []}, []),
        ({"choices": None}, []),
        ({"choices": "none"}, []),
        ({"choices": [None, 3]}, []),
        ({}, []),
        ({"choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]}, []),
        ({"choices": [{"index": 0, "message": {"content": "repeated"}, "delta": {"content": "a"}}]},
         [Text("a")]),
        ({"object": "chat.completion.done", "choices": [{"index": 0, "message": {"content": "all"}}]}, []),
        ({"object": "chat.completion", "choices": [{"index": 0, "message": {"content": "all"}}]},
         [Text("all")]),
        (delta(finish=""), []),
        (delta(finish="eos"), [Finish("eos")]),
        (delta(content="a", finish="length"), [Text("a"), Finish("length")]),
        (delta(content="a", finish="error"),
         [Text("a"), Error("the endpoint finished with the reason `error`", type="error")]),
    ],
)  # fmt: skip
def test_what_a_payload_says(payload: Any, expected: list[Chunk]) -> None:
    assert chunks(payload) == expected


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([{"index": 0, "id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}],
         [Call(0, "1", "f")]),
        ([{"function": {"name": "f", "arguments": "{}"}}], [Call(None, "", "f", "{}")]),
        ([{"index": 1, "id": None, "type": None, "function": {"name": None, "arguments": None}}], [Call(1)]),
        ([{"index": 0, "id": "1"}, {"index": 1, "id": "2"}], [Call(0, "1"), Call(1, "2")]),
        ([{"index": "1", "id": 7, "function": {"name": "f", "arguments": {"a": "é"}}}],
         [Call(1, "7", "f", '{"a":"é"}')]),
        ([{"index": None, "function": "f"}, "x"], [Call()]),
        ({"index": 0, "id": "1"}, [Call(0, "1")]),
        ([], []),
        (None, []),
    ],
)  # fmt: skip
def test_fragments_of_tool_calls(calls: Any, expected: list[Chunk]) -> None:
    assert chunks(delta(tool_calls=calls)) == expected


def test_the_older_function_call() -> None:
    said = chunks(
        delta(function_call={"name": "f", "arguments": ""}), delta(function_call={"arguments": "{}"})
    )
    assert said == [Call(0, "", "f"), Call(0, "", "", "{}")]


COUNTED = Usage(input_tokens=5, output_tokens=2, total_tokens=7)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"choices": [], "usage": USAGE}, [COUNTED]),
        (delta(content="a") | {"usage": USAGE}, [Text("a"), COUNTED]),
        ({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": USAGE}]},
         [COUNTED, Finish("stop")]),
        ({"choices": [], "x_groq": {"id": "q", "usage": USAGE}}, [COUNTED]),
        ({"choices": [], "usage": None}, []),
        ({"choices": [], "usage": {}}, []),
        ({"choices": [], "usage": {"prompt_tokens": None}}, []),
        ({"choices": [], "usage": {"prompt_tokens": "5", "completion_tokens": 2.0, "total_tokens": -7}},
         [Usage(input_tokens=5, output_tokens=2)]),
        ({"choices": [], "usage": {"prompt_tokens": 2**80}}, []),
        ({"choices": [], "usage": {"prompt_tokens_details": {"cached_tokens": 3}, "completion_tokens_details":
          {"reasoning_tokens": 1}}}, [Usage(cached_input_tokens=3, reasoning_tokens=1)]),
        ({"choices": [], "usage": {"prompt_cache_hit_tokens": 3, "reasoning_tokens": 1}},
         [Usage(cached_input_tokens=3, reasoning_tokens=1)]),
    ],
)  # fmt: skip
def test_usage_wherever_it_is_put(payload: Any, expected: list[Chunk]) -> None:
    assert chunks(payload) == expected


def test_who_answers_is_said_once_as_soon_as_it_is_known() -> None:
    first = {"id": "", "model": "", "choices": [], "prompt_filter_results": []}
    body = event(first) + event(delta(content="a")) + event(delta(content="b") | {"id": "other"})
    assert collect([body])[0] == [INFO, Text("a"), Text("b")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'event: error\ndata: {"error": {"message": "no", "code": "tool_use_failed", "type": "t"}}\n\n',
         Error("no", "tool_use_failed", "t")),
        (b'event: error\ndata: {"message": "no", "code": 500}\n\n', Error("no", "500")),
        (b"event: error\ndata: went\tdown\n\n", Error("went down")),
        (b'event: error\ndata: "no"\n\n', Error("no")),
        (b"event: error\ndata\n\n", Error("the endpoint reported an error without a message")),
        (b'error: {"code": 500, "message": "no", "type": "server_error"}\n\n',
         Error("no", "500", "server_error")),
        (event({"error": {"message": "no", "code": 429}}), Error("no", "429")),
        (event({"error": "overloaded"}), Error("overloaded")),
        (event({"error": {"error": {"message": "deep"}}}), Error("deep")),
        (event({"error": {"message": "no", "status_code": 400}}), Error("no", "400")),
        (event({"error": {"message": 7, "code": 1.5, "type": ["x"]}}), Error("7", "1.5")),
        (event({"object": "error", "message": "no", "type": "BadRequestError", "code": 400}),
         Error("no", "400", "BadRequestError")),
        (event({"choices": [{"index": 0, "error": {"message": "no", "code": 502}}]}), Error("no", "502")),
        (event({"x_groq": {"error": "no"}}), Error("no")),
        (event({"error": {"message": "x\n" * 9999}}), Error(("x " * 9999)[:1000])),
        (event({"error": {"message": "a\ud83d"}}), Error("a�")),
    ],
)  # fmt: skip
def test_errors_in_the_stream(body: bytes, expected: Error) -> None:
    assert collect([body]) == ([expected], None)


def test_an_error_beside_choices_keeps_the_usage() -> None:
    payload = delta(content="", finish="error") | {"error": {"code": 502, "message": "no"}, "usage": USAGE}
    assert chunks(payload) == [COUNTED, Error("no", "502")]


@pytest.mark.parametrize("nothing", [None, "", {}, [], False])
def test_an_error_that_says_nothing_is_none(nothing: Any) -> None:
    assert chunks(delta(content="a") | {"error": nothing}) == [Text("a")]


@pytest.mark.parametrize("last", [DONE, event({"error": "x"})])
def test_after_the_end_nothing_is_decoded_and_nothing_is_wrong(last: bytes) -> None:
    whole = collect([last])
    assert collect([last + b"data: {bad\n\n" + event(delta(content="late"))]) == whole
    decoder = Decoder(Limits(event_bytes=50))
    made = decoder.feed(last + b"x" * 100)
    assert decoder.violation is None
    assert (made + decoder.feed(b"data: {bad\n\n") + decoder.eof(), None) == whole


@pytest.mark.parametrize(
    "marker", [b"data: [DONE]", b"data:[DONE]", b"data: [DONE] \n", b"data: [DONE]\r\n\r\n"]
)
def test_the_end_marker_in_its_spellings(marker: bytes) -> None:
    assert collect([marker]) == ([End()], None)


@pytest.mark.parametrize(
    "keep_alive",
    [b": OPENROUTER PROCESSING\n\n", b"data:\n\n", b"data\n\n", b"event: ping\ndata: now\n\n",
     b"id: 1\nretry: 9\n\n",
     b"\n\n\n", b"event: ping\ndata: {}\n\n"],
)  # fmt: skip
def test_keep_alives_are_no_chunks(keep_alive: bytes) -> None:
    body = event(delta(content="a"))
    assert collect([keep_alive + body + keep_alive]) == collect([body])


# A tail that a close cut off counts if its payload is whole.
@pytest.mark.parametrize(
    ("tail", "counts"),
    [(b'data: {"choices":[{"delta":{"content":"b"}}]}', True),
     (b'data: {"choices":[{"delta":{"content":"b"}}]}\n', True),
     (b'data: {"choices":[{"delta":{"content":"b"}}', False), (b"data: 12", False),
     (b"data: [DON", False), (b"da", False),
     (b"data: {bad\n", False), (b"event: error\ndata: went do", False), (b"\xef", False)],
)  # fmt: skip
def test_the_tail_that_the_end_cut_off(tail: bytes, *, counts: bool) -> None:
    made, violation = collect([event(delta(content="a")) + tail])
    assert violation is None
    assert made == [INFO, Text("a"), *([Text("b")] if counts else [])]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>", "not_a_stream"),
        (b"\xef\xbb\xbf \r\n<html>", "not_a_stream"),
        (b"upstream connect error or disconnect/reset before headers", "not_a_stream"),
        (b"[1, 2, 3]", "not_a_stream"),
        (b"<html>data: {}\n\n", "not_a_stream"),
        (b'{"detail": "Not Found"}', "not_a_stream"),
        (b'{"choices": [', "bad_json"),
        (b"data: hello\n\n", "bad_json"),
        (b"data: {bad}\n\n", "bad_json"),
        (b"data: 12\n\n", "bad_json"),
        (b"data: []\n\n", "bad_json"),
        (b"event: message\ndata: hello\n\n", "bad_json"),
        (b"data: " + b"1" * 5000 + b"\n\n", "bad_json"),
        (b"data: " + b"[" * 200_000 + b"\n\n", "limit"),
        (b'data: {"x": ' + b'{"x":' * 200_000 + b"\n\n", "limit"),
        (b'data: {"choices": ' + b"[" * 200_000 + b"\n\n", "limit"),
        (b'{"choices": ' + b"[" * 200_000, "limit"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[:24].decode("latin-1"),
)  # fmt: skip
def test_what_is_no_stream_of_ours(body: bytes, kind: str) -> None:
    made, violation = collect([body])
    assert made == []
    assert violation is not None
    assert violation[0] == kind
    assert collect([body[at : at + 997] for at in range(0, len(body), 997)]) == (made, violation)


def test_a_page_is_refused_without_waiting_for_its_end() -> None:
    with pytest.raises(ProtocolViolation, match="markup"):
        Decoder(Limits()).feed(b"\n <html>")


def test_an_empty_response_is_no_violation() -> None:
    assert collect([]) == ([], None)
    assert collect([b" \n\n"]) == ([], None)


def test_what_came_before_a_violation_is_given_first() -> None:
    decoder = Decoder(Limits())
    assert decoder.feed(event(delta(content="a")) + b"data: bad\n\n" + DONE) == [INFO, Text("a")]
    assert decoder.violation is not None
    for call in (partial(decoder.feed, b""), decoder.eof):
        with pytest.raises(ProtocolViolation) as caught:
            call()
        assert caught.value.kind == "bad_json"


def test_a_document_under_a_streams_name_is_read_as_one() -> None:
    document = {"id": "r", "model": "m", "object": "chat.completion", "usage": USAGE,
                "choices": [{"message": {"content": "all"}, "finish_reason": "stop"}]}  # fmt: skip
    body = b"\n " + json.dumps(document, indent=1).encode() + b"\n"
    expected = ([INFO, Text("all"), COUNTED, Finish("stop"), End()], None)
    assert collect([body]) == collect(bytewise(body)) == expected


def test_a_document_is_bounded_like_an_event() -> None:
    with pytest.raises(ProtocolViolation) as caught:
        Decoder(Limits(event_bytes=10)).feed(b'{"choices": []}')
    assert caught.value.kind == "limit"


def test_no_violation_holds_any_of_the_models_text() -> None:
    for body in (b"data: my secret\n\n", b"my secret", b'{"my secret"', b'{"detail": "my secret"}'):
        _, violation = collect([body])
        assert violation is not None
        assert "secret" not in violation[1]


def test_broken_utf_8_is_replaced() -> None:
    body = b'data: {"choices":[{"index":0,"delta":{"content":"a\xff\xe2\x82b"}}]}\n\n'
    assert collect([body])[0] == [Text("a��b")]


def test_a_pair_of_surrogates_in_two_deltas_is_one_character() -> None:
    assert chunks(delta(content="a\ud83d"), delta(content="\ude00b"), delta(finish="stop")) == [
        Text("a"), Text("😀b"), Finish("stop")]  # fmt: skip
    assert chunks(delta(content="a\ud83d"), delta(content="b")) == [Text("a"), Text("�b")]
    assert chunks(delta(content="\ud83d")) == [Text("�")]
    assert collect([event(delta(content="\ud83d")) + DONE])[0] == [INFO, Text("�"), End()]


def test_separators_of_unicode_stay_in_the_text() -> None:
    said = "a\u2028b\u2029c\x85d\x0be\x0cf"
    body = f'data: {{"choices":[{{"index":0,"delta":{{"content":"{said}"}}}}]}}\n\n'.encode()
    assert chunks(json.loads(body[6:], strict=False)) == [Text(said)]
    assert collect([body]) == collect(bytewise(body)) == ([Text(said)], None)
