"""What the fold makes of a log."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.fleet.fold import Fleet
from actors.fleet.roster import Bounds
from actors.fleet.view import Query, SessionRow, View
from actors.log.decode import AnyRecord, OtherRecord, decode
from actors.log.schema import EVENTS, PREFIX
from tests.fleet.story import T0, record

NAMES = sorted(name.removeprefix(PREFIX) for name in EVENTS)


def told(*records: AnyRecord, bounds: Bounds | None = None) -> Fleet:
    fleet = Fleet(bounds)
    for it in records:
        fleet.apply(it)
    return fleet


def row(*records: AnyRecord, at: float = 0.0) -> SessionRow:
    (only,) = told(*records).view(T0 + at).sessions
    return only


@pytest.mark.parametrize("name", NAMES)
def test_every_event_is_folded(name: str) -> None:
    view = told(record(name)).view(T0)
    assert view.totals.records == 1
    assert (view.begun, view.newest) == (T0, T0)


@given(st.lists(st.sampled_from(NAMES)), st.integers(1, 5))
def test_it_makes_no_difference_in_which_chunks_records_come(names: list[str], size: int) -> None:
    records = [record(name, at) for at, name in enumerate(names)]
    fleet = Fleet()
    for chunk in range(0, len(records), size):
        fleet.apply_all(records[chunk : chunk + size])
    assert fleet.view(T0) == told(*records).view(T0)


TURN = ["session.started", "turn.started", "request.started", "request.first_chunk", "request.completed"]


@pytest.mark.parametrize(
    ("events", "state"),
    [
        (TURN[:1], "idle"),
        (TURN[:2], "waiting"),
        (TURN[:3], "waiting"),
        (TURN[:4], "streaming"),
        ([*TURN[:3], "request.progress"], "streaming"),
        (TURN, "waiting"),
        ([*TURN, "turn.completed"], "idle"),
        ([*TURN[:3], "request.failed"], "waiting"),
        ([*TURN[:3], "request.failed", "request.retry_scheduled"], "retrying"),
        ([*TURN[:3], "request.failed", "request.retry_scheduled", "request.started"], "waiting"),
        ([*TURN[:3], "request.failed", "turn.failed"], "idle"),
        ([*TURN[:4], "request.cancelled", "turn.cancelled"], "idle"),
        ([*TURN, "turn.completed", "session.ended"], "ended"),
        ([*TURN[:4], "session.ended", "turn.cancelled"], "ended"),
        ([*TURN[:4], "runtime.stopped"], "ended"),
        (["session.ended", "session.started"], "idle"),
    ],
)
def test_a_session_s_state_is_what_its_records_say(events: list[str], state: str) -> None:
    view = told(*map(record, events)).view(T0)
    assert [it.state for it in view.sessions] == [state]
    assert {name: count for name, count in view.states.items() if count} == {state: 1}


def test_a_log_of_which_only_the_end_is_there_is_no_problem() -> None:
    assert row(record("turn.completed", session="late", turn=9)).turns == 1


def test_a_row_says_how_a_turn_goes() -> None:
    records = [
        record("session.started", 0, agent="poet", session_parent="editor"),
        record("turn.started", 1, turn=3),
        record("request.started", 1, turn=3, step=1, attempt=1),
        record("request.failed", 2, turn=3, step=1, attempt=1, message="503", input_tokens=5),
        record("request.retry_scheduled", 2, turn=3, step=1, attempt=1),
        record("request.started", 4, turn=3, step=1, attempt=2),
        record("request.first_chunk", 5, turn=3, step=1, attempt=2),
        record("request.progress", 7, turn=3, step=1, attempt=2),
    ]
    streaming = row(*records, at=10)
    assert streaming == SessionRow(
        run="r",
        session="s",
        parent="editor",
        agent="poet",
        model="some-model",
        state="streaming",
        turn=3,
        step=1,
        attempt=2,
        turns=0,
        retries=1,
        restarts=0,
        input_tokens=5,
        output_tokens=0,
        tokens_per_s=None,
        chunks_per_s=25.0,
        first_chunk=1.0,
        idle=3.0,
        retry_in=None,
        last_error="503",
    )
    records += [record("request.completed", 8, turn=3), record("turn.completed", 8, turn=3)]
    done = row(*records, at=8)
    assert (done.state, done.turns, done.input_tokens, done.output_tokens) == ("idle", 1, 15, 40)
    assert (done.tokens_per_s, done.chunks_per_s) == (20.0, None)


@pytest.mark.parametrize(("at", "left"), [(0, 2.0), (1.5, 0.5), (2, 0.0), (9, 0.0)])
def test_a_retry_s_countdown_goes_by_the_time_that_is_given(at: float, left: float) -> None:
    view = told(record("turn.started"), record("request.retry_scheduled")).view(T0 + at)
    assert [(it.session, it.retry_in, it.delay) for it in view.retrying] == [("s", left, 2.0)]
    assert view.sessions[0].retry_in == left


def test_the_retry_queue_has_what_is_next_due_first_and_only_what_waits() -> None:
    fleet = told(
        *(record("request.retry_scheduled", session=f"s{n}", retry_delay=5.0 - n) for n in range(4)),
        record("request.started", session="s3"),
    )
    assert [it.session for it in fleet.view(T0).retrying] == ["s2", "s1", "s0"]
    assert [it.session for it in fleet.view(T0, Query(top=1)).retrying] == ["s2"]


def test_outcomes_and_errors_are_counted() -> None:
    view = told(
        record("turn.completed"),
        record("turn.failed"),
        record("turn.cancelled"),
        *(record("request.failed", error_type=kind) for kind in ("a", "b", "b")),
    ).view(T0)
    assert view.outcomes == {"complete": 1, "http_error": 1, "cancelled": 1}
    assert list(view.errors.items()) == [("b", 2), ("a", 1)]


def test_names_that_a_log_makes_up_do_not_fill_the_memory() -> None:
    bounds = Bounds(errors=2)
    fleet = told(*(record("request.failed", error_type=f"e{n}") for n in range(10)), bounds=bounds)
    assert fleet.view(T0).errors == {"(other)": 8, "e0": 1, "e1": 1}


def test_what_happened_is_told_newest_first() -> None:
    view = told(
        record("actor.dead_letter", 1, message="one"),
        record("actor.dead_letter", 2, message="two"),
        record("dispatcher.stalled", 3, message="held", level="WARNING"),
        record("session.restarted", 4, message="boom", level="ERROR"),
    ).view(T0)
    assert [it.text for it in view.dead_letters] == ["two", "one"]
    assert [it.text for it in view.stalls] == ["held"]
    assert [(it.event, it.level, it.session) for it in view.problems] == [
        ("session.restarted", "ERROR", "s"),
        ("dispatcher.stalled", "WARNING", ""),
    ]
    assert (view.totals.dead_letters, view.totals.stalls, view.totals.restarts) == (2, 1, 1)


def test_a_runtime_has_a_row_with_its_last_figures() -> None:
    records = [record("runtime.started", 0), record("runtime.stats", 5)]
    (run,) = told(*records).view(T0 + 7).runs
    assert (run.state, run.age, run.idle, run.sessions, run.rss) == ("running", 7.0, 2.0, 7, 1000)
    (run,) = told(*records, record("runtime.stopped", 6)).view(T0 + 7).runs
    assert (run.state, run.age) == ("stopped", 6.0)


def test_the_last_minute_is_told_second_by_second() -> None:
    seconds = (
        told(
            record("request.failed", 0.2),
            record("request.completed", 58.9),
            record("turn.completed", 59.0),
            record("turn.completed", 58.95),  # a little late
        )
        .view(T0 + 59.5)
        .minute
    )
    assert len(seconds) == 60
    assert (seconds[0].at, seconds[0].failures, seconds[0].records) == (T0, 1, 1)
    assert (seconds[58].tokens, seconds[58].turns, seconds[59].turns) == (40, 1, 1)
    assert sum(it.records for it in seconds) == 4


def test_quantiles_are_close_and_of_everything() -> None:
    latency = (
        told(
            *(record("turn.completed", duration=n / 100) for n in range(1, 1001)),
            record("request.first_chunk", time_to_first_chunk=2.0),
        )
        .view(T0)
        .latency
    )
    turn = latency.turn
    assert turn.count == 1000
    assert turn.p50 == pytest.approx(5, rel=0.01)
    assert turn.p95 == pytest.approx(9.5, rel=0.01)
    assert turn.p99 == pytest.approx(9.9, rel=0.01)
    assert turn.max == 10
    assert (latency.first_chunk.p50, latency.first_chunk.count) == (2.0, 1)
    assert (latency.attempt.p50, latency.attempt.count) == (None, 0)


def test_a_timeline_is_in_order_and_says_what_happened() -> None:
    fleet = told(*(record(name, place) for place, name in enumerate([*TURN, "turn.completed"])))
    timeline = fleet.timeline("r", "s", T0)
    assert timeline is not None
    assert [it.event for it in timeline.entries] == [*TURN, "turn.completed"]
    assert [it.at - T0 for it in timeline.entries] == [0, 1, 2, 3, 4, 5]
    answer = timeline.entries[4]
    assert (answer.duration, answer.input_tokens, answer.output_tokens) == (3.0, 10, 40)
    assert timeline.row == fleet.view(T0).sessions[0]
    assert fleet.timeline("r", "other", T0) is None
    assert fleet.timeline("other", "s", T0) is None


def test_a_long_timeline_keeps_its_end() -> None:
    fleet = told(*(record("turn.started", turn=n) for n in range(10)), bounds=Bounds(timeline=3))
    timeline = fleet.timeline("r", "s", T0)
    assert timeline is not None
    assert [it.turn for it in timeline.entries] == [7, 8, 9]
    assert timeline.dropped == 7


def test_a_later_version_s_events_are_counted_and_in_the_timeline() -> None:
    line = msgspec.json.encode(record("turn.started")).replace(b"actors.turn.started", b"actors.tool.called")
    tool = decode(line)
    assert isinstance(tool, OtherRecord)
    fleet = told(tool)
    timeline = fleet.timeline("r", "s", T0)
    assert timeline is not None
    assert [it.event for it in timeline.entries] == ["tool.called"]
    assert fleet.view(T0).totals.records == 1


def test_bad_lines_are_counted_and_the_last_one_is_shown() -> None:
    fleet = told()
    fleet.bad_line("{half")
    assert (fleet.view(T0).totals.bad_lines, fleet.view(T0).last_bad_line) == (1, "{half")
    assert (fleet.begun, fleet.newest) == (None, None)


# Bounds


def test_sessions_that_ended_age_out_into_the_totals() -> None:
    bounds = Bounds(ended=2)
    fleet = told(
        *(
            record(name, session=f"s{n}")
            for n in range(5)
            for name in ("session.started", "request.completed", "turn.completed", "session.ended")
        ),
        bounds=bounds,
    )
    view = fleet.view(T0)
    assert sorted(it.session for it in view.sessions) == ["s3", "s4"]
    totals = view.totals
    assert (totals.sessions_started, totals.sessions_ended, totals.sessions_forgotten) == (5, 5, 3)
    assert (totals.turns_completed, totals.output_tokens) == (5, 200)


def test_where_there_is_no_room_ended_sessions_go_first_then_the_longest_silent() -> None:
    bounds = Bounds(sessions=4)
    records = [record("session.started", n, session=f"s{n}") for n in range(4)]
    records += [record("session.ended", 5, session="s3"), record("turn.started", 6, session="s0")]
    fleet = told(*records, record("session.started", 7, session="new"), bounds=bounds)
    assert {it.session for it in fleet.view(T0).sessions} == {"s0", "s1", "s2", "new"}
    fleet.apply(record("session.started", 8, session="newer"))
    assert {it.session for it in fleet.view(T0).sessions} == {"s0", "s2", "new", "newer"}


def test_runtimes_that_stopped_make_room_for_others() -> None:
    bounds = Bounds(runs=2)
    fleet = told(
        record("session.started", 0, run_id="a"),
        record("runtime.started", 1, run_id="b"),
        record("runtime.stopped", 2, run_id="b"),
        record("runtime.started", 3, run_id="c"),
        bounds=bounds,
    )
    assert {it.run for it in fleet.view(T0).runs} == {"a", "c"}
    fleet.apply(record("runtime.started", 4, run_id="d"))
    assert {it.run for it in fleet.view(T0).runs} == {"c", "d"}
    assert fleet.view(T0).sessions == ()
    assert fleet.view(T0).totals.sessions_forgotten == 1


EVENTFUL: st.SearchStrategy[list[Any]] = st.lists(
    st.builds(
        lambda name, run, session, at: record(
            name,
            at,
            run_id=run,
            **({"session": session} if name.split(".")[0] in {"session", "turn", "request"} else {}),
        ),
        st.sampled_from(NAMES),
        st.sampled_from("ab"),
        st.sampled_from("stuvw"),
        st.integers(0, 20),
    ),
    max_size=60,
)


@given(EVENTFUL)
def test_whatever_happens_memory_is_bounded_and_counters_count_everything(records: list[AnyRecord]) -> None:
    bounds = Bounds(sessions=4, ended=2, entries=10, timeline=4, runs=2, actors=1, recent=3)
    fleet = told(*records, bounds=bounds)
    view = fleet.view(T0)
    counts = Counter(type(it).__struct_config__.tag for it in records)
    assert view.totals.records == len(records)
    for total, name in (
        ("turns_failed", "turn.failed"),
        ("requests_completed", "request.completed"),
        ("retries", "request.retry_scheduled"),
        ("sessions_started", "session.started"),
        ("dead_letters", "actor.dead_letter"),
    ):
        assert getattr(view.totals, total) == counts[f"actors.{name}"]
    timelines = [fleet.timeline(it.run, it.session, T0) for it in view.sessions]
    entries = [len(it.entries) for it in timelines if it is not None]
    assert len(entries) == len(view.sessions) == view.matching == sum(view.states.values()) <= 4
    assert sum(entries) == fleet._roster._entries <= 10
    assert max(entries, default=0) <= 4
    assert view.states["ended"] <= 2
    assert len(view.problems) <= 3


@given(EVENTFUL, EVENTFUL, st.randoms(use_true_random=False))
def test_how_the_records_of_two_runtimes_interleave_makes_no_difference(
    one: list[AnyRecord], two: list[AnyRecord], random: Any
) -> None:
    one = [msgspec.structs.replace(it, run_id="a") for it in one]
    two = [
        msgspec.structs.replace(it, run_id="b", actor_urn="v")
        if hasattr(it, "actor_urn")
        else msgspec.structs.replace(it, run_id="b")
        for it in two
    ]
    either = [one, two]
    shuffled = [0] * len(one) + [1] * len(two)
    random.shuffle(shuffled)
    sources = [iter(it) for it in either]
    mixed = told(*(next(sources[which]) for which in shuffled)).view(T0)
    after = told(*one, *two).view(T0)
    for field in ("totals", "states", "retrying", "outcomes", "begun", "newest"):
        assert getattr(mixed, field) == getattr(after, field)
    assert set(mixed.sessions) == set(after.sessions)


@given(EVENTFUL)
def test_a_view_is_json(records: list[AnyRecord]) -> None:
    view = told(*records).view(T0)
    assert msgspec.json.decode(msgspec.json.encode(view), type=View) == view


# Queries

SESSIONS = list(
    itertools.chain.from_iterable(
        [
            record("session.started", n, session=name, agent=agent),
            record("request.started", n, session=name, turn=n, attempt=9 - n, model=f"model-{n}"),
            record("request.completed", n, session=name, turn=n, output_tokens=n * 10, model=f"model-{n}"),
        ]
        for n, (name, agent) in enumerate([("b", "Poet"), ("a", "critic"), ("c", "poet")], 1)
    )
)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (Query(), "cab"),
        (Query(reverse=True), "bac"),
        (Query(sort="session"), "abc"),
        (Query(sort="session", reverse=True), "cba"),
        (Query(sort="tokens"), "cab"),
        (Query(sort="rate", top=2), "ca"),
        (Query(sort="attempt"), "bac"),
        (Query(sort="idle"), "bac"),
        (Query(text="POET"), "cb"),
        (Query(text="model-2"), "a"),
        (Query(states=frozenset({"idle"})), ""),
        (Query(sort="state"), "cab"),
        (Query(top=0), ""),
    ],
)
def test_a_query_chooses_and_sorts(query: Query, names: str) -> None:
    view = told(*SESSIONS).view(T0, query)
    assert "".join(it.session for it in view.sessions) == names
    if query.top > 2:
        assert view.matching == len(names)


def test_of_a_text_without_end_only_the_beginning_is_kept() -> None:
    endless = "x" * 10_000
    fleet = told(
        record("actor.started"),
        record("actor.failed", message=endless, level="ERROR", exception_type="E", exception_message=endless),
        record("session.restarted", message=endless, level="ERROR"),
        record("turn.failed", message=endless, level="ERROR"),
        bounds=Bounds(text=100),
    )
    shown = msgspec.json.encode([fleet.view(T0), fleet.timeline("r", "s", T0)])
    assert len(shown) < len(endless)
