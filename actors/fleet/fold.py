"""The fold: a log's records, one after the other, to what a dashboard shows. Pure, and bounded for any length of log.

Order matters only among the records of one runtime; whoever reads several files merges them by time
(`actors.log.merge`). Counters count everything. Rows are of what is recent: sessions that ended make room first,
then those that were silent longest.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType
from typing import Any, ClassVar

from actors.fleet import choosing
from actors.fleet.notices import LOUD, Notices, called, notice
from actors.fleet.roster import Bounds, Roster
from actors.fleet.runs import Run
from actors.fleet.seconds import Counts, Seconds
from actors.fleet.sessions import Session
from actors.fleet.sketch import Sketches
from actors.fleet.sums import Sums
from actors.fleet.tally import Tally
from actors.fleet.tree import Tree
from actors.fleet.view import STATES, Entry, Query, Span, Timeline, Totals, View
from actors.log.decode import AnyRecord, OtherRecord
from actors.log.schema import (
    ActorDeadLetter,
    ActorFailed,
    ActorGaveUp,
    ActorRestarted,
    ActorStarted,
    ActorStopped,
    AskFailed,
    DispatcherStalled,
    McpRecord,
    RequestCancelled,
    RequestCompleted,
    RequestEnd,
    RequestFailed,
    RequestFirstChunk,
    RequestProgress,
    RequestStarted,
    RetryScheduled,
    RoomMissed,
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
    TurnStarted,
)


class Fleet:
    """All sessions of all runtimes that a log tells of. `apply_all` its records in order; `view` at any time."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        bounds = Bounds() if bounds is None else bounds
        self._text = bounds.text
        self._sums = Sums()
        self._handlers = dict(self._HANDLERS)  # looked up for each record, quicker than the read-only one
        self._begun = math.inf
        self._newest = -math.inf
        self._roster = Roster(bounds)
        self._tell = self._roster.tell
        self._run: Run | None = None
        """That of the last record."""
        self._tree = Tree(bounds.actors)
        self._outcomes = Tally(bounds.errors)
        self._errors = Tally(bounds.errors)
        self._sketches = Sketches()
        self._notices = Notices(bounds.recent)
        self._seconds = Seconds()
        self._second = Counts(-1)
        """That of the last record."""
        self._bad_line = ""

    # In

    def apply(self, record: AnyRecord) -> None:
        """Take one more record."""
        self.apply_all((record,))

    def apply_all(self, records: Sequence[AnyRecord]) -> None:
        """Take more records, in order: quicker than one by one."""
        self._sums.of.update(map(type, records))
        handlers, run, second, newest = self._handlers, self._run, self._second, self._newest
        for record, kind in zip(records, map(type, records), strict=True):
            at = record.timestamp.timestamp()
            if int(at) != second.at:
                second = self._second = self._seconds.of(at)
                self._begun = min(self._begun, at)
            second.records += 1
            if at > newest:
                newest = self._newest = at
            elif at < self._begun:
                self._begun = at
            if run is None or run.id != record.run_id:
                run = self._run = self._roster.run(record, at)
            run.seen = at
            if record.level in LOUD:
                self._notices.problems.appendleft(notice(record, at, self._said(record)))
            handlers[kind](self, record, run, at)
        self._sketches.settle()

    def bad_line(self, line: str) -> None:
        """Count a line that is no record; its beginning is kept to be shown."""
        self._sums.bad_lines += 1
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

    @property
    def totals(self) -> Totals:
        """What is counted, over the whole log."""
        return self._sums.totals(ended=self._roster.ended, forgotten=self._roster.forgotten)

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
            totals=self.totals,
            states=dict.fromkeys(STATES, 0) | Counter(map(_state, sessions)),
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

    def _said(self, record: AnyRecord) -> str:
        """A record's message, of a length that can be kept."""
        message = record.message
        return message if len(message) <= self._text else f"{message[: self._text]}…"

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
        self._notices.stalls.appendleft(notice(record, at, self._said(record)))

    # Actors

    def _actor_lives(self, record: ActorStarted | ActorRestarted, _run: Run, _at: float) -> None:
        self._tree.lives(record)

    def _actor_stopped(self, record: ActorStopped, _run: Run, _at: float) -> None:
        self._tree.stopped(record.actor_urn)

    def _actor_failed(self, record: ActorFailed, _run: Run, _at: float) -> None:
        self._tree.failed(record)

    def _gave_up(self, _record: ActorGaveUp, _run: Run, _at: float) -> None:
        """It is counted, as all records are."""

    def _dead_letter(self, record: ActorDeadLetter, _run: Run, at: float) -> None:
        self._notices.dead_letters.appendleft(notice(record, at, self._said(record)))

    # Sessions

    def _session_started(self, record: SessionStarted, run: Run, at: float) -> None:
        if (old := run.sessions.get(record.session)) is not None and old.state == "ended":
            self._roster.forget(old)  # a new session under an old one's id
        session = self._roster.session(record, run, at)
        session.agent = record.agent or ""
        session.parent = record.session_parent or ""
        self._note(session, record, at)

    def _session_ended(self, record: SessionEnded, run: Run, at: float) -> None:
        session = self._roster.session(record, run, at)
        self._note(session, record, at, self._said(record))
        self._roster.end(session)

    def _session_restarted(self, record: SessionRestarted, run: Run, at: float) -> None:
        session = self._roster.session(record, run, at)
        session.restarts += 1
        session.error = self._said(record)
        self._note(session, record, at, self._said(record), record.exception_type or "")

    # Turns

    def _turn_started(self, record: TurnStarted, run: Run, at: float) -> None:
        session = self._tell(record, run, at, "waiting")
        session.agent = record.agent or session.agent

    def _turn_failed(self, record: TurnFailed, run: Run, at: float) -> None:
        message = self._said(record)
        self._turn_over(record, run, at, message, record.error_type).error = message

    def _turn_over(self, record: TurnEnd, run: Run, at: float, text: str = "", error: str = "") -> Session:
        took = record.duration
        if took is not None and type(record) is TurnCompleted:
            self._sketches.turn.add(took)
        self._outcomes.add(record.outcome)
        self._second.turns += 1
        session = self._tell(record, run, at, "idle", text, error, took)
        session.turns += 1
        return session

    # Attempts

    def _request_started(self, record: RequestStarted, run: Run, at: float) -> None:
        self._tell(record, run, at, "waiting").model = record.model

    def _first_chunk(self, record: RequestFirstChunk, run: Run, at: float) -> None:
        took = record.time_to_first_chunk
        self._sketches.first_chunk.add(took)
        self._tell(record, run, at, "streaming", "", "", took).first_chunk = took

    def _progress(self, record: RequestProgress, run: Run, at: float) -> None:
        self._tell(record, run, at, "streaming" if record.chunks_count else "waiting").progressed(record)

    def _request_completed(self, record: RequestCompleted, run: Run, at: float) -> None:
        self._sketches.attempt.add(record.attempt_duration)
        calls = record.calls_count
        session = self._attempt_over(record, run, at, "", "", calls)
        session.model = record.model
        session.answered(record)
        if calls:
            self._sums.calls += calls

    def _request_failed(self, record: RequestFailed, run: Run, at: float) -> None:
        self._errors.add(record.error_type)
        self._second.failures += 1
        message = self._said(record)
        self._attempt_over(record, run, at, message, record.error_type).error = message

    def _attempt_over(
        self, record: RequestEnd, run: Run, at: float, text: str = "", error: str = "", calls: int = 0
    ) -> Session:
        tokens_in, tokens_out = record.input_tokens, record.output_tokens
        session = self._tell(
            record, run, at, "waiting", text, error, record.attempt_duration, tokens_in, tokens_out, calls
        )
        session.chunks_per_s = None
        if tokens_in is not None:
            session.input_tokens += tokens_in
            self._sums.input_tokens += tokens_in
        if tokens_out is not None:
            session.output_tokens += tokens_out
            self._sums.output_tokens += tokens_out
            self._second.tokens += tokens_out
        return session

    def _retry_scheduled(self, record: RetryScheduled, run: Run, at: float) -> None:
        session = self._tell(
            record, run, at, "retrying", self._said(record), record.retry_reason, record.retry_delay
        )
        session.retry = record if session.state == "retrying" else None
        session.retries += 1

    def _other(self, record: OtherRecord | AskFailed | RoomMissed, run: Run, at: float) -> None:
        if record.session is not None:
            self._note(self._roster.session(record, run, at), record, at, self._said(record))

    def _of_no_session(self, record: McpRecord, run: Run, at: float) -> None:
        """Counted, and a notice where it is loud."""

    def _note(self, session: Session, record: Any, at: float, text: str = "", error: str = "") -> None:
        place = session.turn, session.step, session.attempt
        self._roster.note(session, Entry(at, called(record), record.level, *place, text, error))

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
            TurnCompleted: _turn_over,
            TurnFailed: _turn_failed,
            TurnCancelled: _turn_over,
            RetryScheduled: _retry_scheduled,
            RequestStarted: _request_started,
            RequestFirstChunk: _first_chunk,
            RequestProgress: _progress,
            RequestCompleted: _request_completed,
            RequestFailed: _request_failed,
            RequestCancelled: _attempt_over,
            **dict.fromkeys(McpRecord.__subclasses__(), _of_no_session),
            AskFailed: _other,
            RoomMissed: _other,
            OtherRecord: _other,
        }
    )
    """What each record does; a test fails if the schema has one that is missing here."""


_state = attrgetter("state")


def _due(session: Session) -> tuple[float, str, str]:
    return 0.0 if session.retry is None else session.retry.retry_next_at, session.id, session.run
