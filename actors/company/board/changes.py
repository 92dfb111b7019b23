"""What is on a blackboard and what becomes of it, as its users see it."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec


class BoardEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A value that was put under a key. For a watcher: that this happened."""

    key: str
    value: Any
    """Of the key's type, and the reader's own."""
    version: int
    """The number of the change, from 1: each change of the board has the next one, whatever its key."""
    by: str
    """Who put it: the session, where a tool did."""
    timestamp: float
    """Unix seconds."""


class BoardDeleted(msgspec.Struct, frozen=True, kw_only=True):
    """A key holds nothing any more."""

    key: str
    version: int
    by: str
    timestamp: float


class BoardMissed(msgspec.Struct, frozen=True, kw_only=True):
    """So many changes came faster than the watcher took them, and are gone. What they left is still on the board."""

    first: int
    """The version of the first of them."""
    last: int
    """And of the last."""
    count: int
    keys: tuple[str, ...]
    """Which keys they changed."""


BoardChange: TypeAlias = BoardEntry | BoardDeleted | BoardMissed


class BoardChanges(msgspec.Struct, frozen=True):
    """A message to an actor that watches: what came since its last reply, oldest first."""

    board: str
    changes: tuple[BoardChange, ...]
