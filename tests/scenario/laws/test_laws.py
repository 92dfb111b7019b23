"""Each law is kept by every legal history, and broken by each change to one that it should be broken by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.config import Buffering, RetryPolicy
from actors.core.coalesce import Buffer
from actors.events import (
    AttemptStarted,
    ChildEnded,
    ChildStarted,
    Event,
    Retracted,
    RetryScheduled,
    SessionEnded,
    SessionRestarted,
    StepFinished,
    StepStarted,
    TextDelta,
    ThoughtDelta,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from actors.outcome import HttpError, Truncated
from actors.scenario.laws import Breach, Evidence, Exchange, Laws, Leftovers, SessionFacts, ToolRun
from actors.scenario.laws.completion import CompleteAnswers, CompleteCalls, RunnableTools
from actors.scenario.laws.kinship import NoOrphans
from actors.scenario.laws.law import Law
from actors.scenario.laws.laws import EVERY_LAW
from actors.scenario.laws.left import NAME as NOTHING_LEFT
from actors.scenario.laws.numbers import Numbers
from actors.scenario.laws.restarts import Restarts
from actors.scenario.laws.sequence import Sequence
from actors.scenario.laws.shown import FoldsToTheEnd, RetractsWithinItsStep
from actors.scenario.laws.turns import OneAtATime, OneTerminal
from actors.scenario.laws.waits import PolicyWaits, ServersWaits
from tests.scenario.laws.histories import CALL, Teller, histories, rich

Events = list[Event]


def judged(events: Iterable[Event], evidence: Evidence) -> tuple[Breach, ...]:
    laws = Laws()
    for event in events:
        laws.apply(event)
    return laws.breaches(evidence)


def broken(events: Iterable[Event], evidence: Evidence) -> set[str]:
    return {breach.law for breach in judged(events, evidence)}


def merged(events: Iterable[Event], rhythm: list[int]) -> Events:
    buffer, taken = Buffer(Buffering(max_events=1)), []
    for number, event in enumerate(events):
        buffer.push(event)
        if rhythm[number % len(rhythm)] == 0:
            taken += buffer.take()
    return [*taken, *buffer.take()]


def renumbered(events: Iterable[Event]) -> Events:
    """As if the runtime had never known of what is not there."""
    out: Events = []
    for seq, event in enumerate(events, 1):
        merges = {"first_seq": seq} if hasattr(event, "first_seq") else {}
        out.append(replace(event, seq=seq, **merges))
    return out


@given(histories(), st.lists(st.integers(0, 3), min_size=1, max_size=5))
def test_a_legal_history_breaks_no_law_however_its_events_are_merged(told: Teller, rhythm: list[int]) -> None:
    laws = Laws()
    for event in told.events:
        laws.apply(event)
    for event in merged(told.events, rhythm):
        laws.apply_slow(event)
    assert laws.breaches(told.evidence(punctual=True)) == ()
    assert judged(merged(told.events, rhythm), told.evidence()) == ()


def test_the_rich_history_is_legal() -> None:
    told = rich()
    assert judged(told.events, told.evidence(punctual=True)) == ()


@given(histories(), st.data())
def test_no_event_can_be_lost_doubled_or_swapped(told: Teller, data: st.DataObject) -> None:
    events, place = told.events, data.draw(st.integers(0, len(told.events) - 1))
    lost = [*events[:place], *events[place + 1 :]]
    doubled = [*events[: place + 1], *events[place:]]
    assert Sequence.name in broken(lost, told.evidence())
    assert Sequence.name in broken(doubled, told.evidence())
    if place:
        swapped = [*events[: place - 1], events[place], events[place - 1], *events[place + 1 :]]
        assert Sequence.name in broken(swapped, told.evidence())


LOSSES: list[tuple[type[Event], int, type[Law]]] = [
    (TextDelta, -1, FoldsToTheEnd),
    (TextDelta, 2, FoldsToTheEnd),
    (ThoughtDelta, 1, FoldsToTheEnd),
    (Retracted, 0, FoldsToTheEnd),
    (TurnCompleted, 0, OneTerminal),
    (TurnFailed, -1, OneTerminal),
    (TurnCancelled, 0, OneTerminal),
    (TurnStarted, 1, OneAtATime),
    (StepStarted, 0, Numbers),
    (StepStarted, 1, Numbers),
    (AttemptStarted, 1, Numbers),
    (RetryScheduled, 0, Numbers),
    (StepFinished, 0, Numbers),
    (StepFinished, 1, Numbers),
    (SessionRestarted, 0, Restarts),
    (SessionEnded, 0, Sequence),
    (ChildStarted, 0, NoOrphans),
    (ChildEnded, 0, NoOrphans),
]
"""A kind of event, which of them the runtime forgets, and the law that says so though `seq` has no gap."""


@pytest.mark.parametrize(
    ("kind", "which", "law"), LOSSES, ids=[f"{kind.__name__}-{which}" for kind, which, _ in LOSSES]
)
def test_what_the_runtime_forgets_to_say_is_missed(kind: type[Event], which: int, law: type[Law]) -> None:
    told = rich()
    forgotten = [event for event in told.events if type(event) is kind][which]
    events = renumbered(event for event in told.events if event is not forgotten)
    assert law.name in broken(events, told.evidence())


DOUBLES: list[tuple[type[Event], type[Law]]] = [
    (TextDelta, FoldsToTheEnd),
    (TurnStarted, OneAtATime),
    (TurnCompleted, OneTerminal),
    (AttemptStarted, Numbers),
    (StepStarted, Numbers),
    (StepFinished, Numbers),
    (RetryScheduled, Numbers),
    (SessionRestarted, Restarts),
    (SessionEnded, Sequence),
    (ChildStarted, NoOrphans),
    (ChildEnded, NoOrphans),
]


@pytest.mark.parametrize(("kind", "law"), DOUBLES, ids=[kind.__name__ for kind, _ in DOUBLES])
def test_what_the_runtime_says_twice_is_noticed(kind: type[Event], law: type[Law]) -> None:
    told = rich()
    place = max(place for place, event in enumerate(told.events) if type(event) is kind)
    events = renumbered([*told.events[: place + 1], *told.events[place:]])
    assert law.name in broken(events, told.evidence())


def changed(told: Teller, kind: type[Event], which: int, **fields: Any) -> Events:
    chosen = [event for event in told.events if type(event) is kind][which]
    return [replace(event, **fields) if event is chosen else event for event in told.events]


CHANGES: list[tuple[str, Callable[[Teller], Events], type[Law]]] = [
    ("a turn's text", lambda told: changed(told, TurnCompleted, 0, text="other"), FoldsToTheEnd),
    ("a turn's thoughts", lambda told: changed(told, TurnCompleted, 0, thoughts=""), FoldsToTheEnd),
    ("a delta of another turn", lambda told: changed(told, TextDelta, 0, turn=2), OneAtATime),
    ("a delta of another attempt", lambda told: changed(told, TextDelta, 0, attempt=2), Numbers),
    ("a wrong count of failures", lambda told: changed(told, RetryScheduled, 1, failed_attempts=1), Numbers),
    ("a gap in attempts", lambda told: changed(told, AttemptStarted, 1, attempt=3), Numbers),
    ("a gap in steps", lambda told: changed(told, StepStarted, 1, step=3), Numbers),
    ("a range that runs backwards", lambda told: changed(told, TextDelta, 0, first_seq=9), Sequence),
    ("a cut that adds", lambda told: changed(told, Retracted, 0, text_keep=99), RetractsWithinItsStep),
    ("a shorter wait", lambda told: changed(told, RetryScheduled, 0, backoff_ms=99), PolicyWaits),
    ("a longer wait", lambda told: changed(told, RetryScheduled, 1, backoff_ms=201), PolicyWaits),
    ("less than was asked", lambda told: changed(told, RetryScheduled, 2, backoff_ms=899), ServersWaits),
    ("a wait cut short", lambda told: changed(told, AttemptStarted, 1, timestamp=1000.01), PolicyWaits),
    (
        "what is never tried again",
        lambda told: changed(told, RetryScheduled, 0, outcome=HttpError(status=401, message="")),
        PolicyWaits,
    ),
    (
        "giving up early",
        lambda told: changed(told, TurnFailed, 0, outcome=Truncated(message="")),
        PolicyWaits,
    ),
    ("a wrong window", lambda told: changed(told, SessionRestarted, 2, restarts=3), Restarts),
    ("restarts too close", lambda told: changed(told, SessionRestarted, 2, timestamp=1004.9), Restarts),
    ("an end too early", lambda told: changed(told, SessionEnded, 0, reason="restart_intensity"), Restarts),
    (
        "a call that is no object",
        lambda told: changed(told, StepFinished, 0, calls=(replace(CALL, arguments='{"at": "st'),)),
        CompleteCalls,
    ),
    ("a child that is another", lambda told: changed(told, ChildEnded, 0, child="other"), NoOrphans),
    ("a tool that ran too early", lambda told: changed(told, StepFinished, 0, calls=()), RunnableTools),
]


@pytest.mark.parametrize(
    ("change", "law"), [(change, law) for _, change, law in CHANGES], ids=[name for name, _, _ in CHANGES]
)
def test_a_history_that_is_not_right_breaks_the_law_that_says_so(
    change: Callable[[Teller], Events], law: type[Law]
) -> None:
    told = rich()
    assert law.name in broken(change(told), told.evidence())


def facts(told: Teller, **changes: Any) -> Evidence:
    known = SessionFacts(accepted=told.accepted, intensity=told.intensity, retry=told.retry)
    return replace(told.evidence(), sessions={told.session: (replace(known, **changes),)})


def served(told: Teller, turn: int, step: int, attempt: int, **changes: Any) -> Evidence:
    place = (told.session, turn, step, attempt)
    evidence = told.evidence()
    (exchange,) = evidence.exchanges[place]
    return replace(evidence, exchanges={**evidence.exchanges, place: (replace(exchange, **changes),)})


PATIENT = RetryPolicy(jitter="none", backoff_ms=100)
EVIDENCE: list[tuple[str, Callable[[Teller], Evidence], set[str]]] = [
    ("more was accepted", lambda told: facts(told, accepted=told.accepted + 1), {OneTerminal.name}),
    (
        "fewer retries allowed",
        lambda told: facts(told, retry={1: replace(PATIENT, max_retries=1)}),
        {PolicyWaits.name},
    ),
    ("no retry allowed", lambda told: facts(told, retry={1: None}), {PolicyWaits.name}),
    (
        "no retry once text was shown",
        lambda told: facts(told, retry={1: replace(PATIENT, midstream="fail")}),
        {PolicyWaits.name},
    ),
    (
        "fewer restarts",
        lambda told: facts(told, intensity=replace(told.intensity, restarts=1)),
        {Restarts.name},
    ),
    ("cut before its finish", lambda told: served(told, 1, 2, 1, finished=False), {CompleteAnswers.name}),
    (
        "cut before its finish, with a call",
        lambda told: served(told, 1, 1, 3, finished=False),
        {CompleteAnswers.name, CompleteCalls.name},
    ),
    (
        "the server asked for more",
        lambda told: served(told, 3, 1, 1, headers={"retry-after": "2"}),
        {ServersWaits.name},
    ),
    (
        "the server asked for less than it can be asked again in",
        lambda told: served(told, 3, 1, 1, headers={"retry-after": "200"}),
        {ServersWaits.name},
    ),
    (
        "the server said not to",
        lambda told: served(told, 3, 1, 1, headers={"x-should-retry": "false"}),
        {ServersWaits.name},
    ),
    ("asked again at once", lambda told: served(told, 1, 1, 2, received_at=1000.05), {PolicyWaits.name}),
    (
        "a tool that nobody asked for",
        lambda told: replace(told.evidence(), tool_runs=(ToolRun(session="ada", turn=1, step=2, call=0),)),
        {RunnableTools.name},
    ),
    *(
        (
            f"{kind} left",
            lambda told, kind=kind: told.evidence(leftovers=Leftovers(**{kind: ("x", "x", "y")})),
            {NOTHING_LEFT},
        )
        for kind in Leftovers.__struct_fields__
    ),
]


@pytest.mark.parametrize(
    ("evidence", "laws"), [(make, laws) for _, make, laws in EVIDENCE], ids=[name for name, _, _ in EVIDENCE]
)
def test_evidence_against_it_breaks_the_law_that_says_so(
    evidence: Callable[[Teller], Evidence], laws: set[str]
) -> None:
    told = rich()
    assert broken(told.events, evidence(told)) == laws


def test_a_late_attempt_is_nobody_elses_fault_in_virtual_time_only() -> None:
    told = rich()
    events = changed(told, AttemptStarted, 1, timestamp=1005.0)
    assert PolicyWaits.name not in broken(events, told.evidence())
    assert PolicyWaits.name in broken(events, told.evidence(punctual=True))


def test_a_retraction_that_cuts_into_the_step_before() -> None:
    told = Teller()
    told.begin_turn()
    told.begin_step()
    told.say("the first step's")
    told.finish_step(CALL)
    told.begin_step()
    told.retract(3, 0)
    told.finish_step()
    told.complete()
    told.close()
    (breach,) = judged(told.events, told.evidence())
    assert breach == Breach(
        RetractsWithinItsStep.name,
        "ada",
        1,
        "a retraction keeps 3 code points of text, and its step began at 16",
    )


def test_a_breach_says_what_was_seen_against_what_should_be() -> None:
    told = rich()
    (breach,) = judged(changed(told, TurnCompleted, 0, text="To or naught"), told.evidence())
    assert (breach.session, breach.turn) == ("ada", 1)
    assert breach.what == (
        "from character 7 on its events fold to the text 'ot to bethat is the question', and its terminal event says "
        "'aught'"
    )


def test_a_slow_consumer_that_misses_something_is_told_apart() -> None:
    told, laws = rich(), Laws()
    for event in told.events:
        laws.apply(event)
    for event in told.events:
        if not isinstance(event, ThoughtDelta):
            laws.apply_slow(event)
    breaches = laws.breaches(told.evidence())
    assert {breach.law for breach in breaches} == {FoldsToTheEnd.name, Sequence.name}
    assert all("slow consumer" in breach.what for breach in breaches)


def test_a_slow_consumer_must_see_the_end_too() -> None:
    told, laws = rich(), Laws()
    for event in told.events:
        laws.apply(event)
    for event in told.events[:-1]:
        laws.apply_slow(event)
    assert {breach.law for breach in laws.breaches(told.evidence())} == {Sequence.name}


def test_a_name_may_be_used_again_once_its_session_has_ended() -> None:
    first, second = rich(), rich()
    known = SessionFacts(accepted=first.accepted, intensity=first.intensity, retry=first.retry)
    evidence = Evidence(sessions={"ada": (known, known)})
    assert judged([*first.events, *second.events], evidence) == ()
    assert Sequence.name in broken(first.events, evidence)
    assert Sequence.name in broken([*first.events[:-1], *second.events], evidence)


def test_an_attempt_that_can_not_be_told_from_another_is_not_judged() -> None:
    told = rich()
    place = ("ada", 1, 2, 1)
    cut = Exchange(received_at=0, finished=False)
    evidence = replace(told.evidence(), exchanges={place: (cut, cut)})
    assert judged(told.events, evidence) == ()


def test_every_law_is_named_by_a_test() -> None:
    named = {law for _, _, law in LOSSES} | {law for _, law in DOUBLES} | {law for _, _, law in CHANGES}
    by_evidence = {name for _, _, names in EVIDENCE for name in names}
    assert {law.name for law in EVERY_LAW} == {law.name for law in named} | (by_evidence - {NOTHING_LEFT})
    assert len({law.name for law in EVERY_LAW}) == len(EVERY_LAW)
