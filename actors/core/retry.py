"""The retry policy, as pure functions: which failure is tried again, when, and what the server's word adds.

`_RETRYABLE` is the one table. An outcome is looked up under ever more general keys, and the first one that is
listed decides.
"""

from __future__ import annotations

import email.utils
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from types import MappingProxyType
from typing import Protocol as Interface

import msgspec

from actors.config import RetryPolicy
from actors.outcome import Failure, HttpError, InBandError

_RETRYABLE: Mapping[str, bool] = MappingProxyType(
    {
        # No attempt helps, whatever the status: the account is out of quota, or the request does not fit
        # the model.
        "code:access_terminated": False,
        "code:billing_hard_limit_reached": False,
        "code:billing_not_active": False,
        "code:content_filter": False,
        "code:content_policy_violation": False,
        "code:context_length_exceeded": False,
        "code:context_too_long": False,
        "code:credit_balance_too_low": False,
        "code:exceed_context_size_error": False,
        "code:exceeded_current_quota_error": False,
        "code:insufficient_balance": False,
        "code:insufficient_quota": False,
        "code:model_max_prompt_tokens_exceeded": False,
        "code:quota_exceeded": False,
        "code:string_above_max_length": False,
        # A status other than 2xx. Redirects are not followed, so they are not tried again either.
        "http_error:408": True,
        "http_error:409": True,
        "http_error:429": True,
        "http_error:4xx": False,
        "http_error:5xx": True,
        "http_error": False,
        # An error in a stream that had begun: overload unless it says that the request is at fault. Codes
        # that are numbers are read as statuses.
        "in_band_error:408": True,
        "in_band_error:409": True,
        "in_band_error:429": True,
        "in_band_error:4xx": False,
        "in_band_error:5xx": True,
        "in_band_error:rate_limit_exceeded": True,
        "in_band_error:authentication_error": False,
        "in_band_error:badrequesterror": False,
        "in_band_error:bad_request_error": False,
        "in_band_error:billing_error": False,
        "in_band_error:failed_precondition": False,
        "in_band_error:forbidden": False,
        "in_band_error:invalid_api_key": False,
        "in_band_error:invalid_argument": False,
        "in_band_error:invalid_prompt": False,
        "in_band_error:invalid_request": False,
        "in_band_error:invalid_request_error": False,
        "in_band_error:json_validate_failed": False,
        "in_band_error:model_not_found": False,
        "in_band_error:not_found": False,
        "in_band_error:not_found_error": False,
        "in_band_error:permission_denied": False,
        "in_band_error:permission_error": False,
        "in_band_error:request_too_large": False,
        "in_band_error:tool_use_failed": False,
        "in_band_error:unauthorized": False,
        "in_band_error:unsupported_parameter": False,
        "in_band_error:unsupported_value": False,
        "in_band_error": True,
        # The stream broke off, or a deadline passed.
        "truncated": True,
        "stalled": True,
        # Names are looked up anew for each attempt, and resolvers fail for a moment. A certificate that is
        # not trusted is not trusted a second later; a handshake that breaks is `connect` or `reset`.
        "transport": True,
        "transport:tls": False,
        "transport:url": False,
        # Bytes that are not the protocol are mostly a proxy's; a limit is ours, and the same answer would
        # exceed it.
        "protocol": True,
        "protocol:limit": False,
        "cancelled": False,
        "internal": False,
        "limit_reached": False,
        "hook_failed": False,
        "budget_exceeded": False,
    }
)
"""Whether an attempt that ended so is tried again."""

_CLIENT_ERRORS = range(400, 500)
_SERVER_ERRORS = range(500, 600)
_DELAY = re.compile(r"\d{1,12}(\.\d+)?", re.ASCII)
_SPREAD = 0.25
_MAX_SPREAD_MS = 1000


class Random(Interface):
    """What is needed of a random source; `random.Random` is one."""

    def random(self) -> float:
        """Uniform in [0, 1)."""
        ...


class Retry(msgspec.Struct, frozen=True):
    """Try again."""

    wait_ms: int
    """How long to wait first, in milliseconds, with jitter and the server's word."""
    backoff_ms: int
    """What to pass as `backoff_ms` after the next failure."""


