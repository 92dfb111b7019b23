"""What is odd and yet an answer: complete at the first attempt."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from actors.provider import (
    Delay,
    Eof,
    Inject,
    InvalidUtf8,
    KeepAlives,
    Play,
    RawBody,
    Redirect,
    Reply,
    Reset,
)
from tests.faults.stage import GOOD, Stage

UNICODE = Reply("Es war einmal… 🎭 ein „Endpunkt“.", thoughts="Wie fängt man an? 🤔", delta_chars=1)
MANGLED = "Once upon a time\ufffd\ufffd there was an endpoint."


def but(**fields: Any) -> Reply:
    return msgspec.structs.replace(GOOD, **fields)


DOCUMENT = b"""{"id": "x", "object": "chat.completion", "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
"message": {"role": "assistant", "content": "Once upon a time there was an endpoint.",
"reasoning_content": "How do stories begin?"}}],
"usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}}"""

ROWS: dict[str, tuple[Play, str, str | None]] = {
    "nothing odd": (GOOD, GOOD.text, "stop"),
    "reset after the finish": (GOOD.but(Reset(after="after_finish")), GOOD.text, "stop"),
    "hung up after the finish": (GOOD.but(Eof(after="after_finish", terminated=False)), GOOD.text, "stop"),
    "eof after the finish": (GOOD.but(Eof(after="after_finish")), GOOD.text, "stop"),
    "no end marker": (but(done=False), GOOD.text, "stop"),
    "no finish reason": (but(finish=None), GOOD.text, None),
    "an unusual finish reason": (but(finish="eos_token"), GOOD.text, "eos_token"),
    "reset after the end marker": (GOOD.but(Reset(after="at_end")), GOOD.text, "stop"),
    "text after the end marker": (
        GOOD.but(Inject(after="at_end", data=b'data: {"choices":[{"delta":{"content":"!"}}]}\n\n')),
        GOOD.text,
        "stop",
    ),
    "ended with the connection": (but(framing="close"), GOOD.text, "stop"),
    "slow headers": (GOOD.but(Delay(after="before_headers", seconds=0.05)), GOOD.text, "stop"),
    "a few keep-alives": (GOOD.but(KeepAlives(after=6, every_s=0.02, times=3)), GOOD.text, "stop"),
    "byte by byte": (msgspec.structs.replace(UNICODE, slice=1), UNICODE.text, "stop"),
    "byte by byte, escaped": (msgspec.structs.replace(UNICODE, slice=1, ascii=True), UNICODE.text, "stop"),
    "invalid UTF-8": (GOOD.but(InvalidUtf8(after=5)), MANGLED, "stop"),
    "invalid UTF-8, byte by byte": (but(slice=1).but(InvalidUtf8(after=5)), MANGLED, "stop"),
    "no text at all": (Reply(), "", "stop"),
    "a document": (RawBody(DOCUMENT, content_type="application/json"), GOOD.text, "stop"),
    "a document, byte by byte": (
        RawBody(DOCUMENT, content_type="application/json; charset=utf-8", slice=1),
        GOOD.text,
        "stop",
    ),
    "a document that says it is a stream": (RawBody(DOCUMENT), GOOD.text, "stop"),
    "a document with its length": (
        RawBody(DOCUMENT, content_type="application/json", framing="length"),
        GOOD.text,
        "stop",
    ),
    "identity is no compression": (but(headers={"content-encoding": "identity"}), GOOD.text, "stop"),
}


@pytest.mark.parametrize("name", ROWS)
def test_it_is_complete(stage: Stage, name: str) -> None:
    play, text, finish_reason = ROWS[name]

    played = stage.play(play, Redirect())

    assert (len(played.requests), played.retries) == (1, ())
    assert played.completed.text == text
    assert played.completed.outcome.finish_reason == finish_reason
    assert not played.completed.calls


@pytest.mark.parametrize(
    ("play", "source"),
    [
        pytest.param(GOOD, "measured", id="asked for"),
        pytest.param(but(usage=False), "estimated", id="never"),
        pytest.param(but(usage_placement="choice"), "measured", id="in the choice"),
        pytest.param(Reply(usage=False), "unknown", id="nothing to count"),
    ],
)
def test_usage_is_recorded(stage: Stage, play: Reply, source: str) -> None:
    (usage,) = stage.play(play).completed.usage

    assert usage.source == source


def test_a_connection_whose_response_was_read_whole_is_used_again(stage: Stage) -> None:
    session = stage.spawn()
    for _ in range(3):
        stage.watch(session, session.stream("Again."))
        stage.assert_at_rest()

    assert stage.provider.open_connections == 1
