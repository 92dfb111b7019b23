"""What goes wrong once: seen as what it is, tried again after the wait, and the shown text spliced exactly."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from actors.config import RetryPolicy
from actors.core.fold import fold
from actors.events import Retracted
from actors.provider import (
    BadChunk,
    BadJson,
    BadStatusLine,
    Call,
    Eof,
    Fault,
    Gate,
    InBandError,
    Pause,
    Play,
    RawBody,
    Reply,
    Reset,
    Stall,
    Status,
)
from tests.faults.stage import GOOD, KEY, WAITS, Stage

TEXT = "Once upon a time there w"
"""What `GOOD` has said after six deltas: three of thoughts, three of text."""
WITH_CALL = msgspec.structs.replace(GOOD, tool_calls=(Call("look", '{"where": "left"}'),))
BARE = msgspec.structs.replace(GOOD, finish=None, done=False)
ERROR = b'{"error": {"message": "upstream is down", "code": 502}}'


def after(*faults: Fault) -> Reply:
    return GOOD.but(*faults)


def calling(*faults: Fault) -> Reply:
    return WITH_CALL.but(*faults)


ROWS: dict[str, tuple[Play, str, dict[str, Any]]] = {
    # Ended by the rules of HTTP, but with neither a finish reason nor the end marker.
    "eof after headers": (after(Eof(after="after_headers")), "truncated", {}),
    "eof before the first delta": (after(Eof(after=0)), "truncated", {}),
    "eof in thought": (after(Eof(after="in_thought")), "truncated", {}),
    "eof in text": (after(Eof(after=6)), "truncated", {}),
    "eof in a tool call": (calling(Eof(after="in_tool_call")), "truncated", {}),
    "eof instead of the finish": (BARE, "truncated", {}),
    "eof with the connection": (msgspec.structs.replace(BARE, framing="close"), "truncated", {}),
    "an empty body": (RawBody(b""), "truncated", {}),
    # Broken off.
    "hung up before headers": (after(Eof(after="before_headers", terminated=False)), "transport:reset", {}),
    "hung up after headers": (after(Eof(after="after_headers", terminated=False)), "transport:read", {}),
    "hung up before the first delta": (after(Eof(terminated=False)), "transport:read", {}),
    "hung up in text": (after(Eof(after=6, terminated=False)), "transport:read", {}),
    "hung up in a tool call": (
        calling(Eof(after="in_tool_call", terminated=False)),
        "transport:read",
        {},
    ),
    "reset before headers": (after(Reset(after="before_headers")), "transport:reset", {}),
    "reset after headers": (after(Reset(after="after_headers")), "transport:read", {}),
    "reset before the first delta": (after(Reset(after=0)), "transport:read", {}),
    "reset in thought": (after(Reset(after="in_thought")), "transport:read", {}),
    "reset in text": (after(Reset(after=6)), "transport:read", {}),
    "reset in a tool call": (calling(Reset(after="in_tool_call")), "transport:read", {}),
    # Reported in the stream.
    "error event": (after(InBandError(after=6, shape="event")), "in_band_error", {}),
    "error beside choices": (after(InBandError(after=6, shape="beside_choices")), "in_band_error", {}),
    "error field": (after(InBandError(after=6, shape="field")), "in_band_error", {}),
    "error and nothing else": (after(InBandError(after=6, shape="plain")), "in_band_error", {}),
    "error with the end marker": (after(InBandError(after=6, done=True)), "in_band_error", {}),
    "error before the first delta": (after(InBandError(code=502, type=None)), "in_band_error", {}),
    "error in a tool call": (calling(InBandError(after="in_tool_call")), "in_band_error", {}),
    "finished with an error": (msgspec.structs.replace(GOOD, finish="error"), "in_band_error", {}),
    "error as a document": (RawBody(ERROR, content_type="application/json"), "in_band_error", {}),
    # Not the protocol.
    "bad json in text": (after(BadJson(after=6)), "protocol:bad_json", {}),
    "bad json, then silence": (after(BadJson(after=6), Stall(after=6)), "protocol:bad_json", {}),
    "bad json in a tool call": (calling(BadJson(after="in_tool_call")), "protocol:bad_json", {}),
    "bad json as a document": (
        RawBody(b'{"choices": [', content_type="application/json"),
        "protocol:bad_json",
        {},
    ),
    "a page": (RawBody.html(), "protocol:not_a_stream", {}),
    "a document of no kind": (
        RawBody(b'{"status": "ok"}', content_type="application/json"),
        "protocol:not_a_stream",
        {},
    ),
    "plain text": (RawBody(b"try again later\n", content_type="text/plain"), "protocol:not_a_stream", {}),
    "bad status line": (BadStatusLine(), "protocol:bad_http", {}),
    "compressed": (
        msgspec.structs.replace(GOOD, headers={"content-encoding": "br"}),
        "protocol:bad_http",
        {},
    ),
    # Refused by a status.
    **{f"{n}": (Status(n), f"http_error:{n}", {}) for n in (408, 409, 429, 500, 502, 503, 504, 529)},
    "a page under 502": (RawBody.html(502), "http_error:502", {}),
    "503 that ends too early": (RawBody(b"{", status=503, ending="eof"), "http_error:503", {}),
    "503 with a long page": (RawBody(b"<" * 300_000, status=503), "http_error:503", {}),
    "503, compressed": (
        RawBody(b"\x0b", status=503, headers={"content-encoding": "br"}),
        "http_error:503",
        {},
    ),
    "x-should-retry: true": (Status(400, headers={"x-should-retry": "true"}), "http_error:400", {}),
}


@pytest.mark.parametrize("name", ROWS)
def test_it_is_tried_again(stage: Stage, name: str) -> None:
    play, reason, settings = ROWS[name]

    played = stage.play(play, GOOD, **settings)

    assert len(played.requests) == 2
    assert played.reasons == (reason,)
    assert played.waits == WAITS[:1]
    assert (played.completed.text, played.completed.thoughts) == (GOOD.text, GOOD.thoughts)
    assert not played.completed.calls
    assert not [event for event in played.events if isinstance(event, Retracted)]


MIDSTREAM: dict[str, tuple[Fault, str]] = {
    "eof": (Eof(after=6), "truncated"),
    "hung up": (Eof(after=6, terminated=False), "transport:read"),
    "reset": (Reset(after=6), "transport:read"),
    "error": (InBandError(after=6), "in_band_error"),
    "bad json": (BadJson(after=6), "protocol:bad_json"),
}


@pytest.mark.parametrize(
    ("then", "keep"),
    [
        pytest.param(GOOD.text, None, id="the same"),
        pytest.param("Once upon a day there was none.", 12, id="another"),
        pytest.param("Once upon", 9, id="a shorter one"),
        pytest.param("", 0, id="none"),
    ],
)
@pytest.mark.parametrize("fault", MIDSTREAM)
def test_what_was_shown_is_spliced(stage: Stage, fault: str, then: str, keep: int | None) -> None:
    broken, reason = MIDSTREAM[fault]
    shown = Gate()
    first = GOOD.but(Pause(after=6, gate=shown), broken)

    second = msgspec.structs.replace(GOOD, text=then)
    played = stage.play(first, second, open_at={TEXT: shown})

    assert (len(played.requests), played.reasons, played.waits) == (2, (reason,), WAITS[:1])
    assert played.shown_by(1).text == TEXT
    assert (played.completed.text, played.completed.thoughts) == (then, GOOD.thoughts)
    cuts = [event.text_keep for event in played.events if isinstance(event, Retracted)]
    assert cuts == ([] if keep is None else [keep])


def test_thoughts_are_spliced_on_their_own(stage: Stage) -> None:
    shown = Gate()
    first = GOOD.but(Pause(after=6, gate=shown), Reset(after=6))
    second = msgspec.structs.replace(GOOD, thoughts="How do tales begin?")

    played = stage.play(first, second, open_at={TEXT: shown})

    assert (played.completed.text, played.completed.thoughts) == (GOOD.text, second.thoughts)
    (cut,) = [event for event in played.events if isinstance(event, Retracted)]
    assert (cut.text_keep, cut.thought_keep) == (len(TEXT), len("How do "))


def test_thoughts_that_are_not_shown_are_no_reason_to_cut(stage: Stage) -> None:
    shown = Gate()
    first = GOOD.but(Pause(after=6, gate=shown), Reset(after=6))
    second = msgspec.structs.replace(GOOD, thoughts="How do tales begin?")

    played = stage.play(first, second, open_at={TEXT: shown}, enable_thought=False)

    assert (played.completed.text, played.completed.thoughts) == (GOOD.text, "")
    assert not [event for event in played.events if isinstance(event, Retracted)]


def test_one_budget_covers_every_kind_of_failure(stage: Stage) -> None:
    """Before headers, before the first delta, after three, and after more: the last attempt's text is what counts."""
    first, second = Gate(), Gate()
    retold = msgspec.structs.replace(GOOD, text="Once upon a time, long ago, there was a stage.")
    played = stage.play(
        Status(503),
        GOOD.but(Pause(after=6, gate=first), Reset(after=6)),
        GOOD.but(Eof(after=4)),
        retold.but(Pause(after=7, gate=second), InBandError(after=7)),
        GOOD,
        open_at={TEXT: first, retold.text[:32]: second},
    )

    assert len(played.requests) == 5
    assert played.waits == WAITS
    assert played.reasons == ("http_error:503", "transport:read", "truncated", "in_band_error")
    assert [played.shown_by(n).text for n in (1, 2, 3)] == ["", TEXT, TEXT]
    assert played.completed.text == GOOD.text
    sources = [usage.source for usage in played.completed.usage]
    assert sources == ["unknown", "estimated", "estimated", "estimated", "measured"]


