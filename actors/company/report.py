"""What the switchboard and the rooms write to the log: one method a fact, and only what an operator has to know."""

from __future__ import annotations

from typing import Literal

from actors.company.exchange import Asker
from actors.log.record import Log


class CompanyReport:
    """Log records of asks and rooms."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def ask_failed(self, asker: Asker, asked: str, kind: Literal["cycle", "timeout"], why: str) -> None:
        """An ask was not made, or met its deadline."""
        self._log.emit(
            "actors.ask.failed",
            why,
            level="WARNING",
            session=asker.session,
            turn=asker.turn,
            asked=asked,
            error_type=f"ask:{kind}",
        )

    def room_missed(self, room: str, member: str, why: str) -> None:
        """A member did not hear what was said."""
        self._log.emit(
            "actors.room.missed",
            f"{member!r} did not hear what was said: {why}",
            level="WARNING",
            session=member,
            room=room,
        )
