from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.dashboard.top.rows.words import age, bar, clock, duration, moment, number, rate, size, spark


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "·"), (0, "0"), (812, "812"), (999.6, "1000"), (1000, "1.0k"), (8123, "8.1k"), (81_234, "81k"),
     (999_600, "1.0M"), (8_123_456, "8.1M"), (3e15, "3000T")],
)  # fmt: skip
def test_numbers_are_short(value: float | None, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "·"), (0.0, "0ms"), (0.0123, "12ms"), (0.9996, "1.00s"), (1.25, "1.25s"), (12.5, "12.5s"),
     (59.97, "1m00s"), (184, "3m04s"), (7500, "2h05m"), (273_600, "3d04h")],
)  # fmt: skip
def test_durations_have_the_unit_that_says_most(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


@given(st.floats(0, 1e9))
def test_durations_and_ages_fit_their_columns(seconds: float) -> None:
    assert max(len(duration(seconds)), len(age(seconds))) <= 9
    assert seconds > 90 * 86_400 or max(len(duration(seconds)), len(age(seconds))) <= 6


def test_ages_rates_sizes_and_times() -> None:
    assert [age(it) for it in (None, 0.9, 59.9, 61)] == ["·", "now", "59s", "1m01s"]
    assert [rate(it) for it in (None, 0.0, 0.44, 35.2)] == ["·", "0", "0.4", "35"]
    assert [size(it) for it in (None, 57_000_000)] == ["·", "57MB"]
    assert (clock(None), clock(1_738_326_896.0)) == ("--:--:--", "12:34:56")
    assert moment(1_738_326_896.789) == "12:34:56.789"


def test_a_sparkline_is_right_aligned_and_its_greatest_value_is_full() -> None:
    assert spark([0, 1, 7], 5) == "   ▂█"
    assert spark([9, 0, 0], 2) == "  "
    assert spark([], 2) == "  "
    assert spark([1], 0) == ""


@given(st.floats(0, 1), st.integers(1, 40))
def test_a_bar_never_exceeds_its_width_and_shows_what_is_there(share: float, width: int) -> None:
    assert len(bar(share, width)) <= width
    assert (bar(share, width) == "") is (share == 0)
    assert bar(1.0, width) == "█" * width
