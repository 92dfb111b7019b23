"""A room as its host sees it: thin, typed, thread-safe."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, cast

import pykka

from actors.birthplace import Birthplace
from actors.company.exchange import Exchange
from actors.company.room_events import RoomEvent
from actors.company.talk import (
    CloseRoom,
    Join,
    Leave,
    Say,
    ToRoom,
    UnwatchRoom,
    WatchRoom,
    WhoIsThere,
)
from actors.config import Buffering
from actors.kernel.future import LoopFuture
from actors.outlets import Outbox, StreamOutlet
from actors.stream import Stream

if TYPE_CHECKING:
    from actors.client import Ask, Session


class Room:
    """A room of a runtime, by its name. Made by `Runtime.room`; every method may be called from any thread.

    What one says in it reaches all others that have joined, in one order for all. A member hears it as a turn of its
    own, one at a time: what is said meanwhile comes with the next. Its replies are its own, unless it says them here.

    Every future is one to `.get()` in a thread or to await.
    """

    def __init__(self, name: str, exchange: Exchange, ask: Ask, keeps: object) -> None:
        self.name = name
        self._exchange = exchange
        self._ask = ask
        self._birthplace = Birthplace()
        self._keeps = keeps
        """The runtime: it is in use for as long as one of its rooms is."""

    def __repr__(self) -> str:
        return f"<Room {self.name!r}>"

    def join(self, session: Session | str) -> LoopFuture[bool]:
        """Let a session hear what is said from now on, until it leaves or ends.

        Returns:
            A future: False if it does so already. It raises `NoSuchSessionError`.
        """
        return self._send(Join(_name(session)))

    def leave(self, session: Session | str) -> LoopFuture[bool]:
        """Let it hear nothing more; the future is False if it was no member."""
        return self._send(Leave(_name(session)))

    def say(self, text: str, by: Session | str = "host") -> LoopFuture[int]:
        """Have all members hear this, but for the one that says it.

        Args:
            text: what is said.
            by: who says it: a session, or whomever the host speaks for.

        Returns:
            A future with its number in the room: all members hear what is said in this order. It raises
            `QueueFullError` where too many lines wait for the slowest member (`RuntimeConfig.max_room_lines`) or for
            a reader of `events`.
        """
        return self._send(Say(_name(by), text, members_only=False))

    def members(self) -> LoopFuture[tuple[str, ...]]:
        """The sessions that have joined, in that order."""
        return self._send(WhoIsThere())

    def events(self, buffering: Buffering = Buffering()) -> Stream[RoomEvent]:  # noqa: B008 - frozen
        """What happens from now on, up to the room's end, for `for` or `async for`.

        A reader that falls behind by more than `buffering` allows holds up what is said.
        """
        outlet = StreamOutlet(buffering, _no_one_waits)
        self._send(WatchRoom(outlet)).add_done_callback(
            lambda sent: outlet.close() if sent.outcome()[1] else None
        )
        unwatch = functools.partial(
            _tell, self._exchange.switchboard, ToRoom(self.name, UnwatchRoom(outlet)), self._birthplace
        )
        return Stream(cast("Outbox[Any]", outlet), unwatch, self._birthplace)

    def close(self) -> None:
        """End the room and its streams; its members go on. Never blocks."""
        _tell(self._exchange.switchboard, CloseRoom(self.name), self._birthplace)

    def _send(self, message: Any) -> LoopFuture[Any]:
        self._birthplace.check()
        return self._ask(self._exchange.switchboard, ToRoom(self.name, message))


def _name(session: Session | str) -> str:
    return session if isinstance(session, str) else session.id


def _no_one_waits(_: StreamOutlet) -> None:
    """Whoever is refused for a full reader tries again."""


def _tell(switchboard: pykka.ActorRef[Any], message: Any, birthplace: Birthplace) -> None:
    if birthplace.left:
        return
    try:
        switchboard.tell(message)
    except pykka.ActorDeadError:
        return
