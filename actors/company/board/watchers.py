"""Who watches a blackboard: a host's stream, or an actor. Each gets values of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pykka

from actors.company.board.backlog import Backlog
from actors.company.board.changes import BoardChange, BoardChanges, BoardDeleted, BoardEntry, BoardMissed
from actors.company.board.contents import Change, Erased, Stored
from actors.company.board.keys import Keys
from actors.kernel.future import LoopFuture
from actors.outlets import BatchOutlet, Outbox

Item: TypeAlias = Change | BoardMissed


class Wish:
    """What somebody wants to know of a board.

    Args:
        prefix: only of keys that begin so.
        present: begin with what is there already.
        limit: so many changes wait at most.
    """

    def __init__(self, prefix: str, limit: int, *, present: bool) -> None:
        self.prefix = prefix
        self.present = present
        self.backlog = Backlog(limit)


class StreamWatcher(Outbox[Any]):
    """The changes that wait for one stream: `Item`s go in, `BoardChange`s come out."""

    def __init__(self, wish: Wish, keys: Keys) -> None:
        super().__init__(wish.backlog)
        self.wish = wish
        self._keys = keys

    def take(self) -> list[BoardChange]:
        """Everything that waits, decoded in the thread that reads it."""
        return [seen(item, self._keys) for item in super().take()]


class ActorWatcher(BatchOutlet[Any]):
    """The changes that wait for an actor.

    Args:
        wish: what it wants to know.
        ref: the actor, of whatever pykka type.
        ask: how it is asked.
        board: the board's name.
        keys: its keys.
        on_reply: called with this and what the actor raised, if it did.
    """

    def __init__(
        self,
        wish: Wish,
        ref: pykka.ActorRef[Any],
        ask: Callable[[pykka.ActorRef[Any], Any], LoopFuture[Any]],
        board: str,
        keys: Keys,
        on_reply: Callable[[ActorWatcher, BaseException | None], None],
    ) -> None:
        def batch(items: tuple[Item, ...]) -> BoardChanges:
            return BoardChanges(board, tuple(seen(item, keys) for item in items))

        super().__init__(ref, wish.backlog, ask, batch)
        self.wish = wish
        self._reply = on_reply

    def on_reply(self, error: BaseException | None) -> None:
        """Tell the board."""
        self._reply(self, error)


Watcher: TypeAlias = StreamWatcher | ActorWatcher


def entry(stored: Stored, keys: Keys) -> BoardEntry:
    """What a reader gets, with a value of its own."""
    value = keys.find(stored.key).decode(stored.data)
    return BoardEntry(
        key=stored.key, value=value, version=stored.version, by=stored.by, timestamp=stored.timestamp
    )


def seen(item: Item, keys: Keys) -> BoardChange:
    """What a watcher gets."""
    match item:
        case Stored():
            return entry(item, keys)
        case Erased():
            return BoardDeleted(key=item.key, version=item.version, by=item.by, timestamp=item.timestamp)
        case _:
            return item
