"""Waits between attempts: within the policy, at least what the server asked for, and really kept.

The policy is written down here once more, from its definition, so that a mistake in `core.retry` shows.
"""

from __future__ import annotations

import math
from typing import ClassVar

from actors.config import RetryPolicy
from actors.events import (
    AttemptStarted,
    Event,
    RetryScheduled,
    StepStarted,
    TextDelta,
    ThoughtDelta,
    TurnCancelled,
    TurnFailed,
)
from actors.outcome import Failure, HttpError, Protocol, Transport
from actors.scenario.laws.evidence import AttemptPlace, Evidence, Exchange, SessionFacts
from actors.scenario.laws.law import Law

EARLY_S = 0.02
"""Events say the time of day and timers go by the loop's clock, which may run apart by so much."""
LATE_S = 0.5
"""In virtual time nothing is late but for the messages that are due at the same moment."""

_SPREAD = 0.25
_MOST_SPREAD_MS = 1000
_TRIED_AGAIN = frozenset({408, 409, 429})
_CLIENT_ERRORS = 400
_SERVER_ERRORS = 500


class _Waits(Law):
    of: ClassVar[tuple[type[Event], ...]] = (RetryScheduled, AttemptStarted, TurnFailed, TurnCancelled)

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self.waits: list[tuple[RetryScheduled, AttemptStarted | None]] = []
        """Each wait, with what it ended in; None: it was cut short."""
        self.given_up: list[TurnFailed] = []
        self._waiting: RetryScheduled | None = None

    def apply(self, event: Event) -> None:
        """Pair waits with the attempts that end them."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.waits.append((waiting, event if isinstance(event, AttemptStarted) else None))
        if isinstance(event, RetryScheduled):
            self._waiting = event
        elif isinstance(event, TurnFailed):
            self.given_up.append(event)


class PolicyWaits(_Waits):
    """What is tried again, how often, and after how long."""

    name = "retries and their waits are as the retry policy says"
    of = (*_Waits.of, StepStarted, TextDelta, ThoughtDelta)

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self._shows = False
        """Whether the step has shown anything."""
        self._shown: set[AttemptPlace] = set()
        """Of which attempts that were tried again the step had shown something."""

    def apply(self, event: Event) -> None:
        """Remember whether anything was shown; else as the others."""
        if isinstance(event, TextDelta | ThoughtDelta):
            self._shows = True
            return
        if isinstance(event, StepStarted):
            self._shows = False
            return
        if isinstance(event, RetryScheduled) and self._shows:
            self._shown.add(_place(event))
        super().apply(event)

    def judge(self, facts: SessionFacts | None, evidence: Evidence) -> None:
        """Each wait lies within the policy's bounds, and lasted as long as was said."""
        for scheduled, started in self.waits:
            if started is not None:
                self._kept(scheduled, started, evidence)
            if facts is not None and scheduled.turn in facts.retry:
                self._allowed(scheduled, facts.retry[scheduled.turn])
        for failed in self.given_up:
            if facts is not None and (policy := facts.retry.get(failed.turn)) is not None:
                self._patient(failed, policy)

    def _allowed(self, event: RetryScheduled, policy: RetryPolicy | None) -> None:
        most = 0 if policy is None else policy.max_retries
        if event.failed_attempts > most:
            self.broken(
                event.turn, f"retry {event.failed_attempts} was scheduled, and the policy allows {most}"
            )
        if policy is None:
            return
        if not tried_again(event.outcome):
            self.broken(
                event.turn,
                f"{event.outcome.reason} was tried again, and it is not among what is",
            )
        if policy.midstream == "fail" and _place(event) in self._shown:
            self.broken(event.turn, "it was tried again after text was shown, and midstream is `fail`")
        least, longest = wait_bounds_ms(policy, event.failed_attempts, _asked_s(event.outcome))
        if not least <= event.backoff_ms <= longest:
            self.broken(
                event.turn,
                f"after failure {event.failed_attempts} it waits {event.backoff_ms} ms, and the policy gives "
                f"{_bounds(least, longest)}",
            )

    def _kept(self, scheduled: RetryScheduled, started: AttemptStarted, evidence: Evidence) -> None:
        waited, said = started.timestamp - scheduled.timestamp, scheduled.backoff_ms / 1000
        if waited < said - EARLY_S or (evidence.punctual and waited > said + LATE_S):
            self.broken(
                scheduled.turn,
                f"attempt {started.attempt} began {waited:.3f} s after attempt {scheduled.attempt} had failed, "
                f"and should have after {said:.3f} s",
            )
        earlier = evidence.exchange(_place(scheduled))
        later = evidence.exchange(_place(started))
        if earlier is None or later is None:
            return
        apart = later.received_at - earlier.received_at
        if apart < said - EARLY_S:
            self.broken(
                scheduled.turn,
                f"the provider received attempts {scheduled.attempt} and {started.attempt} {apart:.3f} s apart, and "
                f"the wait between them is {said:.3f} s",
            )

    def _patient(self, failed: TurnFailed, policy: RetryPolicy) -> None:
        """A failure that is surely tried again was, as often as it may be."""
        outcome = failed.outcome
        if policy.midstream == "fail" or not _surely_tried_again(outcome, policy):
            return
        if failed.attempt <= policy.max_retries:
            self.broken(
                failed.turn,
                f"it gave up over {outcome.reason} after {failed.attempt} attempts, and the policy allows "
                f"{policy.max_retries + 1}",
            )


