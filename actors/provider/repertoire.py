"""Which play comes next, for every key."""

from __future__ import annotations

import threading

from actors.errors import ConfigError
from actors.provider.faults import Fault
from actors.provider.plays import Play, Reply, Script


class Repertoire:
    """Scripts by key. Set from any thread, played from the provider's."""

    def __init__(self, default: Script) -> None:
        self._lock = threading.Lock()
        self._default = _plays(
            "ScriptedProvider.default", default if isinstance(default, tuple) else (default,)
        )
        self._scripts: dict[str, tuple[Play, ...]] = {}
        self._played: dict[str, int] = {}

    def set(self, key: str, attempts: tuple[Play, ...]) -> None:
        """From the next request with this key on, play these, one each; the last repeats."""
        with self._lock:
            self._scripts[key] = _plays(f"script({key!r})", attempts)
            self._played[key] = 0

    def next(self, key: str) -> Play:
        """The play for the request that has just come."""
        with self._lock:
            plays = self._scripts.get(key, self._default)
            played = self._played.get(key, 0)
            self._played[key] = played + 1
            return plays[min(played, len(plays) - 1)]


def _plays(field: str, plays: tuple[Play, ...]) -> tuple[Play, ...]:
    if not plays:
        raise ConfigError(field, "needs at least one play")
    for play in plays:
        if not isinstance(play, Play):
            raise ConfigError(field, f"must hold plays (see actors.provider), not {type(play).__name__}")
        if isinstance(play, Fault):
            Reply(faults=(play,))  # a fault alone is placed in an empty reply: it must fit there
    return plays
