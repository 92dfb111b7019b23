"""A turn's tool calls as spans: each from the end of the step that asked for it to its result. Pure."""

from __future__ import annotations

from typing import Final

from actors.log.schema import ApprovalDecided, ApprovalRequested, ToolEnd, ToolFailed, ToolRecord, ToolStarted
from actors.otel.names import (
    APPROVAL_DECIDED,
    APPROVAL_REQUESTED,
    ATTRIBUTES,
    EXECUTE_TOOL,
    INCOMPLETE,
    TOOL_STARTED,
)
from actors.otel.said import PLACE, said
from actors.otel.spans import Draft, Span

CALL: Final = (*PLACE, "tool_name", "tool_call_id")


class Calls:
    """The calls that have no result yet. Approvals and attempts are events of their spans."""

    def __init__(self) -> None:
        self._open: dict[str, Draft] = {}
        self._began: dict[str, int] = {}
        """When a call's tool began to run."""

    def apply(self, record: ToolRecord, at: int) -> Span | None:
        """Take a record; give the call that it ends."""
        call = self._open.get(record.tool_call_id)
        if call is None:
            attributes = said(record, CALL) | {ATTRIBUTES["operation"]: EXECUTE_TOOL}
            call = Draft(f"{EXECUTE_TOOL} {record.tool_name}", "internal", at, attributes)
            self._open[record.tool_call_id] = call
        match record:
            case ToolStarted():
                self._began.setdefault(record.tool_call_id, at)
                call.event(TOOL_STARTED, at, said(record, ("tool_attempt",)))
            case ApprovalRequested():
                call.event(APPROVAL_REQUESTED, at, said(record, ("approval_id",)))
            case ApprovalDecided():
                call.event(APPROVAL_DECIDED, at, said(record, ("approval_id", "outcome", "duration")))
            case ToolEnd():
                return self._end(call, record, at)
        return None

    def break_off(self, at: int) -> list[Span]:
        """Give the calls whose end the log does not tell."""
        for call in self._open.values():
            call.attributes[INCOMPLETE] = True
        spans = [call.end(at) for call in self._open.values()]
        self._open.clear()
        self._began.clear()
        return spans

    def _end(self, call: Draft, record: ToolEnd, at: int) -> Span:
        del self._open[record.tool_call_id]
        began = self._began.pop(record.tool_call_id, None)
        call.begun = min(call.begun, at - round(record.duration * 1e9))
        call.attributes |= said(record, ("outcome", "tool_ran", "error_type"))
        if isinstance(record, ToolFailed):
            call.error = record.message
        if began is not None:
            call.ran = (at - began) / 1e9
        return call.end(at)
