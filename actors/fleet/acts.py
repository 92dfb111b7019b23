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
        doing = self._doing(record, run, at)
        doing.started(record)
        again = f", attempt {record.tool_attempt}" if record.tool_attempt > 1 else ""
        self._tell(record, run, at, doing, again)

    def _tool_ended(self, record: ToolEnd, run: Run, at: float) -> None:
        doing = self._doing(record, run, at)
        took = doing.ended(record.tool_call_id, at)
        self.outcomes.add(record.outcome)
        if isinstance(record, ToolFailed):
            self._tools.ended(named(record), took, failed=True)
            more, error = f": {record.outcome}", record.error_type
        else:
            self._tools.ended(named(record), took, failed=False)
            more = error = ""
        self._tell(record, run, at, doing, more, error, record.duration)

    def _requested(self, record: ApprovalRequested, run: Run, at: float) -> None:
        doing = self._doing(record, run, at)
        doing.requested(record)
        self._tell(record, run, at, doing)

    def _decided(self, record: ApprovalDecided, run: Run, at: float) -> None:
        doing = self._doing(record, run, at)
        doing.decided(record.approval_id)
        self.decisions.add(record.outcome)
        self.waited.add(record.duration)
        self.waited.settle()
        self._tell(record, run, at, doing, f": {record.outcome}", "", record.duration)

    def _noticed(self, record: TurnRecord, run: Run, at: float) -> None:
        error = record.error_type if isinstance(record, AnswerRejected) else ""
        self._roster.tell(record, run, at, "waiting", clip(_said(record), self._text), error)

    def _doing(self, record: ToolRecord, run: Run, at: float) -> Doing:
        """What the session of a record does; what is told after its end changes nothing about it."""
        session = self._roster.session(record, run, at)
        if session.doing is None:
            doing = Doing()
            if session.state != "ended":
                session.doing = doing
            return doing
        return session.doing

    def _tell(
        self,
        record: ToolRecord,
        run: Run,
        at: float,
        doing: Doing,
        more: str = "",
        error: str = "",
        duration: float | None = None,
    ) -> None:
        text = clip(f"{record.tool_name} {record.tool_call_id}{more}", self._text)
        self._roster.tell(record, run, at, doing.state, text, error, duration)

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
