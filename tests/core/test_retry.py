from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.config import RetryPolicy
from actors.core import retry
from actors.core.retry import GiveUp, Retry, classify, decide, parse_retry_after
from actors.outcome import (
    Cancelled,
    Failure,
    HttpError,
    InBandError,
    Internal,
    Protocol,
    Stalled,
    Transport,
    Truncated,
)

REFERENCE = RetryPolicy(
    max_retries=6, backoff_ms=500, multiplier=2.0, max_backoff_ms=8000, jitter="deterministic"
)
TRUNCATED = Truncated(message="x")


def http(status: int, code: str | None = None, kind: str | None = None, **fields: float | bool) -> HttpError:
    return HttpError(message="x", status=status, code=code, type=kind, **fields)  # type: ignore[arg-type]  # a table


def in_band(code: str | None = None, kind: str | None = None) -> InBandError:
    return InBandError(message="x", code=code, type=kind)


def waits(policy: RetryPolicy, outcome: Failure = TRUNCATED, seed: int = 0) -> list[int]:
    """All waits of a step that fails until the policy gives up."""
    rng = random.Random(seed)  # noqa: S311 - jitter is no secret
    made: list[int] = []
    backoff, failed = None, 1
    while True:
        decision = decide(
            policy, failed_attempts=failed, backoff_ms=backoff, outcome=outcome, shown=False, rng=rng
        )
        if isinstance(decision, GiveUp):
            return made
        made.append(decision.wait_ms)
        backoff, failed = decision.backoff_ms, failed + 1


def only(outcome: Failure, policy: RetryPolicy | None = REFERENCE, *, shown: bool = False) -> Retry | GiveUp:
    rng = random.Random(1)  # noqa: S311 - jitter is no secret
    return decide(policy, failed_attempts=1, backoff_ms=None, outcome=outcome, shown=shown, rng=rng)


def test_the_reference_waits_to_the_millisecond() -> None:
    assert waits(REFERENCE) == [550, 1087, 2124, 4161, 8198, 8235]


def test_without_jitter_the_backoff_grows_to_its_cap() -> None:
    policy = RetryPolicy(max_retries=6, jitter="none")
    assert waits(policy) == [500, 1000, 2000, 4000, 8000, 8000]


def test_the_cap_does_not_touch_the_first_wait() -> None:
    assert waits(RetryPolicy(max_retries=2, backoff_ms=9000, max_backoff_ms=100, jitter="none")) == [
        9000,
        100,
    ]


def test_the_backoff_is_cut_to_whole_milliseconds() -> None:
    assert waits(RetryPolicy(max_retries=3, backoff_ms=5, multiplier=1.5, jitter="none")) == [5, 7, 10]


@given(st.integers(0, 2**32), st.integers(0, 10_000), st.floats(1, 4))
def test_full_jitter_lies_between_nothing_and_the_backoff(seed: int, backoff: int, multiplier: float) -> None:
    policy = RetryPolicy(backoff_ms=backoff, multiplier=multiplier, jitter="full")
    plain = waits(RetryPolicy(backoff_ms=backoff, multiplier=multiplier, jitter="none"))
    assert len(plain) == policy.max_retries
    for wait, bound in zip(waits(policy, seed=seed), plain, strict=True):
        assert 0 <= wait <= bound


def test_full_jitter_reaches_both_ends() -> None:
    class Ends:
        def __init__(self, value: float) -> None:
            self.value = value

        def random(self) -> float:
            return self.value

    policy = RetryPolicy(backoff_ms=1000, jitter="full")
    for value, wait in ((0.0, 0), (0.9999999, 1000)):
        assert decide(
            policy, failed_attempts=1, backoff_ms=None, outcome=TRUNCATED, shown=False, rng=Ends(value)
        ) == Retry(wait_ms=wait, backoff_ms=2000)


def test_no_policy_is_one_attempt() -> None:
    assert isinstance(only(TRUNCATED, None), GiveUp)


def test_the_budget_is_counted_in_failed_attempts() -> None:
    assert len(waits(RetryPolicy(max_retries=3))) == 3
    assert waits(RetryPolicy(max_retries=0)) == []


def test_midstream_fail_is_the_reference_turn() -> None:
    fail = RetryPolicy(midstream="fail")
    assert isinstance(only(TRUNCATED, fail, shown=True), GiveUp)
    assert isinstance(only(TRUNCATED, fail, shown=False), Retry)
    assert isinstance(only(TRUNCATED, RetryPolicy(midstream="splice"), shown=True), Retry)


@given(st.floats(0, 120), st.integers(0, 2**32), st.sampled_from(["none", "deterministic", "full"]))
def test_the_servers_word_is_the_least_wait(asked: float, seed: int, jitter: str) -> None:
    policy = RetryPolicy(max_retries=1, jitter=jitter)  # type: ignore[arg-type]  # a literal
    (wait,) = waits(policy, http(429, retry_after_s=asked), seed)
    assert wait >= asked * 1000
    assert wait <= max(asked * 1000 + min(asked * 250, 1000) + 1, 500 + 125)


