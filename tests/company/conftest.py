"""The fixtures of the tests of companies."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from actors.company.room_actor import RoomActor
from actors.company.switchboard import Switchboard
from actors.events import Event
from actors.supervisor import Supervisor
from tests.company.troupe import make_breakable, record


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Every event that any session makes, in order."""
    return record(monkeypatch)


@pytest.fixture
def _breakable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a session that is sent `BREAK` fail."""
    make_breakable(monkeypatch)


class Poison(NamedTuple):
    """There is no handler of the name that the table gives for it."""


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Poison:
    """A message that supervisors, rooms and the switchboard fail in."""
    for actor in (Switchboard, RoomActor, Supervisor):
        monkeypatch.setitem(actor.handlers, Poison, "no_such_handler")
    return Poison()
