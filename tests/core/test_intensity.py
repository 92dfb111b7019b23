from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.config import Intensity
from actors.core.intensity import add_restart


def test_more_than_so_many_within_the_window_is_too_much() -> None:
    restarts: tuple[float, ...] = ()
    verdicts = []
    for now in (0.0, 10.0, 20.0, 30.0):
        restarts, within = add_restart(restarts, now, Intensity(restarts=3, within=30.0))
        verdicts.append(within)
    assert verdicts == [True, True, True, False]
    assert restarts == (0.0, 10.0, 20.0, 30.0)


def test_what_lies_before_the_window_is_forgotten() -> None:
    restarts, within = add_restart((0.0, 10.0, 20.0), 30.1, Intensity(restarts=3, within=30.0))
    assert within
    assert restarts == (10.0, 20.0, 30.1)


def test_an_intensity_of_none_allows_none() -> None:
    assert add_restart((), 5.0, Intensity(restarts=0)) == ((5.0,), False)


@given(st.lists(st.floats(0, 20), max_size=30), st.integers(0, 5), st.floats(0.1, 50))
def test_the_verdict_is_that_of_counting_the_window(gaps: list[float], allowed: int, within: float) -> None:
    intensity, now = Intensity(restarts=allowed, within=within), 0.0
    restarts: tuple[float, ...] = ()
    times: list[float] = []
    for gap in gaps:
        now += gap
        times.append(now)
        restarts, verdict = add_restart(restarts, now, intensity)
        assert verdict is (sum(now - then <= within for then in times) <= allowed)
        assert len(restarts) <= len(times)
