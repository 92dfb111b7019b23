"""What happens in a room, as events: `Room.events` gives them in the room's one order."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class _RoomEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    room: str
    seq: int
    """In the room, from 1, without gaps."""
    timestamp: float
    """Unix seconds."""


class Joined(_RoomEvent, frozen=True, kw_only=True, tag="joined"):
    """A session hears what is said from now on."""

    member: str


class Left(_RoomEvent, frozen=True, kw_only=True, tag="left"):
    """A session hears nothing more."""

    member: str
    ended: bool
    """Whether it left because it has ended."""


class Said(_RoomEvent, frozen=True, kw_only=True, tag="said"):
    """Somebody said something."""

    by: str
    """A session, or whom the host speaks for."""
    text: str


class Missed(_RoomEvent, frozen=True, kw_only=True, tag="missed"):
    """The turn in which a member was to hear something did not complete: its conversation has not got it."""

    member: str
    first: int
    """The `seq` of the first line of it; the next is that of the last one."""
    last: int
    why: str


RoomEvent: TypeAlias = Joined | Left | Said | Missed
