"""How much a blackboard holds."""

from __future__ import annotations

from actors.settings import MiB, Positive, Settings


class BoardLimits(Settings, frozen=True, kw_only=True):
    """Bounds of one blackboard."""

    max_keys: Positive = 10_000
    """Keys that hold a value at once."""
    max_value_bytes: Positive = MiB
    """Of one value, as JSON."""
    max_waiting: Positive = 1000
    """Changes that wait for one watcher; past them it is told what it missed instead."""