def test_waiters_that_a_server_sends_away_together_come_back_apart() -> None:
    outcome = http(503, retry_after_s=10)
    spread = {waits(RetryPolicy(max_retries=1), outcome, seed)[0] for seed in range(50)}
    assert len(spread) > 40


def test_a_server_that_asks_for_too_long_is_not_asked_again() -> None:
    assert isinstance(only(http(429, retry_after_s=120)), Retry)
    refused = only(http(429, retry_after_s=121))
    assert isinstance(refused, GiveUp)
    assert "121" in refused.why


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (TRUNCATED, True),
        *((Stalled(message="", deadline=name, seconds=1), True)
          for name in ("connect", "first_event", "idle", "attempt")),
        (Cancelled(message=""), False),
        (Internal(message=""), False),
        *((Transport(message="", type=kind), True)
          for kind in ("connect", "dns", "proxy", "reset", "read", "write", "timeout", "pool")),
        *((Transport(message="", type=kind), False) for kind in ("tls", "url")),
        *((Protocol(message="", type=kind), True) for kind in ("bad_http", "bad_json", "not_a_stream")),
        (Protocol(message="", type="limit"), False),
        *((http(status), True) for status in (408, 409, 429, 500, 502, 503, 504, 529, 599)),
        *((http(status), False)
          for status in (101, 301, 302, 307, 308, 400, 401, 402, 403, 404, 413, 418, 422, 499, 600)),
        # Out of quota, or too long: whatever the status.
        (http(429, "insufficient_quota"), False),
        (http(429, None, "insufficient_quota"), False),
        (http(500, "context_length_exceeded"), False),
        (http(500, "exceed_context_size_error"), False),
        (http(429, "rate_limit_exceeded", "tokens"), True),
        # A server's explicit word overrides the table, both ways.
        (http(400, should_retry=True), True),
        (http(503, should_retry=False), False),
        (http(429, "insufficient_quota", should_retry=True), True),
        # In the stream: overload, unless it is the request.
        (in_band(), True),
        (in_band("something_new", "unheard_of"), True),
        *((in_band(code), True)
          for code in ("500", "502", "503", "429", "408", "409", "overloaded_error", "1234")),
        *((in_band(code), False)
          for code in ("400", "401", "404", "413", "422", "insufficient_quota", "context_length_exceeded",
                       "tool_use_failed", "Invalid_API_Key")),
        (in_band(None, "overloaded_error"), True),
        (in_band(None, "invalid_request_error"), False),
        (in_band(None, "BadRequestError"), False),
        (in_band("502", "invalid_request_error"), True),
        (in_band("rate_limit_exceeded", "invalid_request_error"), True),
        (in_band("429", "insufficient_quota"), False),
        (in_band("tool_use_failed", "invalid_request_error"), False),
    ],
    ids=lambda value: str(getattr(value, "reason", value)),
)  # fmt: skip
def test_what_is_retryable(outcome: Failure, *, expected: bool) -> None:
    assert classify(outcome) is expected
    assert isinstance(only(outcome), Retry) is expected


def test_every_failure_has_its_line_in_the_table() -> None:
    for kind in get_args(Failure):
        assert kind.__struct_config__.tag in retry._RETRYABLE


NOW = 1_700_000_000.0


def date(offset: float) -> str:
    return format_datetime(datetime.fromtimestamp(NOW + offset, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": date(90)}, 90.0),
        ({"retry-after": date(-90)}, 0.0),
        ({"retry-after": date(5).replace("GMT", "-0000")}, 5.0),
        # RFC 850 and asctime, which RFC 9110, 5.6.7 asks recipients to read too.
        ({"retry-after": "Tuesday, 14-Nov-23 22:13:30 GMT"}, 10.0),
        ({"retry-after": "Tue Nov 14 22:13:30 2023"}, 10.0),
        *(({"retry-after": garbage}, None) for garbage in
          ("", "-5", "soon", "nan", "inf", "1e5", "1_000", "٣", "9" * 400, "Tue, 99 Nov 2023 99:99:99 GMT",
           "Tue, 14 Nov 99999 00:00:00 GMT", "\x00", "1;2")),
    ],
)  # fmt: skip
def test_reads_the_servers_word(headers: dict[str, str], expected: float | None) -> None:
    assert parse_retry_after(headers, NOW) == expected


@given(st.text(), st.text())
def test_no_header_is_too_odd_to_read(milliseconds: str, seconds: str) -> None:
    said = parse_retry_after({"retry-after-ms": milliseconds, "retry-after": seconds}, NOW)
    assert said is None or said >= 0
