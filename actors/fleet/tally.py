"""How often each of some names came. The names are a log's, and one that is wrong may have any number of them."""

from __future__ import annotations

from collections import Counter
from typing import Final

OTHERS: Final = "(other)"
"""What counts the names that there was no room for."""


class Tally:
    """Counts at most so many names, the first that come, and the rest as one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: dict[str, int] = {}

    def add(self, name: str) -> None:
        """Count a name."""
        counts = self._counts
        if name in counts:
            counts[name] += 1
        elif len(counts) < self._most:
            counts[name] = 1
        else:
            counts[OTHERS] = counts.get(OTHERS, 0) + 1

    def counts(self) -> dict[str, int]:
        """The most frequent first."""
        return dict(Counter(self._counts).most_common())
