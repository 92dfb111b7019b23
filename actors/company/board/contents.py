"""What a blackboard holds, and the one place where it changes: pure."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Stored(msgspec.Struct, frozen=True):
    """A value as it is kept; see `BoardEntry`."""

    key: str
    data: bytes
    """JSON of the key's type."""
    version: int
    by: str
    timestamp: float


class Erased(msgspec.Struct, frozen=True):
    """See `BoardDeleted`."""

    key: str
    version: int
    by: str
    timestamp: float


class Conflict(msgspec.Struct, frozen=True):
    """The key does not have the version that was expected; nothing was changed."""

    expected: int
    found: int
    """0: it holds nothing."""


class Full(msgspec.Struct, frozen=True):
    """There are as many keys as may be; nothing was changed."""


Change: TypeAlias = Stored | Erased


class Contents:
    """The entries, in the order of their versions.

    A version is the number of a change of the board, so that none comes twice, not even for a key that was deleted
    in between: what is compared and set is really what was read.
    """

    def __init__(self, max_keys: int) -> None:
        self.version = 0
        """Of the last change."""
        self._max_keys = max_keys
        self._entries: dict[str, Stored] = {}

    def get(self, key: str) -> Stored | None:
        """What is there."""
        return self._entries.get(key)

    def under(self, prefix: str) -> tuple[Stored, ...]:
        """Everything whose key begins with `prefix`, oldest change first."""
        return tuple(entry for entry in self._entries.values() if entry.key.startswith(prefix))

    def write(
        self, key: str, data: bytes, by: str, at: float, expected: int | None
    ) -> Stored | Conflict | Full:
        """Put a value; with `expected`, only if the key has that version (0: holds nothing)."""
        found = self._version_of(key)
        if expected is not None and expected != found:
            return Conflict(expected, found)
        if found == 0 and len(self._entries) >= self._max_keys:
            return Full()
        self.version += 1
        self._entries.pop(key, None)  # to the end, where the newest is
        entry = self._entries[key] = Stored(key, data, self.version, by, at)
        return entry

    def erase(self, key: str, by: str, at: float, expected: int | None) -> Erased | Conflict | None:
        """Delete a key; None if it holds nothing. `expected` as for `write`."""
        found = self._version_of(key)
        if expected is not None and expected != found:
            return Conflict(expected, found)
        if self._entries.pop(key, None) is None:
            return None
        self.version += 1
        return Erased(key, self.version, by, at)

    def _version_of(self, key: str) -> int:
        entry = self._entries.get(key)
        return 0 if entry is None else entry.version