class ServersWaits(_Waits):
    """The server's word: `retry-after-ms`, `retry-after`, `x-should-retry`."""

    name = "retries respect what the server asked for"

    def judge(self, facts: SessionFacts | None, evidence: Evidence) -> None:
        """Compare with the headers that the provider sent."""
        for scheduled, started in self.waits:
            exchange = evidence.exchange(_place(scheduled))
            if exchange is None or not isinstance(scheduled.outcome, HttpError):
                continue
            self._asked(scheduled, exchange, facts)
            later = None if started is None else evidence.exchange(_place(started))
            asked = asked_by(exchange)
            if later is not None and asked is not None:
                self._kept(scheduled, later.received_at - exchange.received_at, asked)
        for failed in self.given_up:
            self._refused(failed, evidence)

    def _asked(self, event: RetryScheduled, exchange: Exchange, facts: SessionFacts | None) -> None:
        if exchange.headers.get("x-should-retry") == "false":
            self.broken(event.turn, "it was tried again, and the server said x-should-retry: false")
        asked = asked_by(exchange)
        if asked is None:
            return
        if event.backoff_ms < math.floor(asked * 1000):
            self.broken(
                event.turn, f"it waits {event.backoff_ms} ms, and the server asked for {asked * 1000:g} ms"
            )
        policy = None if facts is None else facts.retry.get(event.turn)
        if policy is not None and asked > policy.max_retry_after_s:
            self.broken(
                event.turn,
                f"it was tried again though the server asked for {asked:g} s, and max_retry_after_s is "
                f"{policy.max_retry_after_s:g}",
            )

    def _kept(self, event: RetryScheduled, apart: float, asked: float) -> None:
        if apart < asked - EARLY_S:
            self.broken(
                event.turn,
                f"the provider was asked again after {apart:.3f} s, and had asked for {asked:.3f} s",
            )

    def _refused(self, failed: TurnFailed, evidence: Evidence) -> None:
        exchange = evidence.exchange(_place(failed))
        if exchange is None or not isinstance(failed.outcome, HttpError):
            return
        said = {"true": True, "false": False}.get(exchange.headers.get("x-should-retry", ""))
        if failed.outcome.should_retry is not said:
            self.broken(
                failed.turn,
                f"the server's x-should-retry is {said}, and was read as {failed.outcome.should_retry}",
            )


def wait_bounds_ms(policy: RetryPolicy, failures: int, asked_s: float | None) -> tuple[int, int]:
    """The shortest and the longest wait after so many failures in a row, in milliseconds.

    Args:
        policy: the turn's.
        failures: how many attempts of the step have failed, from 1.
        asked_s: what the server asked for, in seconds; None: nothing.
    """
    backoff = policy.backoff_ms
    for _ in range(failures - 1):
        backoff = int(min(backoff * policy.multiplier, policy.max_backoff_ms))
    match policy.jitter:
        case "none":
            least = most = backoff
        case "deterministic":
            least = most = backoff + (failures * 37 + 13) % (backoff // 4 + 1)
        case "full":
            least, most = 0, backoff
    if asked_s is None:
        return least, most
    asked = math.ceil(asked_s * 1000)
    return max(least, asked), max(most, asked + int(min(asked * _SPREAD, _MOST_SPREAD_MS)))


def tried_again(outcome: Failure) -> bool:
    """Whether this kind of failure may be tried again at all; what only its code says is not looked at."""
    match outcome:
        case HttpError(should_retry=bool(said)):
            return said
        case HttpError(status=status):
            return status in _TRIED_AGAIN or status >= _SERVER_ERRORS
        case Transport(type="tls" | "url") | Protocol(type="limit"):
            return False
        case _:
            return outcome.kind not in {"cancelled", "internal"}


def asked_by(exchange: Exchange) -> float | None:
    """The wait that a response asks for, in seconds; None: for none, or for a date."""
    for header, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            asked = float(exchange.headers.get(header, "")) / unit
        except ValueError:
            continue
        if math.isfinite(asked) and asked >= 0:
            return asked
    return None


def _surely_tried_again(outcome: Failure, policy: RetryPolicy) -> bool:
    asked = _asked_s(outcome)
    if asked is not None and asked > policy.max_retry_after_s:
        return False
    if isinstance(outcome, HttpError):
        return outcome.should_retry is True
    return outcome.kind in {"truncated", "stalled"}


def _asked_s(outcome: Failure) -> float | None:
    return outcome.retry_after_s if isinstance(outcome, HttpError) else None


def _place(event: Event) -> AttemptPlace:
    return event.session, event.turn, event.step, event.attempt


def _bounds(least: int, most: int) -> str:
    return f"{least} ms" if least == most else f"{least} to {most} ms"
