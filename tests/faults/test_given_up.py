"""What no further attempt can help: one request, one typed failure, no wait."""

from __future__ import annotations

from typing import Any

import pytest

from actors.config import Limits
from actors.outcome import HttpError
from actors.provider import Call, InBandError, Play, RawBody, Redirect, Reply, Stall, Status
from tests.faults.stage import GOOD, Stage

CALLS = (Call("look"), Call("jump"))
ERROR = b'{"error": {"message": "no such model", "type": "invalid_request_error"}}'

ROWS: dict[str, tuple[Play, str, dict[str, Any]]] = {
    **{f"{n}": (Status(n), f"http_error:{n}", {}) for n in (400, 401, 402, 403, 404, 405, 413, 415, 422)},
    "out of quota": (Status(429, code="insufficient_quota"), "http_error:429", {}),
    "too long": (Status(400, code="context_length_exceeded"), "http_error:400", {}),
    "x-should-retry: false": (Status(503, headers={"x-should-retry": "false"}), "http_error:503", {}),
    "comes back too late": (Status(429, headers={"retry-after": "121"}), "http_error:429", {}),
    "comes back too late, in ms": (Status(503, headers={"retry-after-ms": "121000"}), "http_error:503", {}),
    "a page under 404": (RawBody.html(404), "http_error:404", {}),
    **{f"redirect {n}": (Redirect(status=n), f"http_error:{n}", {}) for n in (301, 302, 303, 307, 308)},
    "error in the stream": (
        GOOD.but(InBandError(after=6, type="invalid_request_error")),
        "in_band_error",
        {},
    ),
    "error in the stream, by code": (
        GOOD.but(InBandError(after=6, code=401, type=None, shape="event")),
        "in_band_error",
        {},
    ),
    "error as a document": (RawBody(ERROR, content_type="application/json"), "in_band_error", {}),
    "an event too large": (GOOD, "protocol:limit", {"limits": Limits(event_bytes=64)}),
    "too many calls": (Reply(tool_calls=CALLS), "protocol:limit", {"limits": Limits(calls=1)}),
    "too many calls, then silence": (
        Reply("Wait.", tool_calls=CALLS).but(Stall(after=4)),
        "protocol:limit",
        {"limits": Limits(calls=1)},
    ),
    "a document too large": (
        RawBody(b'{"choices": []}' + b" " * 64, content_type="application/json"),
        "protocol:limit",
        {"limits": Limits(event_bytes=64)},
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_it_is_not_tried_again(stage: Stage, name: str) -> None:
    play, reason, settings = ROWS[name]

    played = stage.play(play, GOOD, **settings)

    assert (len(played.requests), played.retries) == (1, ())
    assert played.failed.outcome.reason == reason
    assert played.failed.text in GOOD.text or played.failed.text == "Wait."
    assert not stage.provider.followed


def test_a_failure_carries_what_the_server_said(stage: Stage) -> None:
    play = Status(
        401,
        message="Incorrect API key provided.",
        type="invalid_request_error",
        code="invalid_api_key",
        headers={"retry-after": "7", "x-should-retry": "false"},
    )

    assert stage.play(play).failed.outcome == HttpError(
        status=401,
        message="Incorrect API key provided.",
        code="invalid_api_key",
        type="invalid_request_error",
        retry_after_s=7.0,
        should_retry=False,
    )


def test_a_redirect_says_where_it_pointed_but_for_the_query(stage: Stage) -> None:
    outcome = stage.play(Redirect(location="https://elsewhere.invalid/v1?token=secret")).failed.outcome

    assert isinstance(outcome, HttpError)
    assert outcome.location == "https://elsewhere.invalid/v1"


def test_a_page_is_not_quoted(stage: Stage) -> None:
    assert stage.play(RawBody.html(403)).failed.outcome.describe() == "http_error:403: status 403"
