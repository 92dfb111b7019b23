from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from actors.fleet.seconds import KEPT, SPANS, Seconds


@given(st.lists(st.integers(0, 10_000), max_size=400))
def test_the_history_is_bounded_and_has_everything_also_what_came_late(times: list[int]) -> None:
    seconds = Seconds()
    for at in times:
        counts = seconds.of(at + 0.5)
        counts.records += 1
        counts.tokens += at
    history = seconds.history()
    assert len(history) <= SPANS
    assert sum(it.tokens for it in history) == sum(times)
    assert len({it.seconds for it in history}) <= 1
    for it in history:
        assert it.records == sum(it.at <= at < it.at + it.seconds for at in times)
    assert seconds.history() == history
    assert len(seconds._counts) <= KEPT + 2


@given(st.lists(st.integers(0, KEPT - 1)))
def test_the_minute_has_every_second(times: list[int]) -> None:
    seconds = Seconds()
    for at in times:
        seconds.of(at).turns += 1
    minute = seconds.minute(KEPT - 0.5)
    assert [it.at for it in minute] == list(range(KEPT))
    assert {it.at: it.turns for it in minute if it.turns} == Counter(times)
