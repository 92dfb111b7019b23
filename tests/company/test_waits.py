"""The graph of asks: what it lets in never closes a circle, and what it refuses would have."""

from __future__ import annotations

import graphlib
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from actors.company.waits import Waits

NAMES = st.sampled_from("abcdef")
STEPS = st.lists(st.tuples(NAMES, NAMES, st.none() | st.integers(0, 20)), max_size=40)


def has_circle(edges: list[tuple[str, str]]) -> bool:
    graph = graphlib.TopologicalSorter[str]()
    for asker, asked in edges:
        graph.add(asker, asked)
    try:
        graph.prepare()
    except graphlib.CycleError:
        return True
    return False


@given(STEPS)
def test_an_ask_is_refused_exactly_if_it_would_close_a_circle(
    steps: list[tuple[str, str, int | None]],
) -> None:
    waits, open_asks = Waits(), dict[int, tuple[str, str]]()
    for number, (asker, asked, answered) in enumerate(steps):
        if answered in open_asks:
            waits.remove(answered, open_asks.pop(answered)[0])
        edges = list(open_asks.values())
        way = waits.path(asked, asker)
        assert bool(way) == has_circle([*edges, (asker, asked)])
        if way:
            assert (way[0], way[-1]) == (asked, asker)
            assert set(pairwise(way)) <= set(edges)
        else:
            waits.add(number, asker, asked)
            open_asks[number] = asker, asked


def test_who_asks_twice_waits_until_both_are_answered() -> None:
    waits = Waits()
    waits.add(1, "a", "b")
    waits.add(2, "a", "b")
    waits.remove(1, "a")
    assert waits.path("a", "b") == ("a", "b")
    waits.remove(2, "a")
    waits.remove(2, "a")
    assert waits.path("a", "b") == ()


def test_the_path_is_the_shortest_one() -> None:
    waits = Waits()
    for number, (asker, asked) in enumerate([("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")]):
        waits.add(number, asker, asked)
    assert waits.path("a", "d") == ("a", "d")
    assert waits.path("b", "d") == ("b", "c", "d")
    assert waits.path("d", "d") == ("d",)
