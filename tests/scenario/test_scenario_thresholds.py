from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import ScriptError
from actors.events import (
    AttemptStarted,
    AttemptUsage,
    RetryScheduled,
    TextDelta,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from actors.outcome import Truncated
from actors.scenario import (
    Threshold,
    attempts,
    completed,
    count,
    failed,
    first_chunk,
    maximum,
    mean,
    minimum,
    output_tokens,
    p50,
    p95,
    p99,
    retried,
    retry_wait,
    share,
    total,
    turn_time,
)
from actors.scenario.summary import judge
from actors.scenario.tally import Tally, TurnTally
from tests.scenario.conftest import Teller

CUT = Truncated(message="cut")


def turns(*lengths: int) -> Tally:
    """A turn a session that takes so many seconds; one of no seconds fails after one retry."""
    tally = Tally()
    for number, length in enumerate(lengths):
        event = Teller(f"s{number}")
        tally.apply(event(TurnStarted))
        tally.apply(event(AttemptStarted))
        if length == 0:
            retry: dict[str, Any] = {
                "failed_attempts": 1,
                "max_retries": 1,
                "backoff_ms": 250,
                "error": "cut",
                "outcome": CUT,
            }
            tally.apply(event(RetryScheduled, **retry))
            tally.apply(event(AttemptStarted, attempt=2))
            tally.apply(event.terminal(TurnFailed, outcome=CUT))
            continue
        tally.apply(event(TextDelta, text="x"))
        event.seq = length
        usage = (AttemptUsage(step=1, attempt=1, source="measured", input_tokens=3, output_tokens=length),)
        tally.apply(event.terminal(TurnCompleted, text="x", usage=usage))
    return tally


def said(tally: Tally, threshold: Threshold) -> tuple[bool, str]:
    (check,) = judge([threshold], tally, 0.0)
    return check.holds, check.found


def test_a_threshold_that_holds_says_what_was_found() -> None:
    tally = turns(3, 4, 5)
    assert said(tally, p99(turn_time) < 6) == (True, "p99 of turn_time is 5 s")
    (check,) = judge([p99(turn_time) < 6], tally, 0.0)
    assert (check.what, check.where, check.timeline) == ("p99 of turn_time is below 6 s", "", ())


def test_one_that_does_not_hold_is_a_sentence_with_the_turn_that_shows_it() -> None:
    (check,) = judge([maximum(turn_time) <= 4.5], turns(3, 5, 4), 0.0)
    assert check.found == "maximum of turn_time is 5 s, not at most 4.5 s"
    assert check.where == "s1 turn 1"
    assert [line.split("  ")[-1] for line in check.timeline] == [
        "turn 1 begins",
        "attempt 1",
        "1 delta of text, 1 characters in 0.000 s",
        "completed: 1 characters",
    ]


@pytest.mark.parametrize(
    ("threshold", "found"),
    [
        (p50(turn_time) > 100, "p50 of turn_time is 4 s, not above 100 s"),
        (p95(turn_time) == 4, "p95 of turn_time is 5 s, not exactly 4 s"),
        (minimum(turn_time) >= 4, "minimum of turn_time is 3 s, not at least 4 s"),
        (mean(turn_time) < 4, "mean of turn_time is 4 s, not below 4 s"),
        (mean(attempts) < 1, "mean of attempts is 1.25, not below 1"),
        (total(output_tokens) < 12, "total of output_tokens is 12, not below 12"),
        (share(completed) == 1, "share of completed is 0.75, not exactly 1"),
        (count(failed) == 0, "count of failed is 1, not exactly 0"),
        (count(retried, of="s0") >= 1, "count of retried of s0 is 0, not at least 1"),
        (share(turn_time < 4) > 0.9, "share of turn_time < 4 is 0.333, not above 0.9"),
        (maximum(retry_wait) < 0.2, "maximum of retry_wait is 0.25 s, not below 0.2 s"),
        (p99(first_chunk, of="s3") < 1, "there is no p99 of first_chunk of s3: no turn has one"),
    ],
)  # fmt: skip
def test_each_figure_reads_as_a_sentence(threshold: Threshold, found: str) -> None:
    tally = turns(3, 4, 5, 0)
    tally.turns["s3", 1].started = None  # so that only the others have a time
    assert said(tally, threshold) == (False, found)


@given(st.lists(st.integers(3, 50), min_size=1, max_size=40), st.integers(0, 60))
def test_figures_are_what_their_names_say(lengths: list[int], bound: int) -> None:
    tally = turns(*lengths)
    ordered = sorted(lengths)
    rank = math.ceil(0.95 * len(ordered)) - 1
    assert said(tally, p95(turn_time) <= bound)[0] == (ordered[rank] <= bound)
    assert said(tally, mean(turn_time) < bound)[0] == (sum(lengths) / len(lengths) < bound)
    assert said(tally, share(turn_time < bound) == 1)[0] == all(length < bound for length in lengths)


@pytest.mark.parametrize(
    "stated",
    [
        lambda: bool(p99(turn_time) < 2),
        lambda: 1 < p99(turn_time) < 2,
        lambda: bool(completed),
        lambda: p99(turn_time) == p50(turn_time),
    ],
)
def test_what_is_judged_at_the_end_can_not_be_taken_for_an_answer_now(stated: Callable[[], object]) -> None:
    with pytest.raises(ScriptError):
        stated()


def test_a_turn_that_goes_on_has_no_time_yet() -> None:
    turn = TurnTally("ada", 1)
    turn.started = 1.0
    assert (turn_time.of(turn), first_chunk.of(turn), output_tokens.of(turn)) == (None, None, None)
