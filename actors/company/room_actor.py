"""The actor of one room: numbers what is said, and hands each member what the others said, in that order.

A member hears in a turn of its own, one at a time: what is said meanwhile waits, and comes with the next. So a room
takes one place of a member's mailbox at most.
"""

from __future__ import annotations

from typing import Any, ClassVar

from actors.company.exchange import Hearing, RoomState
from actors.company.letters import heard
from actors.company.report import CompanyReport
from actors.company.room_events import Joined, Left, Missed, Said
from actors.company.talk import (
    HandOnDue,
    HeardBy,
    Join,
    Leave,
    MemberEnded,
    Say,
    UnwatchRoom,
    WatchRoom,
    WhoIsThere,
)
from actors.errors import (
    AdmissionError,
    DrainingError,
    NoSuchSessionError,
    QueueFullError,
    SessionClosedError,
    UsageError,
)
from actors.kernel.handlers import HandlingActor
from actors.services import Services

AGAIN_S = 0.5
"""Seconds until lines are handed on again to a member whose mailbox was full."""


class RoomActor(HandlingActor):
    """Keeps the order."""

    handlers: ClassVar[dict[type, str]] = {
        Join: "_join",
        Leave: "_leave",
        Say: "_say",
        WhoIsThere: "_who_is_there",
        WatchRoom: "_watch",
        UnwatchRoom: "_unwatch",
        HeardBy: "_heard_by",
        HandOnDue: "_hand_on_due",
        MemberEnded: "_member_ended",
    }

    def __init__(self, state: RoomState, services: Services) -> None:
        super().__init__()
        self._state = state
        self._book = state.book
        self._services = services
        self._report = CompanyReport(services.log)
        self._crowded: set[str] = set()
        """Members whose mailbox was full: for each a timer runs."""

    def on_start(self) -> None:
        """In a later life, go on with what the last one failed over."""
        for name, ledger in list(self._state.members.items()):
            if ledger.ended.done():
                self._member_ended(MemberEnded(ledger))
            elif name in self._state.hearing:
                self._heard_by(HeardBy(name))
            else:
                self._hand_on(name)

    # Coming and going

    def _join(self, message: Join) -> bool:
        ledger = self._services.sessions.get(message.member)
        if ledger is None:
            raise NoSuchSessionError(f"no session is named {message.member!r}")
        if not self._book.join(message.member):
            return False
        ref = self.actor_ref
        self._state.members[message.member] = ledger
        self._emit(Joined, member=message.member)
        ledger.ended.add_done_callback(lambda _: self.send(ref, MemberEnded(ledger)))
        return True

    def _leave(self, message: Leave) -> bool:
        return self._drop(message.member, ended=False)

    def _member_ended(self, message: MemberEnded) -> None:
        name = message.member.session
        if self._state.members.get(name) is message.member:  # else it left, and another one has its name
            self._drop(name, ended=True)

    def _drop(self, member: str, *, ended: bool) -> bool:
        if not self._book.leave(member):
            return False
        del self._state.members[member]
        self._state.hearing.pop(member, None)
        self._emit(Left, member=member, ended=ended)
        return True

    def _who_is_there(self, _: WhoIsThere) -> tuple[str, ...]:
        return self._book.members

    # What is said

    def _say(self, message: Say) -> int:
        if message.members_only and message.by not in self._state.members:
            raise UsageError(f"{message.by!r} is not in the room {self._state.name!r}")
        if any(outlet.full for outlet in self._state.outlets):
            raise QueueFullError(f"a reader of the room {self._state.name!r} is too far behind")
        line = self._book.say(message.by, message.text)
        self._emit(Said, by=line.by, text=line.text)
        for member in self._state.members:
            self._hand_on(member)
        return line.seq

    def _hand_on(self, member: str) -> None:
        """Give a member a turn with what it has still to hear, unless one is under way."""
        state, ref = self._state, self.actor_ref
        lines = self._book.waiting(member)
        if not lines or member in state.hearing or member in self._crowded:
            return
        peer = self._services.exchange.births.session(state.members[member])
        try:
            handle = peer.send(heard(state.name, lines))
        except (DrainingError, SessionClosedError):
            return  # it hears nothing more, and leaves when it has ended
        except AdmissionError:
            self._crowded.add(member)
            self.send_after(AGAIN_S, HandOnDue(member))
            return
        state.hearing[member] = Hearing(handle, lines[0].seq, lines[-1].seq)
        self._book.hand(member, lines[-1].seq)
        handle.add_done_callback(lambda _: self.send(ref, HeardBy(member)))

    def _hand_on_due(self, message: HandOnDue) -> None:
        self._crowded.discard(message.member)
        self._hand_on(message.member)

    def _heard_by(self, message: HeardBy) -> None:
        member = message.member
        hearing = self._state.hearing.get(member)
        if hearing is None or not hearing.handle.done():
            return  # it left meanwhile, or came back and hears something else
        del self._state.hearing[member]
        try:
            hearing.handle.wait(0)
        except Exception as error:  # noqa: BLE001 - the member's own trouble: the room goes on
            self._missed(member, hearing, str(error))
        self._hand_on(member)

    def _missed(self, member: str, hearing: Hearing, why: str) -> None:
        self._report.room_missed(self._state.name, member, why)
        self._book.enter()
        self._emit(Missed, member=member, first=hearing.first, last=hearing.last, why=why)

    # Readers

    def _watch(self, message: WatchRoom) -> None:
        self._state.outlets += (message.outlet,)

    def _unwatch(self, message: UnwatchRoom) -> None:
        kept = tuple(outlet for outlet in self._state.outlets if outlet is not message.outlet)
        self._state.outlets = kept

    def _emit(self, kind: type[Any], **fields: Any) -> None:
        """Tell the readers what the book's last entry is."""
        event = kind(room=self._state.name, seq=self._book.seq, timestamp=self.dispatcher.wall(), **fields)
        for outlet in self._state.outlets:
            outlet.push(event)
