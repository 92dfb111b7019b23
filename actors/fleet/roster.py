"""Who is kept, and for how long: runtimes, their sessions, and the entries of these sessions' timelines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from operator import attrgetter
from typing import Any, Final

import msgspec

from actors.fleet.notices import SHORT
from actors.fleet.runs import Run
from actors.fleet.sessions import Session
from actors.fleet.view import Entry, State
from actors.log.decode import AnyRecord
from actors.log.schema import RequestProgress, TurnRecord

ROOM: Final = 0.75
"""What remains of the sessions' bound when room is made, so that it is made seldom."""
SHORTENED: Final = 0.5
"""The same of the timelines' bound."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How much is kept."""

    sessions: int = 20_000
    ended: int = 2_000
    """Of these, sessions that ended."""
    entries: int = 100_000
    """Of the timelines of all sessions."""
    timeline: int = 200
    """Entries of one session."""
    actors: int = 50_000
    runs: int = 200
    recent: int = 100
    """Dead letters, stalls and problems, each."""
    text: int = 2_000
    """Characters of a message: a line of the log may be 16 MiB long."""
    errors: int = 100
    """Different error types; further ones count as one."""
    tools: int = 100
    """Different tools; the same."""


class Roster:
    """The runtimes and sessions that have a row."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._timeline, self._most = bounds.timeline, bounds.entries
        self._names = {kind: name for kind, name in SHORT.items() if kind is not RequestProgress}
        """What has a line in a timeline, and how it is called there."""
        self._runs: dict[str, Run] = {}
        self._sessions = 0
        self._entries = 0
        self._ended: dict[tuple[str, str], None] = {}
        self.ended = 0
        """How many sessions ended."""
        self.forgotten = 0
        """How many have no row any more."""

    def runs(self) -> Iterable[Run]:
        """All runtimes."""
        return self._runs.values()

    def sessions(self) -> Iterator[Session]:
        """All sessions."""
        return chain.from_iterable(run.sessions.values() for run in self._runs.values())

    def find(self, run: str, session: str) -> Session | None:
        """A session, if it has a row."""
        found = self._runs.get(run)
        return None if found is None else found.sessions.get(session)

    def run(self, record: AnyRecord, at: float) -> Run:
        """The runtime that a record is of, which was alive then."""
        run = self._runs.get(record.run_id)
        if run is None:
            if len(self._runs) >= self._bounds.runs:
                self._forget_a_run()
            run = self._runs[record.run_id] = Run(record.run_id, record.pid, at)
        run.seen = at
        return run

    def session(self, record: Any, run: Run, at: float) -> Session:
        """The session that a record is of, which was alive then."""
        session = run.sessions.get(record.session)
        if session is None:
            if self._sessions >= self._bounds.sessions:
                self._make_room()
            session = run.sessions[record.session] = Session(
                run.id, record.session, at, self._bounds.timeline
            )
            self._sessions += 1
        session.seen = at
        return session

    def tell(
        self,
        record: TurnRecord,
        run: Run,
        at: float,
        state: State,
        text: str = "",
        error: str = "",
        duration: float | None = None,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        calls: int = 0,
    ) -> Session:
        """Put the session of a record at that place of its turn, and add a line to its timeline.

        All in one call, as logs are full of these records, and calls are most of what a fold costs.
        """
        session = run.sessions.get(record.session)
        if session is None:
            session = self.session(record, run, at)
        session.seen = at
        session.turn = turn = record.turn
        if (step := record.step) is not None:
            session.step = step
        if (attempt := record.attempt) is not None:
            session.attempt = attempt
        if session.state != "ended":  # what is told after the end changes nothing about it
            session.state = state
        session.retry = None
        name = self._names.get(type(record))
        if name is None:
            return session
        entries = session.entries
        if len(entries) == self._timeline:
            session.dropped += 1
        else:
            self._entries += 1
            if self._entries > self._most:
                self._shorten_timelines()
        entries.append(
            Entry(
                at,
                name,
                record.level,
                turn,
                session.step,
                session.attempt,
                text,
                error,
                duration,
                input_tokens,
                output_tokens,
                calls,
            )
        )
        return session

    def note(self, session: Session, entry: Entry) -> None:
        """Add to a session's timeline."""
        entries = session.entries
        if len(entries) == self._timeline:
            session.dropped += 1
        else:
            self._entries += 1
            if self._entries > self._most:
                self._shorten_timelines()
        entries.append(entry)

    def end(self, session: Session) -> None:
        """A session is over; the one whose end is longest ago may lose its row."""
        if session.state == "ended":
            return
        self.ended += 1
        session.ended()
        self._ended[session.run, session.id] = None
        if len(self._ended) > self._bounds.ended:
            run, name = next(iter(self._ended))
            self.forget(self._runs[run].sessions[name])

    def forget(self, session: Session) -> None:
        """A session has no row any more."""
        self._ended.pop((session.run, session.id), None)
        del self._runs[session.run].sessions[session.id]
        self._sessions -= 1
        self._entries -= len(session.entries)
        self.forgotten += 1

    def _make_room(self) -> None:
        by_age = sorted(self.sessions(), key=lambda it: (it.state != "ended", it.seen))
        for session in by_age[: len(by_age) - int(self._bounds.sessions * ROOM)]:
            self.forget(session)

    def _shorten_timelines(self) -> None:
        for session in sorted(self.sessions(), key=attrgetter("seen")):
            if self._entries <= self._bounds.entries * SHORTENED:
                return
            self._entries -= len(session.entries)
            session.dropped += len(session.entries)
            session.entries.clear()

    def _forget_a_run(self) -> None:
        oldest = min(self._runs.values(), key=lambda it: (not it.stopped, it.seen))
        for session in list(oldest.sessions.values()):
            self.forget(session)
        del self._runs[oldest.id]
