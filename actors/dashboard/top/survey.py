"""How busy a log was over its time, in few numbers whatever its length: pure."""

from __future__ import annotations

from typing import Final

SLOTS: Final = 1024
FINEST: Final = 1 / 64
"""The width of a slot in a short log, in seconds; it doubles as often as a longer one needs it."""


class Survey:
    """Counts a log's records, and its failures, by time; these may come in any order."""

    def __init__(self) -> None:
        self.begun: float | None = None
        self.ended: float | None = None
        """The times of the first and of the last record."""
        self._width = FINEST
        self._slots: dict[int, list[int]] = {}

    def add(self, at: float, *, failed: bool) -> None:
        """Count a record."""
        self.begun = at if self.begun is None else min(self.begun, at)
        self.ended = at if self.ended is None else max(self.ended, at)
        self._add(int(at // self._width), 1, int(failed))
        while len(self._slots) > SLOTS:
            self._coarsen()

    def spread(self, columns: int) -> list[tuple[int, int]]:
        """Records and failures in each of so many equal parts of the log's time."""
        counts = [(0, 0)] * columns
        if self.begun is None or self.ended is None or columns == 0:
            return counts
        part = max(self.ended - self.begun, self._width) / columns
        for slot, (records, failures) in self._slots.items():
            middle = (slot + 0.5) * self._width - self.begun
            column = min(max(int(middle / part), 0), columns - 1)
            counts[column] = counts[column][0] + records, counts[column][1] + failures
        return counts

    def _add(self, slot: int, records: int, failures: int) -> None:
        counts = self._slots.setdefault(slot, [0, 0])
        counts[0] += records
        counts[1] += failures

    def _coarsen(self) -> None:
        slots, self._slots = self._slots, {}
        self._width *= 2
        for slot, (records, failures) in slots.items():
            self._add(slot // 2, records, failures)
