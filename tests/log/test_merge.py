from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from actors.log.merge import Merge

TIMES = st.lists(st.lists(st.integers(0, 50)), max_size=4)


@given(TIMES)
def test_sources_come_in_the_order_of_time_and_each_in_its_own(sources: list[list[int]]) -> None:
    merge: Merge[tuple[int, int]] = Merge()
    for source, times in enumerate(sources):
        merge.add(source, [(time, (source, place)) for place, time in enumerate(sorted(times))])
    found = merge.due(math.inf)
    times = [sorted(sources[source])[place] for source, place in found]
    assert times == sorted(times)
    for source, expected in enumerate(sources):
        assert [place for it, place in found if it == source] == list(range(len(expected)))


@given(TIMES, st.lists(st.integers(0, 60)))
def test_each_item_comes_once_and_not_before_it_is_due(sources: list[list[int]], dues: list[int]) -> None:
    merge: Merge[int] = Merge()
    for source, times in enumerate(sources):
        merge.add(source, [(time, time) for time in sorted(times)])
    found = []
    for until in sorted(dues):
        now = merge.due(until)
        assert all(time <= until for time in now)
        found += now
    assert sorted([*found, *merge.due(math.inf)]) == sorted(time for times in sources for time in times)


def test_a_time_that_runs_back_or_is_missing_counts_as_the_one_before() -> None:
    merge: Merge[str] = Merge()
    merge.add("a", [(5, "a5"), (None, "a?"), (3, "a3"), (7, "a7")])
    merge.add("b", [(None, "b?"), (4, "b4"), (6, "b6")])
    assert merge.due(5) == ["b?", "b4", "a5", "a?", "a3"]
    assert merge.due(math.inf) == ["b6", "a7"]
    assert (merge.read_to("a"), merge.read_to("c")) == (7, -math.inf)
