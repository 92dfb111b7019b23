"""A runtime's life as its records leave it."""

from __future__ import annotations

from actors.fleet.sessions import Session
from actors.fleet.view import RunRow
from actors.log.schema import RuntimeStats


class Run:
    """What is known of a runtime."""

    __slots__ = ("begun", "id", "pid", "seen", "sessions", "stats", "stopped")

    def __init__(self, run: str, pid: int, at: float) -> None:
        self.id, self.pid, self.begun, self.seen = run, pid, at, at
        self.stopped = False
        self.stats: RuntimeStats | None = None
        self.sessions: dict[str, Session] = {}
        """Those that have a row."""

    def row(self, now: float) -> RunRow:
        """The runtime as a row, at `now`."""
        stats = self.stats
        return RunRow(
            run=self.id,
            pid=self.pid,
            state="stopped" if self.stopped else "running",
            age=max(0.0, (self.seen if self.stopped else now) - self.begun),
            idle=max(0.0, now - self.seen),
            sessions=None if stats is None else stats.sessions_total,
            loop_lag=None if stats is None else stats.loop_lag,
            mailbox_depth=None if stats is None else stats.mailbox_depth,
            rss=None if stats is None else stats.rss,
            dead_letters=None if stats is None else stats.dead_letters,
        )
