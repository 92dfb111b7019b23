"""What the log says of sessions that talk with each other: only what went wrong."""

from __future__ import annotations

from actors.log.turns import SessionRecord


class AskFailed(SessionRecord, frozen=True, kw_only=True, tag="actors.ask.failed"):
    """A session asked another one in a circle, or got no answer in time; `turn` is the one that waits, if one does."""

    turn: int | None = None
    asked: str
    error_type: str


class RoomMissed(SessionRecord, frozen=True, kw_only=True, tag="actors.room.missed"):
    """The turn in which a member of a room was to hear something did not complete."""

    room: str