class GiveUp(msgspec.Struct, frozen=True):
    """Don't."""

    why: str


def classify(outcome: Failure) -> bool:
    """Whether trying again may help. A server's `x-should-retry` overrides the table."""
    if isinstance(outcome, HttpError) and outcome.should_retry is not None:
        return outcome.should_retry
    return next(_RETRYABLE[key] for key in keys_of(outcome) if key in _RETRYABLE)


def decide(
    policy: RetryPolicy | None,
    *,
    failed_attempts: int,
    backoff_ms: int | None,
    outcome: Failure,
    shown: bool,
    rng: Random,
) -> Retry | GiveUp:
    """What to do after a failed attempt.

    Args:
        policy: None for one attempt.
        failed_attempts: how many attempts of the step have failed, this one included.
        backoff_ms: the last `Retry.backoff_ms`; None after the first failure.
        outcome: how the attempt failed.
        shown: whether the step has shown anything.
        rng: the source of jitter.
    """
    if policy is None:
        return GiveUp("no retry policy")
    if failed_attempts > policy.max_retries:
        return GiveUp(f"all {policy.max_retries} retries are used up")
    if not classify(outcome):
        return GiveUp(f"{outcome.reason} is not retryable")
    if shown and policy.midstream == "fail":
        return GiveUp("text was shown, and midstream is `fail`")
    asked_s = outcome.retry_after_s if isinstance(outcome, HttpError) else None
    if asked_s is not None and asked_s > policy.max_retry_after_s:
        return GiveUp(f"the server asks for {asked_s:.0f} s, more than max_retry_after_s")
    backoff = policy.backoff_ms if backoff_ms is None else backoff_ms
    wait = _wait_ms(policy, failed_attempts, backoff, rng)
    if asked_s is not None:
        wait = max(wait, _after_server_ms(asked_s, rng))
    return Retry(wait_ms=wait, backoff_ms=int(min(backoff * policy.multiplier, policy.max_backoff_ms)))


def parse_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The server's word on when to come back, in seconds from `now`; None if it gave none that can be read.

    `retry-after-ms` goes first; `retry-after` is RFC 9110, 10.2.3: seconds, or a date.

    Args:
        headers: by lower-case name.
        now: Unix seconds.
    """
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _DELAY.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    value = headers.get("retry-after", "").strip()
    if _DELAY.fullmatch(value):
        return float(value)
    try:
        date = email.utils.parsedate_to_datetime(value)
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)  # RFC 5322's -0000: UTC, from a place that does not say
        return max(0.0, date.timestamp() - now)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def keys_of(outcome: Failure) -> Iterator[str]:
    """The keys under which tables list an outcome, the most special first."""
    if isinstance(outcome, HttpError | InBandError):
        names = [name.lower() for name in (outcome.code, outcome.type) if name]
        yield from (f"code:{name}" for name in names)
        if isinstance(outcome, HttpError):
            yield from _status_keys(outcome.kind, outcome.status)
        else:
            for name in names:
                if name.isascii() and name.isdigit():
                    yield from _status_keys(outcome.kind, int(name))
                yield f"{outcome.kind}:{name}"
    yield outcome.reason
    yield outcome.kind


def _status_keys(kind: str, status: int) -> Iterator[str]:
    yield f"{kind}:{status}"
    if status in _CLIENT_ERRORS:
        yield f"{kind}:4xx"
    if status in _SERVER_ERRORS:
        yield f"{kind}:5xx"


def _wait_ms(policy: RetryPolicy, failed_attempts: int, backoff: int, rng: Random) -> int:
    if policy.jitter == "full":
        return round(rng.random() * backoff)
    if policy.jitter == "deterministic":
        return backoff + (failed_attempts * 37 + 13) % (backoff // 4 + 1)
    return backoff


def _after_server_ms(asked_s: float, rng: Random) -> int:
    """At least what the server asked for, and a little more, so that those who wait do not come all at
    once.
    """
    asked_ms = math.ceil(asked_s * 1000)
    return asked_ms + int(rng.random() * min(asked_ms * _SPREAD, _MAX_SPREAD_MS))
