"""What the switchboard and the rooms must not lose: it outlives their incarnations.

Only they write here, all on the runtime's loop; what hosts read from their threads is replaced as a whole.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pykka

from actors.company.book import Book
from actors.company.waits import Waits
from actors.errors import AskError
from actors.events import TurnCompleted
from actors.kernel.future import LoopFuture
from actors.outlets import StreamOutlet

if TYPE_CHECKING:
    from actors.births import Births
    from actors.ledger import Ledger
    from actors.stream import TurnHandle


class Asker(NamedTuple):
    """Who asks."""

    session: str
    turn: int | None = None
    """The turn that waits for the answer; None: none does, the host asks."""
    call_id: str = ""
    """The tool call of it that does."""


class OpenAsk(msgspec.Struct, frozen=True, kw_only=True):
    """An ask that has neither an answer nor has met its deadline."""

    number: int
    asker: Asker
    asked: str
    handle: TurnHandle
    """The turn that gives the answer."""
    until: tuple[LoopFuture[Any], ...]
    """When one is done, nobody waits for the answer any more."""
    timeout: float
    expires: float
    """On the loop's clock."""
    answer: LoopFuture[TurnCompleted]


class Hearing(NamedTuple):
    """Lines that a member is just being told, in a turn."""

    handle: TurnHandle
    first: int
    last: int


class RoomState:
    """One room's."""

    def __init__(self, name: str, max_lines: int) -> None:
        self.name = name
        self.ref: pykka.ActorRef[Any] | None = None
        """Its actor, once there is one."""
        self.book = Book(max_lines)
        self.members: dict[str, Ledger] = {}
        self.hearing: dict[str, Hearing] = {}
        self.outlets: tuple[StreamOutlet, ...] = ()

    def close(self) -> None:
        """Its streams end."""
        outlets, self.outlets = self.outlets, ()
        for outlet in outlets:
            outlet.close()


class Exchange:
    """The asks under way, and the rooms."""

    switchboard: pykka.ActorRef[Any]
    """Set when the guardian has started it."""
    births: Births
    """Makes handles. Set by the runtime."""

    def __init__(self, max_lines: int) -> None:
        self.numbers = itertools.count(1)
        self.asks: dict[int, OpenAsk] = {}
        self.waits = Waits()
        self.askers: dict[Asker, set[int]] = {}
        """The asks of each; who is in here is listened to for its end."""
        self.rooms: dict[str, RoomState] = {}
        self._max_lines = max_lines

    def open(self, ask: OpenAsk) -> bool:
        """Enter an ask; False if its asker is listened to already."""
        self.asks[ask.number] = ask
        if ask.asker.turn is not None:
            self.waits.add(ask.number, ask.asker.session, ask.asked)
        is_new = ask.asker not in self.askers
        self.askers.setdefault(ask.asker, set()).add(ask.number)
        return is_new

    def take(self, number: int) -> OpenAsk | None:
        """Close an ask, whatever came of it; None: that was done before."""
        ask = self.asks.pop(number, None)
        if ask is None:
            return None
        self.waits.remove(number, ask.asker.session)
        self.askers.get(ask.asker, set()).discard(number)
        return ask

    def room(self, name: str) -> RoomState:
        """The room of that name; made, if there is none."""
        if name not in self.rooms:
            self.rooms[name] = RoomState(name, self._max_lines)
        return self.rooms[name]

    def close(self) -> None:
        """There is no switchboard any more: nobody waits for ever."""
        for number in list(self.asks):
            ask = self.take(number)
            if ask is not None:
                ask.handle.cancel("nobody waits for the answer")
                ask.answer.expire(AskError("the runtime's switchboard is gone: nothing is asked any more"))
        rooms, self.rooms = self.rooms, {}
        for room in rooms.values():
            room.close()
