"""Bodies that are no streams: requests, documents, and those of errors."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.config import Limits, Profile
from actors.core.chunks import (
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
from actors.errors import ProtocolViolation, UsageError
from actors.wire.openai_chat import Request, decode_document, decode_error, encode

HELLO = ({"role": "user", "content": "hi"},)


def body(request: Request, profile: Profile | None = None) -> dict[str, Any]:
    encoded = encode(request, model="m", profile=profile if profile is not None else Profile())
    decoded: dict[str, Any] = json.loads(encoded)
    return decoded


def test_a_request_says_no_more_than_it_was_told() -> None:
    assert body(Request(HELLO)) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_request_with_everything() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    said = body(Request(HELLO, tools=(tool,), response_format={"type": "json_object"}))
    assert said["tools"] == [tool]
    assert said["response_format"] == {"type": "json_object"}


def test_usage_is_asked_for_unless_the_profile_says_not_to() -> None:
    assert "stream_options" not in body(Request(HELLO), Profile(stream_usage=False))


@pytest.mark.parametrize(
    ("style", "enabled", "disabled"),
    [
        ("none", {}, {}),
        ("enable_thinking", {"enable_thinking": True}, {"enable_thinking": False}),
        ("thinking", {"thinking": {"type": "enabled"}}, {"thinking": {"type": "disabled"}}),
        ("reasoning_effort", {"reasoning_effort": "medium"}, {"reasoning_effort": "none"}),
    ],
)
def test_thinking_is_asked_for_as_the_profile_says(
    style: Any, enabled: dict[str, Any], disabled: dict[str, Any]
) -> None:
    plain, profile = body(Request(HELLO)), Profile(thinking=style)
    assert body(Request(HELLO, enable_thinking=True), profile) == plain | enabled
    assert body(Request(HELLO, enable_thinking=False), profile) == plain | disabled
    assert body(Request(HELLO), profile) == plain


def test_any_mapping_is_a_message() -> None:
    message = MappingProxyType({"role": "user", "content": "a\ud83d"})
    assert body(Request((message,)))["messages"] == [{"role": "user", "content": "a�"}]


@pytest.mark.parametrize("odd", [{"content": object()}, {1.5: "x"}, {"content": float("nan")}])
def test_what_is_no_json_is_the_callers_mistake(odd: dict[Any, Any]) -> None:
    try:
        encoded = encode(Request((odd,)), model="m", profile=Profile())
    except UsageError:
        return
    json.loads(encoded)


def test_an_object_in_a_message_is_refused() -> None:
    with pytest.raises(UsageError, match="JSON"):
        encode(Request(({"content": object()},)), model="m", profile=Profile())
    with pytest.raises(UsageError, match="JSON"):
        encode(Request(({"content": "\ud83d", "x": object()},)), model="m", profile=Profile())


@given(st.dictionaries(st.text(st.characters()), st.text(st.characters())))
def test_any_text_can_be_sent(message: dict[str, str]) -> None:
    encode(Request((message,)), model="m", profile=Profile()).decode()


CHOICE = {
    "index": 0,
    "finish_reason": "tool_calls",
    "message": {
        "role": "assistant",
        "content": "Well.",
        "refusal": "No.",
        "reasoning_content": "hm",
        "tool_calls": [
            {"id": "", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": "", "type": "function", "function": {"name": "g", "arguments": "{}"}},
        ],
    },
}


def test_a_document_is_read_like_a_stream() -> None:
    document = {"id": "r", "model": "m", "choices": [CHOICE], "usage": {"prompt_tokens": 1}}
    assert decode_document(json.dumps(document).encode(), Limits()) == [
        ResponseInfo("r", "m"),
        Thought("hm"),
        Text("Well."),
        Refusal("No."),
        ToolCallFragment(0, "", "f", "{}"),
        ToolCallFragment(1, "", "g", "{}"),
        Usage(input_tokens=1),
        Finish("tool_calls"),
        End(),
    ]


def test_a_document_may_be_an_error() -> None:
    assert decode_document(b'{"error": {"message": "no", "code": 500}}', Limits()) == [Error("no", "500")]
    assert decode_document(b'\xef\xbb\xbf{"error": "no"}', Limits()) == [Error("no")]


@pytest.mark.parametrize(
    ("document", "kind"),
    [(b"<html>", "not_a_stream"), (b"", "not_a_stream"), (b"[]", "not_a_stream"),
     (b'{"a": 1}', "not_a_stream"),
     (b'{"choices": [', "bad_json"), (b'{"a": ' + b"[" * 200_000, "limit"),
     (b'{"choices": []}' + b" " * 100, "limit")],
    ids=lambda value: value if isinstance(value, str) else value[:16].decode(),
)  # fmt: skip
def test_a_document_that_is_none(document: bytes, kind: str) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        decode_document(document, Limits(event_bytes=200_010 if len(document) > 1000 else 100))
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b'{"error": {"message": "no", "type": "t", "code": "c", "param": null}}', ("no", "c", "t")),
        (b'{"error": {"message": "no", "type": null, "code": 42}}', ("no", "42", None)),
        (b'{"error": "no"}', ("no", None, None)),
        (b'[{"error": {"message": "no", "code": 429, "status": "RESOURCE_EXHAUSTED"}}]', ("no", "429", None)),
        (b'{"message": "no", "type": "t", "code": 400, "object": "error"}', ("no", "400", "t")),
        (b'{"detail": "Not Found"}', ("Not Found", None, None)),
        (b'"no"', ("no", None, None)),
        (
            b'{"error": {"message": "a\\n b\\ud83d"}}',
            ("a b\xef\xbf\xbd".encode("latin-1").decode(), None, None),
        ),
        (b'\xef\xbb\xbf{"error": "no"}', ("no", None, None)),
        (b'{"error": {"message": "cut o', (None, None, None)),
        (b"<html>502</html>", (None, None, None)),
        (b"", (None, None, None)),
        (b"null", (None, None, None)),
        (b"[]", (None, None, None)),
        (b"[" * 200_000, (None, None, None)),
        (b'{"error":' * 200_000, (None, None, None)),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_what_an_errors_body_says(said: bytes, expected: tuple[str | None, str | None, str | None]) -> None:
    assert decode_error(said) == expected


@given(st.binary())
def test_no_errors_body_is_too_odd(said: bytes) -> None:
    for field in (*decode_error(said), *decode_error(b'{"error":' + said + b"}")):
        assert field is None or field.encode()
