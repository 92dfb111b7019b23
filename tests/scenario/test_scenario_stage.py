"""The verbs of a script, over the wire and in simulated time."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.scenario import Scenario
from actors.scenario.display import Display
from actors.scenario.exits import Exit
from actors.scenario.loader import load
from actors.scenario.report import Mode, Report, complaints
from actors.scenario.runner import Settings, run

ScriptFile = Callable[[str], Path]
Play = Callable[..., Report]
HEAD = """
from actors.config import Deadlines, RetryPolicy
from actors.outcome import *
from actors.scenario import *
LINE = Reply("To be, or not to be.")
FAST = RetryPolicy(backoff_ms=1, jitter="none", multiplier=1)
"""


@pytest.fixture
def scenario_of(script_file: ScriptFile) -> Callable[[str], Scenario]:
    return lambda body: load(
        script_file(f"{HEAD}\n@scenario(sessions=4)\nasync def played(stage, *, n: int = 1):\n{body}")
    )


@pytest.fixture(params=["wire", "sim"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def play(mode: Mode, scenario_of: Callable[[str], Scenario]) -> Play:
    return lambda body, **settings: run(scenario_of(body), Settings(mode=mode, **settings), Display())


def retries(report: Report) -> dict[str, int]:
    return dict(report.summary.retries)


EACH = """
    {before}
    async def player(name):
        await stage.send(stage.spawn(name, LINE, retry=FAST), "?", {expected})
    await stage.each(player)
