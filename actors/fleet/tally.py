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
        self._counts: Counter[str] = Counter()

    def add(self, name: str) -> None:
        """Count a name."""
        known = name in self._counts or len(self._counts) < self._most
        self._counts[name if known else OTHERS] += 1

    def counts(self) -> dict[str, int]:
        """The most frequent first."""
        return dict(self._counts.most_common())
