"""What is said to the actor of a blackboard. All of it is asked, never told: what fails, fails for who asked."""

from __future__ import annotations

import msgspec

from actors.company.board.watchers import ActorWatcher, Watcher


class Read(msgspec.Struct, frozen=True):
    """Asks for what a key holds: `Stored`, or None."""

    key: str


class ReadAll(msgspec.Struct, frozen=True):
    """Asks for everything under a prefix: a tuple of `Stored`, oldest first."""

    prefix: str


class Write(msgspec.Struct, frozen=True):
    """Asks for a value to be put: `Stored`, `Conflict` or `Full`."""

    key: str
    data: bytes
    by: str
    expected: int | None


class Erase(msgspec.Struct, frozen=True):
    """Asks for a key to be deleted: `Erased`, `Conflict` or None."""

    key: str
    by: str
    expected: int | None


class Watch(msgspec.Struct, frozen=True, eq=False):
    """From now on, a watcher gets what changes; what is there now comes first where it wants that."""

    watcher: Watcher


class Unwatch(msgspec.Struct, frozen=True, eq=False):
    """A watcher gets nothing any more."""

    watcher: Watcher


class Taken(msgspec.Struct, frozen=True, eq=False):
    """A watching actor has replied to its batch, or failed."""

    watcher: ActorWatcher
    error: BaseException | None
