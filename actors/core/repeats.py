"""Noticing a model that asks for the same call with the same arguments again and again. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Literal, TypeAlias

import msgspec

from actors.config import Repeats

Notice: TypeAlias = Literal["fine", "warn", "stop"]


class CallCounts:
    """How often a turn has asked for each call, arguments compared as JSON values."""

    def __init__(self, repeats: Repeats | None) -> None:
        self._repeats = repeats
        self._seen: Counter[tuple[str, str]] = Counter()

    def add(self, name: str, arguments: str) -> tuple[int, Notice]:
        """Count a call; gives how many were the same by now, this one included, and what to do about it."""
        if self._repeats is None:
            return 1, "fine"
        signature = name, _canonical(arguments)
        self._seen[signature] += 1
        times = self._seen[signature]
        return times, self._judge(times, self._repeats)

    def _judge(self, times: int, repeats: Repeats) -> Notice:
        if repeats.stop is not None and times >= repeats.stop:
            return "stop"
        return "warn" if repeats.warn is not None and times >= repeats.warn else "fine"


def _canonical(arguments: str) -> str:
    try:
        return msgspec.json.encode(msgspec.json.decode(arguments), order="sorted").decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return arguments
