"""What the tests of trees share: everything that any session tells, a way to break one for good, and the laws."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from actors.config import Intensity
from actors.errors import TurnError
from actors.events import (
    ChildEnded,
    ChildStarted,
    Event,
    SessionEnded,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from actors.ledger import Ledger
from actors.messages import StartTurn
from actors.runtime import Runtime
from actors.session import SessionActor
from actors.turn import Turn

TERMINAL = (TurnCompleted, TurnFailed, TurnCancelled)
BRITTLE = Intensity(restarts=0)
"""A session's that ends with its first failure."""
BREAK = "break"
"""What a session is sent that is to fail."""


class BoomError(Exception):
    """What a handler raises that was made to."""


def record(patch: pytest.MonkeyPatch) -> list[Event]:
    """Every event that any session makes from now on, in order."""
    events: list[Event] = []
    deliver = Ledger._deliver

    def recording(self: Ledger, event: Event, turn: Turn | None) -> None:
        deliver(self, event, turn)
        events.append(event)

    patch.setattr(Ledger, "_deliver", recording)
    return events


def make_breakable(patch: pytest.MonkeyPatch) -> None:
    """Let a session that is sent `BREAK` fail."""
    start = SessionActor._start_turn

    def breakable(self: SessionActor, message: StartTurn) -> None:
        if message.messages[0]["content"] == BREAK:
            raise BoomError
        start(self, message)

    patch.setattr(SessionActor, "_start_turn", breakable)


async def broken(runtime: Runtime, name: str) -> None:
    """Break the session of that name, if it lives."""
    for session in runtime.sessions():
        if session.id == name:
            with pytest.raises(TurnError):
                await session.send(BREAK)


def lives(told: list[Event]) -> list[list[Event]]:
    """The events of each life of each session: one ends with `SessionEnded`."""
    open_: dict[str, list[Event]] = defaultdict(list)
    done: list[list[Event]] = []
    for event in told:
        open_[event.session].append(event)
        if isinstance(event, SessionEnded):
            done.append(open_.pop(event.session))
    return [*done, *open_.values()]


def check_the_laws(told: list[Event]) -> None:
    """Each life ends once, after those of its children, and every turn of it has exactly one end."""
    for life in lives(told):
        assert isinstance(life[-1], SessionEnded), f"{life[-1].session} is an orphan"
        assert [event.seq for event in life] == list(range(1, len(life) + 1))
        begun = {event.turn for event in life if isinstance(event, TurnStarted)}
        ends = Counter(event.turn for event in life if isinstance(event, TERMINAL))
        assert begun <= ends.keys()
        assert set(ends.values()) <= {1}
        _check_children(life)
    _check_the_order(told)


def _check_children(life: list[Event]) -> None:
    """A child's lives are told of in turn: each has a beginning and an end."""
    living: set[str] = set()
    for event in life:
        if isinstance(event, ChildStarted):
            assert event.child not in living
            living.add(event.child)
        elif isinstance(event, ChildEnded):
            living.remove(event.child)
    assert living == set()


def _check_the_order(told: list[Event]) -> None:
    """Whoever ends has no child any more, and what a parent is told of a child's end comes behind it."""
    ended: Counter[str] = Counter()
    heard: Counter[str] = Counter()
    for event in told:
        if isinstance(event, SessionEnded):
            ended[event.session] += 1
        elif isinstance(event, ChildEnded):
            heard[event.child] += 1
            assert heard[event.child] == ended[event.child]


def check_that_nothing_is_left(runtime: Runtime) -> None:
    """No session is known to the runtime any more."""
    services = runtime._services
    assert services.sessions == {}
    assert services.supervisors == {}
    assert len(services.family) == 0
