"""While a stream runs: the session answers, the host publishes, and a crash is its own session's affair."""

from __future__ import annotations

from typing import Any

import pytest

from actors.config import Intensity
from actors.core.aggregate import Aggregate
from actors.core.fold import Fold
from actors.errors import TurnFailedError
from actors.events import (
    AttemptStarted,
    Custom,
    Event,
    RetryScheduled,
    SessionEnded,
    SessionRestarted,
    TextDelta,
    TurnCompleted,
    TurnStarted,
)
from actors.messages import GetHistory
from actors.outcome import Internal
from actors.provider import Eof, Gate, Pause, Reset, Stall, Status
from actors.session import SessionActor
from actors.wire.openai_chat import Decoder
from tests.faults.stage import GOOD, Stage

TEXT = "Once upon a time there w"


def kinds(events: tuple[Event, ...]) -> list[type]:
    return [
        type(event)
        for event in events
        if type(event) in {Custom, AttemptStarted, RetryScheduled, TurnCompleted}
    ]


def test_the_session_answers_while_it_streams(stage: Stage) -> None:
    gate = Gate()
    session = stage.spawn(
        GOOD, GOOD.but(Pause(after=6, gate=gate)), messages=[{"role": "user", "content": "Hello."}]
    )
    session.run("Tell me a story.")
    handle = session.send("Again.")
    gate.wait_reached()

    said = [message["content"] for message in session.history().get(timeout=30)]
    assert said == ["Hello.", "Tell me a story.", GOOD.text]
    assert not handle.done()
    gate.set()
    assert handle.wait(5).text == GOOD.text
    assert len(session.history().get(timeout=30)) == 5


def test_what_is_published_arrives_in_mid_stream(stage: Stage) -> None:
    gate = Gate()
    session = stage.spawn(GOOD.but(Pause(after=6, gate=gate)))
    said: list[str] = []
    between: list[str] = []

    def answer(event: Event) -> None:
        if isinstance(event, TextDelta):
            said.append(event.text)
            if "".join(said) == TEXT:
                session.publish({"from": "outside"})
        if isinstance(event, Custom):
            between.append("".join(said))
            gate.set()

    with session.stream("Tell me a story.") as stream:
        played = stage.watch(session, stream, on_event=answer)

    assert between == [TEXT]
    assert [event.payload for event in played.events if isinstance(event, Custom)] == [{"from": "outside"}]
    assert played.completed.text == GOOD.text


def test_what_is_published_arrives_before_the_backoff(stage: Stage) -> None:
    gate = Gate()
    session = stage.spawn(
        GOOD.but(Pause(after="before_headers", gate=gate), Reset(after="before_headers")), GOOD
    )
    with session.stream("Tell me a story.") as stream:
        gate.wait_reached()
        session.publish("in the attempt")
        gate.set()
        played = stage.watch(session, stream)

    assert kinds(played.events) == [AttemptStarted, Custom, RetryScheduled, AttemptStarted, TurnCompleted]
    assert (len(played.requests), played.waits) == (2, (10,))


def test_what_is_published_arrives_during_the_backoff(stage: Stage) -> None:
    session = stage.spawn(Status(503, headers={"retry-after": "0.1"}), GOOD)

    def publish(event: Event) -> None:
        if isinstance(event, RetryScheduled):
            session.publish("in the wait")

    with session.stream("Tell me a story.") as stream:
        played = stage.watch(session, stream, on_event=publish)

    assert kinds(played.events) == [AttemptStarted, RetryScheduled, Custom, AttemptStarted, TurnCompleted]


def test_a_neighbour_in_trouble_is_not_noticed(stage: Stage) -> None:
    gate = Gate()
    calm = stage.spawn(GOOD.but(Pause(after=6, gate=gate)))
    calm_turn = calm.send("Take your time.")
    gate.wait_reached()
    for fault in (Reset(after=6), Eof(after=0), Eof(after=6, terminated=False)):
        assert stage.play(GOOD.but(fault), GOOD).completed.text == GOOD.text
    assert not calm_turn.done()
    gate.set()

    assert calm_turn.wait(5).text == GOOD.text
    assert len(stage.provider.requests_of(calm.id)) == 1


@pytest.fixture
def crash(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a session actor's handler raise."""

    def history(*_: object) -> None:
        raise ZeroDivisionError("a bug in a handler")

    def crash(session: Any) -> None:
        monkeypatch.setattr(SessionActor, "_history", history)
        session.ref.tell(GetHistory())

    return crash


def test_a_handler_that_crashes_is_restarted_and_costs_one_turn(stage: Stage, crash: Any) -> None:
    gate = Gate()
    calm = stage.spawn(GOOD.but(Pause(after=6, gate=gate)))
    calm_turn = calm.send("Take your time.")
    session = stage.spawn(GOOD, GOOD.but(Stall(after=6)), GOOD)
    session.run("The first is complete.")
    with session.events() as events:
        broken, queued = session.send("The second breaks."), session.send("The third waits.")
        screen = Fold()
        seen = []
        while screen.text != TEXT:
            seen.append(next(events))
            screen.apply(seen[-1])
        crash(session)

        with pytest.raises(TurnFailedError) as raised:
            broken.wait(5)
        assert raised.value.event.outcome == Internal(message="ZeroDivisionError: a bug in a handler")
        assert raised.value.event.text == TEXT
        assert queued.wait(5).text == GOOD.text
        while not isinstance(seen[-1], TurnCompleted):
            seen.append(next(events))

    assert [event.restarts for event in seen if isinstance(event, SessionRestarted)] == [1]
    assert [event.turn for event in seen if isinstance(event, TurnStarted)] == [2, 3]
    last = stage.provider.requests_of(session.id)[-1].body["messages"]
    assert [message["content"] for message in last] == [
        "The first is complete.",
        GOOD.text,
        "The third waits.",
    ]
    assert not calm_turn.done()
    gate.set()
    assert calm_turn.wait(5).text == GOOD.text


def test_restarts_are_bounded(stage: Stage, crash: Any) -> None:
    calm = stage.spawn()
    session = stage.spawn(GOOD.but(Stall(after=6)), intensity=Intensity(restarts=2, within=60))
    with session.events() as events:
        handles = [session.send("Tell me a story.") for _ in range(4)]
        for attempt in (1, 2, 3):
            stage.provider.reached(session.id, attempt=attempt)
            crash(session)
        seen = list(events)

    assert [event.restarts for event in seen if isinstance(event, SessionRestarted)] == [1, 2]
    assert isinstance(seen[-1], SessionEnded)
    assert seen[-1].reason == "restart_intensity"
    for handle in handles:
        with pytest.raises(TurnFailedError, match="internal"):
            handle.wait(5)
    assert len(stage.provider.requests_of(session.id)) == 3
    assert calm.run("All well?").text == GOOD.text


@pytest.mark.parametrize(
    ("cls", "method"), [(Decoder, "feed"), (Aggregate, "add"), (Aggregate, "attempt_usage")]
)
def test_a_bug_under_an_attempt_fails_its_turn_once(
    stage: Stage, cls: type, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug below")

    with monkeypatch.context() as patched:
        patched.setattr(cls, method, broken)
        session = stage.spawn()
        with pytest.raises(TurnFailedError) as raised:
            session.send("Tell me a story.").wait(5)

    assert raised.value.event.outcome == Internal(message="ZeroDivisionError: a bug below")
    assert len(stage.provider.requests_of(session.id)) == 1
    assert session.run("Better now?").text == GOOD.text
