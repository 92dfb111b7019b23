"""The fold: a log's records, one after the other, to what a dashboard shows. Pure, and bounded for any length of log.

Order matters only among the records of one runtime; whoever reads several files merges them by time
(`actors.log.merge`). Counters count everything. Rows are of what is recent: sessions that ended make room first,
then those that were silent longest.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import msgspec

from actors.fleet import choosing
from actors.fleet.notices import LOUD, SHORT, Notices, called, notice
from actors.fleet.roster import Bounds, Roster
from actors.fleet.runs import Run
from actors.fleet.seconds import Counts, Seconds
from actors.fleet.sessions import Session
from actors.fleet.sketch import Sketches
from actors.fleet.tally import Tally
from actors.fleet.tree import Tree
from actors.fleet.view import STATES, Entry, Query, Span, State, Timeline, Totals, View
from actors.log.decode import AnyRecord, OtherRecord
from actors.log.schema import (
    ActorDeadLetter,
    ActorFailed,
    ActorGaveUp,
    ActorRestarted,
    ActorStarted,
    ActorStopped,
    DispatcherStalled,
    RequestCancelled,
    RequestCompleted,
    RequestEnd,
    RequestFailed,
    RequestFirstChunk,
    RequestProgress,
    RequestStarted,
    RetryScheduled,
    RuntimeStarted,
    RuntimeStats,
    RuntimeStopped,
    SessionEnded,
    SessionRestarted,
    SessionStarted,
    TurnCancelled,
    TurnCompleted,
    TurnEnd,
    TurnFailed,
    TurnRecord,
    TurnStarted,
)


class Fleet:
    """All sessions of all runtimes that a log tells of. `apply` its records in order; `view` at any time."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        bounds = Bounds() if bounds is None else bounds
        self.totals = Totals()
        self._begun = math.inf
        self._newest = -math.inf
        self._roster = Roster(bounds)
        self._run: Run | None = None
        """That of the last record."""
        self._tree = Tree(bounds.actors)
        self._outcomes = Tally(bounds.errors)
        self._errors = Tally(bounds.errors)
        self._sketches = Sketches()
        self._notices = Notices(bounds.recent)
        self._seconds = Seconds()
        self._second = Counts(-1)
        self._bad_line = ""

    # In

    def apply(self, record: AnyRecord) -> None:
        """Take one more record."""
        at = record.timestamp.timestamp()
        self.totals.records += 1
        if int(at) != self._second.at:
            self._turn_the_clock(at)
        self._second.records += 1
        if at > self._newest:
            self._newest = at
        elif at < self._begun:
            self._begun = at
        run = self._run
        if run is None or run.id != record.run_id:
            run = self._run = self._roster.run(record, at)
        run.seen = at
        if record.level in LOUD:
            self._notices.problems.appendleft(notice(record, at))
        self._HANDLERS[type(record)](self, record, run, at)

    def bad_line(self, line: str) -> None:
        """Count a line that is no record; its beginning is kept to be shown."""
        self.totals.bad_lines += 1
        self._bad_line = line

    # Out

    @property
    def begun(self) -> float | None:
        """When the log begins, in Unix seconds; None while it is empty."""
        return None if self._begun == math.inf else self._begun

    @property
    def newest(self) -> float | None:
        """The time of its newest record."""
        return None if self._newest == -math.inf else self._newest

    def view(self, now: float, query: Query | None = None) -> View:
        """Everything at `now`, in Unix seconds: the wall clock's, or that of a replay."""
        query = Query() if query is None else query
        sessions = list(self._roster.sessions())
        found = choosing.matching(sessions, query)
        waiting = [it for it in sessions if it.retry is not None]
        runs = sorted(self._roster.runs(), key=lambda it: (it.stopped, -it.seen))
        return View(
            now=now,
            begun=self.begun,
            newest=self.newest,
            totals=msgspec.structs.replace(
                self.totals,
                sessions_ended=self._roster.ended,
                sessions_forgotten=self._roster.forgotten,
            ),
            states=dict.fromkeys(STATES, 0) | Counter(it.state for it in sessions),
            sessions=tuple(it.row(now) for it in choosing.first(found, query)),
            matching=len(found),
            retrying=tuple(it.retry_row(now) for it in heapq.nsmallest(query.top, waiting, key=_due)),
            outcomes=self._outcomes.counts(),
            errors=self._errors.counts(),
            latency=self._sketches.latency(),
            tree=self._tree.rows(query.top),
            runs=tuple(it.row(now) for it in runs),
            dead_letters=tuple(self._notices.dead_letters),
            stalls=tuple(self._notices.stalls),
            problems=tuple(self._notices.problems),
            minute=self._seconds.minute(now),
            last_bad_line=self._bad_line,
        )

    def history(self) -> tuple[Span, ...]:
        """The whole log by spans of one width, oldest first; those in which nothing happened are left out."""
        return self._seconds.history()

    def timeline(self, run: str, session: str, now: float) -> Timeline | None:
        """A session with what happened to it; None if it has no row."""
        known = self._roster.find(run, session)
        return None if known is None else known.timeline(now)

    # Runtimes

    def _runtime_started(self, _record: RuntimeStarted, run: Run, at: float) -> None:
        run.begun = at

    def _runtime_stopped(self, _record: RuntimeStopped, run: Run, _at: float) -> None:
        run.stopped = True
        self._tree.run_stopped(run.id)
        for session in list(run.sessions.values()):
            self._roster.end(session)

    def _runtime_stats(self, record: RuntimeStats, run: Run, _at: float) -> None:
        run.stats = record

    def _stalled(self, record: DispatcherStalled, _run: Run, at: float) -> None:
        self.totals.stalls += 1
        self._notices.stalls.appendleft(notice(record, at))

    # Actors

    def _actor_lives(self, record: ActorStarted | ActorRestarted, _run: Run, _at: float) -> None:
        self._tree.lives(record)

    def _actor_stopped(self, record: ActorStopped, _run: Run, _at: float) -> None:
        self._tree.stopped(record.actor_urn)

    def _actor_failed(self, record: ActorFailed, _run: Run, _at: float) -> None:
        self.totals.failures += 1
        self._tree.failed(record)

    def _gave_up(self, _record: ActorGaveUp, _run: Run, _at: float) -> None:
        self.totals.gave_up += 1

    def _dead_letter(self, record: ActorDeadLetter, _run: Run, at: float) -> None:
        self.totals.dead_letters += 1
        self._notices.dead_letters.appendleft(notice(record, at))

    # Sessions

    def _session_started(self, record: SessionStarted, run: Run, at: float) -> None:
        self.totals.sessions_started += 1
        if (old := run.sessions.get(record.session)) is not None and old.state == "ended":
            self._roster.forget(old)  # a new session under an old one's id
        session = self._roster.session(record, run, at)
        session.agent = record.agent or ""
        self._note(session, record, at)

    def _session_ended(self, record: SessionEnded, run: Run, at: float) -> None:
        session = self._roster.session(record, run, at)
        self._note(session, record, at, record.message)
        self._roster.end(session)

    def _session_restarted(self, record: SessionRestarted, run: Run, at: float) -> None:
        self.totals.restarts += 1
        session = self._roster.session(record, run, at)
        session.restarts += 1
        session.error = record.message
        self._note(session, record, at, record.message, record.exception_type or "")

    # Turns

    def _turn_started(self, record: TurnStarted, run: Run, at: float) -> None:
        self.totals.turns_started += 1
        session = self._place(record, run, at, "waiting")
        session.agent = record.agent or session.agent
        self._note(session, record, at)

    def _turn_completed(self, record: TurnCompleted, run: Run, at: float) -> None:
        self.totals.turns_completed += 1
        if record.duration is not None:
            self._sketches.turn.add(record.duration)
        self._turn_over(record, run, at)

    def _turn_failed(self, record: TurnFailed, run: Run, at: float) -> None:
        self.totals.turns_failed += 1
        self._turn_over(record, run, at, record.error_type).error = record.message

    def _turn_cancelled(self, record: TurnCancelled, run: Run, at: float) -> None:
        self.totals.turns_cancelled += 1
        self._turn_over(record, run, at)

    def _turn_over(self, record: TurnEnd, run: Run, at: float, error: str = "") -> Session:
        self._outcomes.add(record.outcome)
        self._second.turns += 1
        session = self._place(record, run, at, "idle")
        session.turns += 1
        self._note(session, record, at, record.message if error else "", error, record.duration)
        return session

    # Attempts

    def _request_started(self, record: RequestStarted, run: Run, at: float) -> None:
        self.totals.requests_started += 1
        session = self._place(record, run, at, "waiting")
        session.model = record.model
        self._note(session, record, at)

    def _first_chunk(self, record: RequestFirstChunk, run: Run, at: float) -> None:
        self._sketches.first_chunk.add(record.time_to_first_chunk)
        session = self._place(record, run, at, "streaming")
        session.first_chunk = record.time_to_first_chunk
        self._note(session, record, at, duration=record.time_to_first_chunk)

    def _progress(self, record: RequestProgress, run: Run, at: float) -> None:
        self._place(record, run, at, "streaming" if record.chunks_count else "waiting").progressed(record)

    def _request_completed(self, record: RequestCompleted, run: Run, at: float) -> None:
        self.totals.requests_completed += 1
        self.totals.calls += record.calls_count
        self._sketches.attempt.add(record.attempt_duration)
        session = self._attempt_over(record, run, at)
        session.model = record.model
        session.answered(record)

    def _request_failed(self, record: RequestFailed, run: Run, at: float) -> None:
        self.totals.requests_failed += 1
        self._errors.add(record.error_type)
        self._second.failures += 1
        self._attempt_over(record, run, at, record.error_type).error = record.message

    def _request_cancelled(self, record: RequestCancelled, run: Run, at: float) -> None:
        self.totals.requests_cancelled += 1
        self._attempt_over(record, run, at)

    def _attempt_over(self, record: RequestEnd, run: Run, at: float, error: str = "") -> Session:
        self.totals.input_tokens += record.input_tokens or 0
        self.totals.output_tokens += record.output_tokens or 0
        self._second.tokens += record.output_tokens or 0
        session = self._place(record, run, at, "waiting")
        session.attempt_over(record.input_tokens, record.output_tokens)
        self._roster.note(
            session,
            Entry(
                at,
                SHORT[type(record)],
                record.level,
                session.turn,
                session.step,
                session.attempt,
                record.message if error else "",
                error,
                record.attempt_duration,
                record.input_tokens,
                record.output_tokens,
                getattr(record, "calls_count", 0),
            ),
        )
        return session

    def _retry_scheduled(self, record: RetryScheduled, run: Run, at: float) -> None:
        self.totals.retries += 1
        session = self._place(record, run, at, "retrying")
        session.retry = record if session.state == "retrying" else None
        session.retries += 1
        self._note(session, record, at, record.message, record.retry_reason, record.retry_delay)

    def _other(self, record: OtherRecord, run: Run, at: float) -> None:
        if record.session is not None:
            self._note(self._roster.session(record, run, at), record, at, record.message)

    def _place(self, record: TurnRecord, run: Run, at: float, state: State) -> Session:
        """The record's session, which is at this place of its turn now and does this."""
        session = run.sessions.get(record.session)
        if session is None:
            session = self._roster.session(record, run, at)
        session.seen = at
        session.turn = record.turn
        if record.step is not None:
            session.step = record.step
        if record.attempt is not None:
            session.attempt = record.attempt
        if session.state != "ended":  # what is told after the end changes nothing about it
            session.state = state
        session.retry = None
        return session

    def _note(
        self,
        session: Session,
        record: Any,
        at: float,
        text: str = "",
        error: str = "",
        duration: float | None = None,
    ) -> None:
        entry = Entry(
            at,
            SHORT.get(type(record)) or called(record),
            record.level,
            session.turn,
            session.step,
            session.attempt,
            text,
            error,
            duration,
        )
        self._roster.note(session, entry)

    def _turn_the_clock(self, at: float) -> None:
        self._second = self._seconds.of(at)
        if self.totals.records == 1:
            self._begun = at

    _HANDLERS: ClassVar[Mapping[type, Callable[[Fleet, Any, Run, float], object]]] = MappingProxyType(
        {
            RuntimeStarted: _runtime_started,
            RuntimeStopped: _runtime_stopped,
            RuntimeStats: _runtime_stats,
            DispatcherStalled: _stalled,
            ActorStarted: _actor_lives,
            ActorStopped: _actor_stopped,
            ActorFailed: _actor_failed,
            ActorRestarted: _actor_lives,
            ActorGaveUp: _gave_up,
            ActorDeadLetter: _dead_letter,
            SessionStarted: _session_started,
            SessionEnded: _session_ended,
            SessionRestarted: _session_restarted,
            TurnStarted: _turn_started,
            TurnCompleted: _turn_completed,
            TurnFailed: _turn_failed,
            TurnCancelled: _turn_cancelled,
            RetryScheduled: _retry_scheduled,
            RequestStarted: _request_started,
            RequestFirstChunk: _first_chunk,
            RequestProgress: _progress,
            RequestCompleted: _request_completed,
            RequestFailed: _request_failed,
            RequestCancelled: _request_cancelled,
            OtherRecord: _other,
        }
    )
    """What each record does; a test fails if the schema has one that is missing here."""


def _due(session: Session) -> tuple[float, str, str]:
    return 0.0 if session.retry is None else session.retry.retry_next_at, session.id, session.run
