"""A message that whoever gets it fails in."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from actors.company.room_actor import RoomActor
from actors.company.switchboard import Switchboard
from actors.session import SessionActor
from actors.supervisor import Supervisor


class Poison(NamedTuple):
    """There is no handler of the name that the table gives for it."""


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Poison:
    """For sessions, rooms and the switchboard."""
    for actor in (Switchboard, RoomActor, Supervisor, SessionActor):
        monkeypatch.setitem(actor.handlers, Poison, "no_such_handler")
    return Poison()
