"""What happened in each of the last seconds."""

from __future__ import annotations

from actors.fleet.view import Second

KEPT = 60


class Counts:
    """A second's counters."""

    __slots__ = ("at", "failures", "records", "tokens", "turns")

    def __init__(self, at: int) -> None:
        self.at = at
        self.records = self.tokens = self.turns = self.failures = 0


class Seconds:
    """The newest minute of a log; what is older is dropped, also when it comes late."""

    def __init__(self) -> None:
        self._counts: dict[int, Counts] = {}

    def of(self, at: float) -> Counts:
        """The counters of the second that `at` is in."""
        second = int(at)
        counts = self._counts.get(second)
        if counts is None:
            counts = self._counts[second] = Counts(second)
            self._drop(max(self._counts) - KEPT)
        return counts

    def rows(self, now: float) -> tuple[Second, ...]:
        """The minute before `now`, a row a second, also those in which nothing happened."""
        nothing = Counts(0)
        return tuple(
            Second(at=at, records=it.records, tokens=it.tokens, turns=it.turns, failures=it.failures)
            for at in range(int(now) - KEPT + 1, int(now) + 1)
            for it in (self._counts.get(at, nothing),)
        )

    def _drop(self, before: int) -> None:
        for second in [second for second in self._counts if second <= before]:
            del self._counts[second]
