"""What happened when: the last minute by seconds, and the whole log by spans that widen as it grows."""

from __future__ import annotations

from typing import Final

from actors.fleet.view import Span

KEPT: Final = 60
"""So many seconds are told one by one."""
SPANS: Final = 240
"""So many spans a log has at most."""


class Counts:
    """What happened in a while that begins at `at`."""

    __slots__ = ("at", "failures", "records", "tokens", "turns")

    def __init__(self, at: int) -> None:
        self.at = at
        self.records = self.tokens = self.turns = self.failures = 0

    def add(self, other: Counts) -> None:
        """Count also what another one did."""
        self.records += other.records
        self.tokens += other.tokens
        self.turns += other.turns
        self.failures += other.failures

    def span(self, seconds: int) -> Span:
        """As a row."""
        return Span(
            at=self.at,
            seconds=seconds,
            records=self.records,
            tokens=self.tokens,
            turns=self.turns,
            failures=self.failures,
        )


class History:
    """A log of any length, in at most `SPANS` spans of one width."""

    def __init__(self) -> None:
        self._width = 1
        self._spans: dict[int, Counts] = {}

    def add(self, counts: Counts) -> None:
        """Take a second."""
        self._add(counts)
        while len(self._spans) > SPANS:
            self._width *= 2
            spans, self._spans = self._spans, {}
            for span in spans.values():
                self._add(span)

    def copy(self) -> History:
        """Another one that goes on from here."""
        copy = History()
        copy._width = self._width
        for span in self._spans.values():
            copy._add(span)
        return copy

    def rows(self) -> tuple[Span, ...]:
        """The spans in which something happened, oldest first."""
        return tuple(self._spans[at].span(self._width) for at in sorted(self._spans))

    def _add(self, counts: Counts) -> None:
        at = counts.at // self._width * self._width
        span = self._spans.get(at)
        if span is None:
            span = self._spans[at] = Counts(at)
        span.add(counts)


class Seconds:
    """Counters a second; those that are older than a minute go into the history."""

    def __init__(self) -> None:
        self._counts: dict[int, Counts] = {}
        self._older = History()

    def of(self, at: float) -> Counts:
        """The counters of the second that `at` is in, until the next call."""
        self._drop(max(self._counts, default=0) - KEPT)
        second = int(at)
        counts = self._counts.get(second)
        if counts is None:
            counts = self._counts[second] = Counts(second)
        return counts

    def minute(self, now: float) -> tuple[Span, ...]:
        """The minute before `now`, a row a second, also those in which nothing happened."""
        nothing = {at: Counts(at) for at in range(int(now) - KEPT + 1, int(now) + 1)}
        return tuple(self._counts.get(at, empty).span(1) for at, empty in nothing.items())

    def history(self) -> tuple[Span, ...]:
        """The whole log."""
        history = self._older.copy()
        for counts in self._counts.values():
            history.add(counts)
        return history.rows()

    def _drop(self, before: int) -> None:
        for second in [second for second in self._counts if second <= before]:
            self._older.add(self._counts.pop(second))