"""


def each(before: str = "pass", expected: str = "Says(LINE.text, after=None)") -> str:
    return EACH.format(before=before, expected=expected)


def test_each_plays_a_role_for_every_session(play: Play) -> None:
    report = play(each())
    assert report.passed, list(complaints(report))
    assert (report.summary.sessions, report.summary.turns) == (4, 4)


def test_no_more_are_on_stage_than_may_be_at_once(play: Play) -> None:
    body = """
    on = most = 0
    async def player(name):
        nonlocal on, most
        on += 1
        most = max(most, on)
        stage.send(stage.spawn(name, LINE), "?", Says(LINE.text)).done()
        on -= 1
        stage.check(len([1 for turn in stage._tally.turns.values() if turn.ended is None]) <= 2, "two at once")
    await stage.each(player)
    stage.check(most == 1, "a role without a wait is not interrupted")
    """
    report = play(body, concurrency=2, sessions=9)
    assert report.passed, list(complaints(report))
    assert report.summary.turns == 9


def test_a_duration_brings_further_sessions_on(play: Play) -> None:
    body = """
    names = []
    async def player(name):
        names.append(name)
        if len(names) == 7:
            stage.duration = 0  # it has passed
    await stage.each(player)
    stage.check(names == [f"session-{n}" for n in range(1, 8)], str(names))
    """
    report = play(body, concurrency=1, duration=3600.0, sessions=3)
    assert report.passed, list(complaints(report))


def test_what_a_role_raises_ends_the_others_and_is_the_scripts(play: Play) -> None:
    body = """
    import asyncio
    async def player(name):
        if name == "session-3":
            raise LookupError("forgot the line")
        await asyncio.Event().wait()
    await stage.each(player)
    """
    report = play(body)
    assert report.exit is Exit.SCRIPT_FAILED
    assert report.error is not None
    assert report.error.what == "LookupError: forgot the line"
    assert report.summary.problems == ()  # no task is left


def test_a_turn_that_fails_raises_nothing_where_it_is_awaited(play: Play) -> None:
    body = """
    ended = await stage.send(stage.spawn("a", Status(401)), "?", Fails("http_error:401"))
    stage.check(ended.outcome.kind == "http_error", "its terminal event is what awaiting gives")
    sent = stage.send(stage.spawn("b", Stall()), "?", Cancelled("enough"))
    sent.cancel("enough")
    stage.check((await sent).reason == "enough", "also of one that is cancelled")
    """
    report = play(body)
    assert report.passed, list(complaints(report))


def test_faults_for_some_so_many_times(play: Play) -> None:
    report = play(each("stage.fault(Reset(after=1), of=('session-1', 'session-2'), times=2)"))
    assert report.passed, list(complaints(report))
    assert retries(report) == {"transport:read": 4}


def test_the_same_seed_gives_the_same_faults(play: Play) -> None:
    body = each(
        "stage.fault(Status(503), chance=0.5)",
        "Says(LINE.text, after=None) | Fails('http_error:503', after=None)",
    )
    runs = [retries(play(body, seed=seed, sessions=20)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_toxics_and_plays_go_wrong_for_a_while(play: Play) -> None:
    body = each("stage.fault(reset_peer(), at=0, lasting=3600, times=1); stage.fault(Status(503), at=3600)")
    report = play(body)
    assert report.passed, list(complaints(report))
    assert set(retries(report)) <= {"transport:read", "transport:reset"}
    assert sum(retries(report).values()) == 4


def test_an_outage_refuses_everyone(play: Play) -> None:
    body = """
    stage.outage(at=0, lasting=3600)
    await stage.send(stage.spawn("early"), "?", Completes() | Fails("transport:connect", after=None), retry=FAST)
    await stage.send(stage.spawn("late"), "?", Fails("transport:connect"), retry=None)
    """
    report = play(body)
    assert report.passed, list(complaints(report))


@pytest.mark.parametrize("mode", ["sim"], indirect=True)
def test_outages_that_overlap_are_over_when_the_last_one_is(play: Play) -> None:
    body = """
    stage.outage(at=0, lasting=60)
    stage.outage(at=30, lasting=60)
    await stage.sleep(75)
    await stage.send(stage.spawn("early"), "?", Fails("transport:connect"), retry=None)
    await stage.sleep(30)
    await stage.send(stage.spawn("late"), "?", Completes(), retry=None)
    """
    report = play(body)
    assert report.passed, list(complaints(report))


@pytest.mark.parametrize("mode", ["sim"], indirect=True)
def test_an_outage_is_survived_by_those_who_try_long_enough(play: Play) -> None:
    before = "patient = RetryPolicy(max_retries=9); stage.outage(at=60, lasting=600); await stage.sleep(61)"
    report = play(
        each(before, "Says(LINE.text, after=None)").replace("retry=FAST", "retry=patient"), sessions=50
    )
    lost = dict(report.summary.outcomes).get("transport", 0)
    assert lost > 0
    assert report.summary.duration is not None
    assert report.summary.duration.max < 120  # ten attempts are over before it is
    longer = play(
        each(before.replace("=9)", "=999)"), "Says(LINE.text, after=None)").replace(
            "retry=FAST", "retry=patient"
        )
    )
    assert longer.passed, list(complaints(longer))
    assert longer.summary.duration is not None
    assert longer.summary.duration.p50 > 590


def test_an_outage_can_be_an_answer_to_some(play: Play) -> None:
    body = each(
        "stage.outage(at=0, lasting=3600, of='session-1', how=Status(503))",
        "Says(LINE.text) | Fails('http_error:503', after=None)",
    )
    report = play(body)
    assert report.passed, list(complaints(report))
    assert dict(report.summary.outcomes) == {"complete": 3, "http_error": 1}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("stage.outage(at=0, lasting=1, of='a')", "connections are refused to all or none"),
        ("stage.expect(2 < 3)", "stage.expect takes a figure compared with a number"),
        ("stage.fault('late')", "must be a play, a fault or a toxic, not str"),
    ],
)
def test_a_verb_that_is_misused_says_what_to_do(play: Play, line: str, said: str) -> None:
    report = play(f"    {line}")
    assert report.exit is Exit.SCRIPT_FAILED
    assert report.error is not None
    assert said in report.error.what


def test_thresholds_are_judged_at_the_end(play: Play) -> None:
    report = play(each("stage.expect(share(completed) == 1); stage.expect(mean(attempts) < n)"))
    assert report.exit is Exit.NOT_AS_EXPECTED
    found, *timeline = complaints(report)
    assert found == "✘ mean of attempts is 1, not below 1, as in session-4 turn 1"
    assert timeline[0].endswith("turn 1 begins")
    assert timeline[-1].endswith("completed: 20 characters")
    assert play(each("stage.expect(mean(attempts) < n)"), params={"n": 2}).passed


def test_a_turn_that_is_not_as_expected_is_told_with_its_timeline(play: Play) -> None:
    report = play(each("stage.fault(Eof(after=2), times=1)", "Says(LINE.text)"), sessions=1)
    said, *timeline = complaints(report)
    assert said == "✘ session-1 turn 1: it was retried after truncated, not after nothing"
    told = [re.split("[,;]", line.split(" s  ", 1)[1])[0] for line in timeline]
    assert [re.sub("[0-9]+ deltas?", "deltas", line) for line in told] == [
        "turn 1 begins",
        "attempt 1",
        "deltas of text",
        "failed: truncated: the stream ended after 3 chunks",
        "attempt 2",
        "deltas of text",
        "completed: 20 characters",
    ]


def test_no_more_turns_than_the_budget_allows(play: Play) -> None:
    report = play(each(), max_turns=2, concurrency=1)
    assert (report.ending, report.exit, report.summary.turns) == ("spent", Exit.NOT_AS_EXPECTED, 2)
    assert "2 turns were sent, as many as --max-turns allows" in report.spent


def test_no_more_tokens_than_the_budget_allows(play: Play) -> None:
    report = play(each(), max_tokens=30, concurrency=1, sessions=50)
    assert report.ending == "spent"
    assert report.summary.turns < 50
    assert "--max-tokens-total allows 30" in report.spent


def test_what_a_stage_knows(play: Play) -> None:
    body = """
    assert stage.mode in {"wire", "sim"}
    assert (stage.sessions, stage.concurrency, stage.duration) == (4, 3, 2.0)
    before = stage.now()
    await stage.sleep(0.002)
    assert 0 <= before < stage.now()
    assert n == 5
    """
    report = play(body, concurrency=3, duration=2.0, params={"n": 5})
    assert report.passed, list(complaints(report))


def test_what_a_script_leaves_behind_breaks_a_law(play: Play) -> None:
    body = """
    import asyncio
    async def forgotten():
        await asyncio.Event().wait()
    global kept
    kept = asyncio.create_task(forgotten())
    """
    report = play(body)
    assert report.exit is Exit.NOT_AS_EXPECTED
    assert "no actor, task, timer, connection or thread is left is broken: 1 task is left" in next(
        complaints(report)
    )


@pytest.mark.parametrize("who", ["session", "supervisor"])
def test_an_actor_crashes_as_often_as_it_is_told(play: Play, who: str) -> None:
    body = f"""
    from actors.events import SessionRestarted
    session = stage.spawn("a", LINE)
    events = session.events()
    sent = stage.send(session, "?", Fails("internal", text=None))
    stage.crash(session, "{who}", times=2)
    await sent
    await stage.send(session, "?", Says(LINE.text) | Fails("internal"))
    session.close()
    seen = [event.error async for event in events if isinstance(event, SessionRestarted)]
    stage.check(len(seen) == 2 and all("crashed_by_the_script" in error for error in seen), str(seen))
    """
    report = play(body)
    assert report.passed, list(complaints(report))


def test_what_is_said_of_many_must_hold_of_each(play: Play) -> None:
    report = play("""
    for name, holds in (("a", True), ("b", False), ("c", True), ("d", False)):
        stage.check(holds, "it holds of each", where=name)
        stage.check(True, "this does", where=name)
    """)
    assert list(complaints(report)) == ["✘ it does not hold that it holds of each, as in b"]
    assert [check.what for check in report.summary.checks] == ["it holds of each", "this does"]


def test_a_table_is_left_behind(play: Play) -> None:
    report = play("""
    stage.table("What came", ("who", "how often"), [("a", "1"), ("everyone", "1|2")], "All of it.")
    """)
    (table,) = report.tables
    assert list(table.text()) == [
        "What came", "who       how often", "a         1", "everyone  1|2", "All of it.",
    ]  # fmt: skip
    assert list(table.markdown()) == [
        "| who | how often |", "|---|---|", "| a | 1 |", "| everyone | 1\\|2 |", "", "All of it.",
    ]  # fmt: skip
