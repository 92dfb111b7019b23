"""Toxics are functions over actions: what they do to bytes and moments, whatever the response."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import ConfigError
from actors.provider import (
    Gate,
    Toxic,
    bandwidth,
    latency,
    limit_data,
    reset_peer,
    slicer,
    slow_close,
    timeout,
)
from actors.provider.actions import Action, Close, Finish, Hang, Hold, Repeat, Reset, Send, Wait

SENDS = st.binary(min_size=1, max_size=400).map(Send)
WAITS = st.floats(0, 5).map(Wait)
ENDS = st.sampled_from([Finish(), Finish(close=True), Close(), Reset(), Hang(), Repeat(b": \n\n", 0.5)])
RESPONSES = st.tuples(st.lists(SENDS | WAITS, max_size=12), ENDS).map(lambda parts: [*parts[0], parts[1]])
HARMLESS = st.one_of(
    st.builds(latency, latency_ms=st.floats(0, 900), jitter_ms=st.floats(0, 900)),
    st.builds(bandwidth, rate=st.integers(1, 50)),
    st.builds(slow_close, delay=st.floats(0, 900)),
    st.builds(
        slicer, average_size=st.integers(5, 60), size_variation=st.integers(0, 4), delay=st.integers(0, 900)
    ),
)


def over(toxic: Toxic, actions: Sequence[Action], seed: int = 0) -> list[Action]:
    return list(toxic.over(iter(actions), random.Random(seed)))  # noqa: S311 - no secrets


def moments(actions: Sequence[Action]) -> list[tuple[float, bytes]]:
    """When each write happens, and what it writes."""
    now, found = 0.0, []
    for action in actions:
        if isinstance(action, Wait):
            now += action.seconds
        elif isinstance(action, Send):
            found.append((now, action.data))
    return found


def content(actions: Sequence[Action]) -> bytes:
    return b"".join(data for _, data in moments(actions))


@given(HARMLESS, RESPONSES, st.integers(0, 99))
def test_what_only_delays_and_cuts_keeps_every_byte_in_order_and_the_end(
    toxic: Toxic, response: list[Action], seed: int
) -> None:
    changed = over(toxic, response, seed)
    assert content(changed) == content(response)
    assert changed[-1] == response[-1]
    assert changed == over(toxic, response, seed)
    assert all(action.seconds >= 0 for action in changed if isinstance(action, Wait))


@given(st.floats(0, 900), st.floats(0, 900), RESPONSES)
def test_latency_shifts_each_write_by_about_as_much(
    late: float, jitter: float, response: list[Action]
) -> None:
    changed = moments(over(latency(latency_ms=late, jitter_ms=jitter), response))
    before = 0.0
    for (sent, _), (arrived, _) in zip(moments(response), changed, strict=True):
        assert arrived >= before - 1e-9
        assert arrived >= min(sent, sent + (late - jitter) / 1000) - 1e-9
        assert arrived <= max(before, sent + (late + jitter) / 1000) + 1e-9
        before = arrived


@given(st.integers(1, 50), RESPONSES)
def test_bandwidth_never_lets_more_pass_than_its_rate(rate: int, response: list[Action]) -> None:
    passed = 0
    for now, data in moments(over(bandwidth(rate=rate), response)):
        passed += len(data)
        assert passed <= rate * 1000 * now + 1e-6
        assert len(data) <= rate * 100


def test_bandwidth_catches_up_while_nothing_is_sent() -> None:
    response: list[Action] = [Send(b"x" * 100), Wait(5), Send(b"y" * 100), Close()]
    assert [round(now, 6) for now, _ in moments(over(bandwidth(rate=1), response))] == [0.1, 5.1]


@given(st.integers(0, 900), RESPONSES)
def test_limit_data_closes_when_as_much_has_passed(most: int, response: list[Action]) -> None:
    rng = random.Random(0)  # noqa: S311 - no secrets
    changed = list(itertools.islice(limit_data(bytes=most).over(iter(response), rng), 5000))
    total = len(content(response))
    endless = isinstance(response[-1], Repeat)
    assert len(content(changed)) == (most if endless else min(most, total))
    if endless or (total >= most and total > 0):
        assert changed[-1] == Close()
    else:
        assert changed == response


def test_slices_are_of_about_their_size() -> None:
    changed = over(slicer(average_size=10, size_variation=4, delay=500), [Send(b"x" * 1000), Finish()])
    sizes = [len(data) for _, data in moments(changed)]
    assert set(sizes[:-1]) == set(range(6, 15))
    assert sum(isinstance(action, Wait) and action.seconds == 0.0005 for action in changed) == len(sizes)


def test_a_slow_close_delays_only_the_end_of_the_connection() -> None:
    toxic = slow_close(delay=300)
    assert over(toxic, [Send(b"x"), Finish()]) == [Send(b"x"), Finish()]
    ends: tuple[Action, ...] = (Finish(close=True), Close(), Reset())
    for end in ends:
        assert over(toxic, [Send(b"x"), end]) == [Send(b"x"), Wait(0.3), end]


@given(RESPONSES)
def test_what_stops_everything_lets_nothing_pass(response: list[Action]) -> None:
    assert over(timeout(timeout=200), response) == [Wait(0.2), Close()]
    assert over(timeout(timeout=0), response) == [Hang()]
    reset = over(reset_peer(timeout=50), response)
    assert content(reset) == b""
    assert reset[-2:] == [Wait(0.05), Reset()]


def test_time_at_a_gate_is_not_made_up_for() -> None:
    held = Hold(Gate())
    changed = over(latency(latency_ms=125), [Send(b"a"), held, Wait(1), Send(b"b"), Close()])
    assert changed == [Wait(0.125), Send(b"a"), held, Wait(1.125), Send(b"b"), Close()]


def test_toxics_are_checked_when_made() -> None:
    with pytest.raises(ConfigError, match=r"slicer\.size_variation"):
        slicer(average_size=5, size_variation=5)
    with pytest.raises(ConfigError, match=r"latency\.latency_ms"):
        latency(latency_ms=-1)
    with pytest.raises(ConfigError, match=r"bandwidth\.rate"):
        bandwidth(rate=0)
