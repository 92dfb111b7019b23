"""Who waits for whom, and what would close a circle. Pure.

An edge leads from a session whose running turn waits for an answer to the session that it asked. A session runs one
turn at a time, so one that is asked answers only after its running turn, which may wait for others in its turn: a
circle is a deadlock, and without a circle somebody can go on.
"""

from __future__ import annotations

from collections import deque


class Waits:
    """The asks under way. Each has a number, as a turn can ask the same session twice."""

    def __init__(self) -> None:
        self._asked: dict[str, dict[int, str]] = {}

    def add(self, ask: int, asker: str, asked: str) -> None:
        """The asker waits from now on. Whoever calls has made sure that there is no `path` back."""
        self._asked.setdefault(asker, {})[ask] = asked

    def remove(self, ask: int, asker: str) -> None:
        """It waits no longer; does nothing if it did not."""
        asks = self._asked.get(asker, {})
        asks.pop(ask, None)
        if not asks:
            self._asked.pop(asker, None)

    def path(self, start: str, end: str) -> tuple[str, ...]:
        """The shortest way on which `start` waits for `end`, both included; empty if it does not.

        Of itself everyone waits: the way is the one name.
        """
        came_from: dict[str, str | None] = {start: None}
        line = deque([start])
        while line:
            here = line.popleft()
            if here == end:
                return _way(came_from, end)
            for asked in self._asked.get(here, {}).values():
                if asked not in came_from:
                    came_from[asked] = here
                    line.append(asked)
        return ()


def _way(came_from: dict[str, str | None], end: str) -> tuple[str, ...]:
    way = [end]
    while (before := came_from[way[-1]]) is not None:
        way.append(before)
    return tuple(reversed(way))
