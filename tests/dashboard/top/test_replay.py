from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.dashboard.top.clock import Clock
from actors.dashboard.top.replay import Replay
from actors.dashboard.top.rows import scrubber
from actors.dashboard.top.rows.table import width_of
from actors.fleet.fold import Fleet
from actors.fleet.view import Span
from actors.log.schema import Record
from tests.dashboard.top.stages import evening
from tests.fleet.story import T0

CLOCK = Clock(begun=100.0, ended=300.0, at=100.0, speed=2.0)


class Ticks:
    """A time that only moves when told."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def run(replay: Replay) -> None:
    for _ in replay.poll():
        pass


@pytest.fixture
def story() -> list[Record]:
    return sorted(evening(), key=lambda it: it.timestamp)


@pytest.fixture
def path(tmp_path: Path, story: list[Record]) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(it) + b"\n" for it in story) + b"no record\n")
    return path


@pytest.fixture
def replay(path: Path) -> Iterator[Replay]:
    ticks = Ticks()
    replay = Replay([str(path)], 2.0, ticks)
    run(replay)
    yield replay
    replay.close()


def shown(replay: Replay) -> object:
    return replay.fleet.view(replay.now())


def folded(records: list[Record], at: float) -> object:
    """What a fleet looks like that never heard of anything later."""
    fleet = Fleet()
    for it in records:
        if it.timestamp.timestamp() <= at:
            fleet.apply(it)
    return fleet.view(at)


def test_the_logs_are_looked_through_before_anything_is_played(replay: Replay) -> None:
    assert replay.clock == Clock(begun=T0, ended=T0 + 29, at=T0, speed=2.0)
    assert replay.fleet.totals.records == 0
    assert sum(span.records for span in replay.history) == len(evening())
    assert not replay.status.paused
    assert replay.status.mode == "replay"


def test_time_passes_at_the_speed_that_was_asked_for_and_stops_at_the_end(path: Path) -> None:
    ticks = Ticks()
    replay = Replay([str(path)], 2.0, ticks)
    run(replay)
    for elapsed, at in (1.5, 3.0), (3.0, 6.0), (99.0, 29.0):
        ticks.time = elapsed
        run(replay)
        assert replay.now() == T0 + at
    assert replay.fleet.totals.records == len(evening())
    assert replay.fleet.totals.bad_lines == 1
    replay.pause()
    assert replay.now() == T0
    replay.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(places=st.lists(st.floats(0, 29), min_size=1, max_size=6))
def test_wherever_it_is_sought_to_it_shows_what_was_known_then(
    replay: Replay, story: list[Record], places: list[float]
) -> None:
    assert replay.clock is not None
    if not replay.clock.paused:
        replay.pause()
    for place in places:
        replay.seek(replay.clock.to(T0 + place))
        run(replay)
        assert shown(replay) == folded(story, T0 + place)


def test_while_it_goes_back_what_was_shown_stays(replay: Replay) -> None:
    assert replay.clock is not None
    replay.seek(replay.clock.to(T0 + 29))
    run(replay)
    before = replay.fleet
    replay.seek(replay.clock.to(T0 + 1))
    polling = replay.poll()
    next(polling)
    assert replay.fleet is before
    for _ in polling:
        pass
    assert replay.fleet is not before


def test_logs_without_a_record_have_nothing_to_play(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text("nothing\n")
    replay = Replay([str(path)], 1.0)
    run(replay)
    assert (replay.clock, replay.now()) == (None, 0.0)
    replay.pause()
    replay.close()


def test_the_records_of_several_logs_are_played_by_their_time(tmp_path: Path, story: list[Record]) -> None:
    for name in ("a", "b"):
        own = story[::2] if name == "a" else story[1::2]
        (tmp_path / f"{name}.jsonl").write_bytes(b"".join(msgspec.json.encode(it) + b"\n" for it in own))
    replay = Replay([str(tmp_path / "*.jsonl")], 1.0)
    run(replay)
    assert replay.clock is not None
    replay.pause()
    replay.seek(replay.clock.to(T0 + 12))
    run(replay)
    assert replay.fleet.totals.records == sum(it.timestamp.timestamp() <= T0 + 12 for it in story)
    replay.close()


@given(st.lists(st.floats(-1e4, 1e4)), st.floats(0.01, 100))
def test_a_clock_never_leaves_its_log(steps: list[float], factor: float) -> None:
    clock = CLOCK
    for step in steps:
        clock = clock.after(abs(step)).moved(step / 1e4).faster(factor)
        assert clock.begun <= clock.at <= clock.ended
        assert 0 <= clock.share <= 1
        assert clock.speed > 0


def test_a_clock_moves_by_shares_and_by_a_second_at_least() -> None:
    assert CLOCK.moved(0.1).at == 120.0
    assert CLOCK.moved(0.001).at == 101.0
    assert CLOCK.to(200.0).moved(-0.1).at == 180.0
    assert CLOCK.toggled().after(10).at == 100.0
    assert CLOCK.after(10).at == 120.0
    assert CLOCK.faster(2).speed == 4.0


def spans(*failures: int, seconds: int = 1) -> tuple[Span, ...]:
    """A log from 100 on, of as many spans of ten records."""
    return tuple(
        Span(at=100 + number * seconds, seconds=seconds, records=10, tokens=0, turns=0, failures=failed)
        for number, failed in enumerate(failures)
    )


@given(st.lists(st.integers(0, 3), min_size=2, max_size=240), st.integers(1, 4), st.integers(1, 300))
def test_a_log_s_history_is_spread_whole_over_the_columns(
    failures: list[int], seconds: int, columns: int
) -> None:
    clock = Clock(begun=100.0, ended=100.0 + len(failures) * seconds, at=100.0, speed=1.0)
    counts = scrubber.spread(spans(*failures, seconds=seconds), clock, columns)
    assert len(counts) == columns
    assert sum(records for records, _ in counts) == pytest.approx(10 * len(failures))
    assert any(failed for _, failed in counts) is any(failures)


def test_where_something_failed_is_seen_at_its_place() -> None:
    clock = Clock(begun=100.0, ended=104.0, at=100.0, speed=1.0)
    assert [failed for _, failed in scrubber.spread(spans(0, 0, 1, 0), clock, 8)] == [
        column in {4, 5} for column in range(8)
    ]
    assert scrubber.spread(spans(1), Clock(begun=1.0, ended=1.0, at=1.0, speed=1.0), 2) == [(0.0, False)] * 2


@pytest.mark.parametrize("width", [10, 40, 80, 200])
def test_the_scrubber_has_its_head_where_the_clock_is(width: int) -> None:
    history = spans(*[0] * 200)
    heads = []
    for at in (100.0, 200.0, 300.0):
        line = scrubber.line(CLOCK.to(at), history, width)
        assert width_of(line) == width
        heads.append("".join(text for text, _ in line).find("┃"))
    if width >= 80:
        assert heads[0] < heads[1] < heads[2]
        assert heads[1] - heads[0] == pytest.approx(heads[2] - heads[1], abs=2)
