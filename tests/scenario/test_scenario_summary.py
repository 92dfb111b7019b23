from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.events import (
    AttemptStarted,
    AttemptUsage,
    Custom,
    Retracted,
    RetryScheduled,
    SessionEnded,
    StepStarted,
    TextDelta,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from actors.outcome import HttpError, Truncated
from actors.scenario import Fails, Says
from actors.scenario.summary import Check, Spread, Tokens, summarise
from actors.scenario.tally import Tally

Tell = Callable[[str], Any]
LOST = AttemptUsage(step=1, attempt=1, source="estimated", output_tokens=3)
PAID = AttemptUsage(step=1, attempt=2, source="measured", input_tokens=10, output_tokens=5, total_tokens=15)
CUT = Truncated(message="cut")


def spliced(tell: Tell) -> Tally:
    """A turn that shows `to be`, takes back `be`, and completes with `to do`."""
    event = tell("ada")
    tally = Tally()
    retry = {"failed_attempts": 1, "max_retries": 4, "backoff_ms": 100, "error": "cut", "outcome": CUT}
    for one in (
        event(TurnStarted, attempt=0),
        event(StepStarted, attempt=0),
        event(AttemptStarted),
        event(TextDelta, text="to "),
        event(TextDelta, text="be"),
        event(RetryScheduled, **retry),
        event(AttemptStarted, attempt=2),
        event(Retracted, text_keep=3, thought_keep=0),
        event(TextDelta, text="do", first_seq=event.seq),
        event.terminal(TurnCompleted, text="to do", usage=(LOST, PAID)),
        event(SessionEnded, turn=0, reason="closed"),
    ):
        tally.apply(one)
    return tally


def test_events_add_up(tell: Tell) -> None:
    tally = spliced(tell)
    tally.turn("ada", 1).expected = Says("to do", after=("truncated",))
    summary = summarise(tally, [Check("it holds", holds=True)], 2.5)
    assert (summary.sessions, summary.turns, summary.attempts, summary.retractions) == (1, 1, 2, 1)
    assert summary.retries == (("truncated", 1),)
    assert summary.outcomes == (("complete", 1),)
    assert summary.deltas == 4  # a merged delta stands for two
    assert summary.first_delta == Spread(3.0, 3.0, 3.0, 3.0)
    assert summary.duration == Spread(9.0, 9.0, 9.0, 9.0)
    assert summary.tokens == Tokens(input=10, output=5, estimated=3)
    assert (summary.verified, summary.problems, summary.wall_s) == (1, (), 2.5)
    assert summary.holds


def test_a_text_that_is_not_the_fold_of_its_events_is_a_problem(tell: Tell) -> None:
    event = tell("ada")
    tally = Tally()
    tally.apply(event(TurnStarted))
    tally.apply(event(TextDelta, text="to"))
    tally.apply(event.terminal(TurnCompleted, text="to be"))
    summary = summarise(tally, (), 0)
    assert [problem.what for problem in summary.problems] == [
        "the fold of its events is not the text of its terminal event"
    ]
    assert summary.verified == 0
    assert not summary.holds


def test_what_differs_from_the_script_is_a_problem(tell: Tell) -> None:
    tally = spliced(tell)
    tally.turn("ada", 1).expected = Says("to be", after=("truncated",))
    summary = summarise(tally, (), 0)
    assert [(problem.session, problem.turn) for problem in summary.problems] == [("ada", 1)]
    assert not summary.holds


def test_a_check_that_does_not_hold_fails_the_run(tell: Tell) -> None:
    assert summarise(spliced(tell), [Check("pigs fly", holds=True)], 0).holds
    assert not summarise(spliced(tell), [Check("pigs fly", holds=False)], 0).holds


def test_an_expected_failure_is_verified(tell: Tell) -> None:
    event = tell("ada")
    tally = Tally()
    tally.turn("ada", 1).expected = Fails("http_error:401")
    tally.apply(event(TurnStarted))
    tally.apply(event.terminal(TurnFailed, outcome=HttpError(status=401, message="no")))
    summary = summarise(tally, (), 0)
    assert summary.outcomes == (("http_error", 1),)
    assert summary.holds


def test_a_turn_without_end_is_unfinished_and_no_run_holds_with_one() -> None:
    tally = Tally()
    tally.turn("ada", 1).expected = Says("never")
    summary = summarise(tally, (), 0)
    assert summary.outcomes == (("unfinished", 1),)
    assert not summary.holds
    assert (summary.first_delta, summary.duration) == (None, None)


def test_what_the_runs_end_cut_off_is_nobodys_fault(tell: Tell) -> None:
    tally = spliced(tell)
    event = tell("bob")
    tally.turn("bob", 1).expected = Says("to be")
    tally.apply(event(TurnStarted))
    tally.cut_off()
    tally.apply(event.terminal(TurnCancelled, reason="the session was closed"))
    summary = summarise(tally, (), 0)
    assert summary.outcomes == (("complete", 1), ("unfinished", 1))
    assert (summary.verified, summary.problems) == (1, ())
    assert not summary.holds


def test_the_tally_follows_a_turn_from_state_to_state(tell: Tell) -> None:
    event = tell("ada")
    tally = Tally()
    seen = []
    for one in (
        event(TurnStarted),
        event(AttemptStarted),
        event(TextDelta, text="a"),
        event(Custom, payload="aside"),
        event(RetryScheduled, failed_attempts=1, max_retries=1, backoff_ms=0, error="", outcome=CUT),
        event.terminal(TurnFailed, outcome=CUT),
        event(TurnStarted, turn=2),
    ):
        tally.apply(one)
        seen.append(tally.on_stage["ada"].state)
    assert seen == ["idle", "asking", "streaming", "streaming", "waiting", "failed", "idle"]


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_each_figure_of_a_spread_was_measured_and_they_rise(seconds: list[float]) -> None:
    spread = Spread.of(seconds)
    assert spread is not None
    assert {spread.p50, spread.p95, spread.p99, spread.max} <= set(seconds)
    assert spread.p50 <= spread.p95 <= spread.p99 <= spread.max == max(seconds)
    assert 2 * sum(value <= spread.p50 for value in seconds) >= len(seconds)


def test_nothing_has_no_spread() -> None:
    assert Spread.of(()) is None