def test_when_all_retries_are_used_up_the_last_failure_is_the_outcome(stage: Stage) -> None:
    gate = Gate()
    played = stage.play(
        Status(503),
        GOOD.but(Pause(after=6, gate=gate), Reset(after=6)),
        Status(502, message="still down"),
        open_at={TEXT: gate},
        retry=RetryPolicy(backoff_ms=8, jitter="deterministic", max_retries=2),
    )

    assert len(played.requests) == 3
    assert played.waits == WAITS[:2]
    assert played.reasons == ("http_error:503", "transport:read")
    assert played.failed.outcome.describe() == "http_error:502: still down"
    assert played.failed.text == TEXT
    assert [usage.source for usage in played.failed.usage] == ["unknown", "estimated", "unknown"]


def test_without_a_policy_there_is_one_attempt(stage: Stage) -> None:
    played = stage.play(Status(503), GOOD, retry=None)

    assert (len(played.requests), played.waits) == (1, ())
    assert played.failed.outcome.reason == "http_error:503"


def test_midstream_fail_gives_up_once_something_was_shown(stage: Stage) -> None:
    gate = Gate()
    policy = RetryPolicy(backoff_ms=8, jitter="deterministic", midstream="fail")

    played = stage.play(
        GOOD.but(Eof(after=0)),
        GOOD.but(Pause(after=6, gate=gate), Reset(after=6)),
        GOOD,
        open_at={TEXT: gate},
        retry=policy,
    )

    assert (len(played.requests), played.reasons) == (2, ("truncated",))
    assert (played.failed.outcome.reason, played.failed.text) == ("transport:read", TEXT)


