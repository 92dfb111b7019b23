"""The order in which an interleaving came about, as a digest."""

from __future__ import annotations

import hashlib

_PENDING = 4096


class Trace:
    """Which actor handled a message of which type, one after the other."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._pending: list[str] = []

    def add(self, actor: str, kind: str) -> None:
        """One more message."""
        self._pending += (actor, kind)
        if len(self._pending) >= _PENDING:
            self._flush()

    def _flush(self) -> None:
        self._hash.update("\n".join([*self._pending, ""]).encode())
        self._pending.clear()

    @property
    def digest(self) -> str:
        """In hexadecimal, of all so far."""
        self._flush()
        return self._hash.hexdigest()
