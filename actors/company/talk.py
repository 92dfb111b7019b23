"""What goes to and from the switchboard and the rooms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.messages import Message
from actors.outlets import StreamOutlet

if TYPE_CHECKING:
    from actors.company.exchange import Asker
    from actors.company.family import Origin
    from actors.ledger import Ledger

# Session -> Switchboard


class TellSession(Message, frozen=True):
    """Give a session a turn; the reply, None, comes when it has it, or the error says why not."""

    to: str
    messages: tuple[Mapping[str, Any], ...]
    settings: Mapping[str, Any]
    """Of the turn."""


class AskSession(Message, frozen=True):
    """Give a session a turn and reply with its `TurnCompleted`, or with why there is none."""

    asker: Ledger
    origin: Origin | None
    """The asker's call that waits for it; None: none does, the host asks."""
    to: str
    messages: tuple[Mapping[str, Any], ...]
    timeout: float
    """Seconds."""
    settings: Mapping[str, Any]
    """Of the turn."""


class WhoElse(Message, frozen=True):
    """Ask for the sessions that there are but for this one; the reply is a tuple of `Neighbour`s."""

    asker: str


class WhichRooms(Message, frozen=True):
    """Ask for the rooms that this session is in; the reply is a tuple of names."""

    member: str


class Neighbour(NamedTuple):
    """A session that can be told and asked things."""

    id: str
    state: str
    """`idle`, `streaming` or `retrying`."""
    waiting: int
    """How many turns wait behind the one that runs."""


# Room -> Switchboard


class ToRoom(Message, frozen=True):
    """Hand this on to a room; the reply is the room's."""

    room: str
    message: Message
    opens: bool = True
    """Open it if it is not there; else that is an error."""


class CloseRoom(Message, frozen=True):
    """End a room, with its streams; its members go on."""

    room: str


# To the switchboard itself


class Answered(Message, frozen=True):
    """The turn that was asked for has ended."""

    ask: int


class AskDue(Message, frozen=True):
    """The ask's deadline has passed."""

    ask: int


class AskerGone(Message, frozen=True):
    """The call, the turn or the session has ended that asked."""

    asker: Asker


# Room, by way of the switchboard -> RoomActor


class Join(Message, frozen=True):
    """Let a session hear what is said; the reply says whether it did not before."""

    member: str


class Leave(Message, frozen=True):
    """Let it hear nothing more; the reply says whether it did before."""

    member: str


class Say(Message, frozen=True):
    """Have the others hear this; the reply is its number in the room."""

    by: str
    text: str
    members_only: bool
    """Refuse it from who is not in the room."""


class WhoIsThere(Message, frozen=True):
    """Ask for the members; the reply is a tuple of names."""


class WatchRoom(Message, frozen=True):
    """Send this outlet every event from now on."""

    outlet: StreamOutlet


class UnwatchRoom(Message, frozen=True):
    """Send this outlet nothing more."""

    outlet: StreamOutlet


# To the room itself


class HeardBy(Message, frozen=True):
    """The turn has ended in which a member was handed lines."""

    member: str


class HandOnDue(Message, frozen=True):
    """A member had no room for a turn: try again."""

    member: str


class MemberEnded(Message, frozen=True):
    """A member's session has ended."""

    member: Ledger
