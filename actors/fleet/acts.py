"""The fold's part for what turns do between their steps: tools, approvals, and what the turn loop notices."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from actors.fleet.doing import Doing, approval_row, named
from actors.fleet.notices import clip
from actors.fleet.roster import Bounds, Roster
from actors.fleet.runs import Run
from actors.fleet.sessions import Session
from actors.fleet.sketch import Sketch
from actors.fleet.tally import Tally
from actors.fleet.tools import Tools
from actors.fleet.view import ApprovalRow, ToolRow
from actors.log.schema import (
    AnswerRejected,
    ApprovalDecided,
    ApprovalRequested,
    ContextTrimmed,
    LoopNoticed,
    ToolCompleted,
    ToolEnd,
    ToolFailed,
    ToolRecord,
    ToolStarted,
    TurnRecord,
    TurnSteered,
)


class Acts:
    """Puts the records of its `KINDS` into sessions and sums."""

    def __init__(self, roster: Roster, bounds: Bounds) -> None:
        self._roster = roster
        self._text = bounds.text
        self._tools = Tools(bounds.tools)
        self.outcomes = Tally(bounds.errors)
        """How calls ended."""
        self.decisions = Tally(bounds.errors)
        """How approvals were decided."""
        self.waited = Sketch()
        """How long that took."""

    def take(self, record: TurnRecord, run: Run, at: float) -> None:
        """Take one more record, of one of `KINDS`."""
        self._HANDLERS[type(record)](self, record, run, at)

    def tools(self, doing: Iterable[Doing], top: int) -> tuple[ToolRow, ...]:
        """A row a tool, the most called first, with what runs now."""
        running = Counter(named(record) for it in doing for record in it.running.values())
        return self._tools.rows(running, top)

    def _tool_started(self, record: ToolStarted, run: Run, at: float) -> None:
        again = f", attempt {record.tool_attempt}" if record.tool_attempt > 1 else ""
        session = self._tell(record, run, at, again)
        if session.doing is not None:
            session.doing.started(record)
            session.state = session.doing.state

    def _tool_ended(self, record: ToolEnd, run: Run, at: float) -> None:
        failed = type(record) is ToolFailed
        error = record.error_type if isinstance(record, ToolFailed) else ""
        session = self._tell(record, run, at, f": {record.outcome}" if failed else "", error, record.duration)
        took = None
        if session.doing is not None:
            took = session.doing.ended(record.tool_call_id, at)
            session.state = session.doing.state
        self.outcomes.add(record.outcome)
        self._tools.ended(named(record), took, failed=failed)

    def _requested(self, record: ApprovalRequested, run: Run, at: float) -> None:
        session = self._tell(record, run, at)
        if session.doing is not None:
            session.doing.requested(record)
            session.state = session.doing.state

    def _decided(self, record: ApprovalDecided, run: Run, at: float) -> None:
        session = self._tell(record, run, at, f": {record.outcome}", "", record.duration)
        if session.doing is not None:
            session.doing.decided(record.approval_id)
            session.state = session.doing.state
        self.decisions.add(record.outcome)
        self.waited.add(record.duration)
        self.waited.settle()

    def _noticed(self, record: TurnRecord, run: Run, at: float) -> None:
        error = record.error_type if isinstance(record, AnswerRejected) else ""
        self._roster.tell(record, run, at, "waiting", clip(_said(record), self._text), error)

    def _tell(
        self,
        record: ToolRecord,
        run: Run,
        at: float,
        more: str = "",
        error: str = "",
        duration: float | None = None,
    ) -> Session:
        """Add a call to a session's timeline; unless the session has ended, it is `doing` something from here on."""
        text = clip(f"{record.tool_name} {record.tool_call_id}{more}", self._text)
        session = self._roster.tell(record, run, at, "waiting", text, error, duration)
        if session.doing is None and session.state != "ended":
            session.doing = Doing()
        return session

    _HANDLERS: ClassVar[Mapping[type, Callable[[Acts, Any, Run, float], None]]] = MappingProxyType(
        {
            ToolStarted: _tool_started,
            ToolCompleted: _tool_ended,
            ToolFailed: _tool_ended,
            ApprovalRequested: _requested,
            ApprovalDecided: _decided,
            TurnSteered: _noticed,
            AnswerRejected: _noticed,
            LoopNoticed: _noticed,
            ContextTrimmed: _noticed,
        }
    )

    KINDS: ClassVar = tuple(_HANDLERS)


def _said(record: TurnRecord) -> str:
    match record:
        case LoopNoticed():
            return f"{record.tool_name}, {record.repeats_count} times: {record.message}"
        case ContextTrimmed():
            return f"{record.message}: {record.messages_cut}, {record.tokens_before} to {record.tokens_after} tokens"
    return record.message


def approvals(doing: Iterable[Doing], now: float, top: int) -> tuple[int, tuple[ApprovalRow, ...]]:
    """How many approvals wait, and the first of them, the oldest first."""
    waiting = [record for it in doing for record in it.approvals.values()]
    oldest = heapq.nsmallest(
        top, waiting, key=lambda it: (it.timestamp, it.run_id, it.session, it.approval_id)
    )
    return len(waiting), tuple(approval_row(it, now) for it in oldest)
