"""A log's records to the traces of its turns, each when it is over. Pure, and bounded for any length of log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from actors.log.decode import AnyRecord
from actors.log.schema import (
    RequestStarted,
    RuntimeStopped,
    SessionEnded,
    SessionRestarted,
    TurnEnd,
    TurnRecord,
    TurnStarted,
)
from actors.otel.said import nanoseconds
from actors.otel.spans import Span
from actors.otel.turn import Turn

OPEN: Final = 20_000
"""How many turns may run at once; past it the one that began first is given as it is."""

Key: TypeAlias = tuple[str, str, int]
"""A turn in all logs: its runtime, its session, its number."""


class Turns:
    """The turns that a log has begun and not ended."""

    def __init__(self, limit: int = OPEN) -> None:
        self._limit = limit
        self._open: dict[Key, Turn] = {}

    def apply(self, record: AnyRecord) -> Iterator[tuple[Key, Span]]:
        """Take one more record; give the turns that it ends."""
        match record:
            case TurnStarted() | RequestStarted():
                key = (record.run_id, record.session, record.turn)
                if key not in self._open:
                    yield from self._make_room()
                    self._open[key] = Turn(record)
                self._open[key].apply(record)
            case TurnEnd():
                key = (record.run_id, record.session, record.turn)
                turn = self._open.pop(key, None)
                yield key, _unseen(record) if turn is None else turn.end(record)
            case TurnRecord():
                if (turn := self._open.get((record.run_id, record.session, record.turn))) is not None:
                    turn.apply(record)
            case SessionRestarted():
                for key in self._of(record.run_id, record.session):
                    self._open[key].apply(record)
            case SessionEnded():
                yield from self._break_off(self._of(record.run_id, record.session))
            case RuntimeStopped():
                yield from self._break_off(self._of(record.run_id))

    def rest(self) -> Iterator[tuple[Key, Span]]:
        """Give the turns whose end the log does not tell."""
        yield from self._break_off(list(self._open))

    def _of(self, run: str, session: str | None = None) -> list[Key]:
        return [key for key in self._open if key[0] == run and session in {None, key[1]}]

    def _make_room(self) -> Iterator[tuple[Key, Span]]:
        if len(self._open) >= self._limit:
            yield from self._break_off([next(iter(self._open))])

    def _break_off(self, keys: list[Key]) -> Iterator[tuple[Key, Span]]:
        for key in keys:
            yield key, self._open.pop(key).break_off()


def _unseen(record: TurnEnd) -> Span:
    """A turn that ended before it began, or that began before the log did."""
    lasted = int((record.duration or 0.0) * 1e9)
    return Turn(record, nanoseconds(record) - lasted).end(record)