def test_a_bad_chunk_header(stage: Stage) -> None:
    gate = Gate()
    broken = GOOD.but(Pause(after=6, gate=gate), BadChunk(after=6))

    played = stage.play(broken, GOOD, open_at={TEXT: gate})

    assert played.reasons == ("protocol:bad_http",)
    assert (len(played.requests), played.waits) == (2, WAITS[:1])
    assert played.completed.text == GOOD.text


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({"retry-after": "0.05"}, 56, id="seconds"),
        pytest.param({"retry-after-ms": "40"}, 45, id="milliseconds"),
        pytest.param({"retry-after-ms": "40", "retry-after": "100"}, 45, id="milliseconds first"),
        pytest.param({"retry-after": "Fri, 02 Jan 2026 03:04:05 GMT"}, 70, id="a date"),
        pytest.param({"retry-after": "Thu, 01 Jan 2026 00:00:00 GMT"}, 10, id="a date that is past"),
        pytest.param({"retry-after": "0"}, 10, id="less than the backoff"),
        pytest.param({"retry-after": "soon"}, 10, id="nonsense"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_servers_word(
    stage: Stage, status: int, headers: dict[str, str], wait: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A sixteenth of a second before the date: 63 ms, and half of 25% of it, as chance is `Half`.
    monkeypatch.setattr(stage.runtime._dispatcher, "wall", lambda: 1767323045 - 0.0625)

    played = stage.play(Status(status, headers=headers), GOOD)

    assert (len(played.requests), played.waits) == (2, (wait,))
    assert played.reasons == (f"http_error:{status}",)
    assert played.completed.text == GOOD.text


def test_connections_are_refused_until_the_door_opens(stage: Stage) -> None:
    door = stage.provider.door()
    session = stage.spawn(endpoint=door.endpoint(transport=stage.transport))
    with session.stream("Anyone there?") as stream:
        played = stage.watch(
            session, stream, on_event=lambda event: door.open() if event.attempt == 2 else None
        )

    assert played.reasons[0] == "transport:connect"
    assert set(played.reasons) == {"transport:connect"}
    assert played.waits == WAITS[: len(played.waits)]
    assert len(played.requests) == 1
    assert fold(played.events).text == GOOD.text


def test_refused_for_good(stage: Stage) -> None:
    url = stage.provider.refused_url
    played = stage.play(endpoint=stage.endpoint(base_url=url))

    assert not played.requests
    assert played.waits == WAITS
    assert set(played.reasons) == {"transport:connect"}
    assert url.removeprefix("http://").removesuffix("/v1") in played.failed.outcome.describe()
    assert [usage.source for usage in played.failed.usage] == ["unknown"] * 5


def test_the_request_is_the_same_each_time(stage: Stage) -> None:
    played = stage.play(Status(503), Status(503), GOOD)

    bodies = {json.dumps(request.body, sort_keys=True) for request in played.requests}
    assert len(bodies) == 1
    for request in played.requests:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["accept-encoding"] == "identity"
