"""The log's records of tool calls and of approvals."""

from __future__ import annotations

from actors.log.turns import TurnRecord


class ToolRecord(TurnRecord, frozen=True, kw_only=True, tag=""):
    """What a record about a tool call has."""

    tool_name: str
    tool_call_id: str


class ToolStarted(ToolRecord, frozen=True, kw_only=True, tag="actors.tool.started"):
    """A tool begins to run."""

    tool_attempt: int


class ToolEnd(ToolRecord, frozen=True, kw_only=True, tag=""):
    """What the end of a call has; `duration` counts from the step's end, `tool_ran` says whether the tool was begun."""

    outcome: str
    duration: float
    tool_ran: bool


class ToolCompleted(ToolEnd, frozen=True, kw_only=True, tag="actors.tool.completed"):
    """A call has its result."""


class ToolFailed(ToolEnd, frozen=True, kw_only=True, tag="actors.tool.failed"):
    """A call has a result that says why there is none."""

    error_type: str


class ApprovalRequested(ToolRecord, frozen=True, kw_only=True, tag="actors.approval.requested"):
    """A call waits for a decision."""

    approval_id: str


class ApprovalDecided(ToolRecord, frozen=True, kw_only=True, tag="actors.approval.decided"):
    """A decision was made after `duration` seconds, or nobody made one in time."""

    approval_id: str
    outcome: str
    duration: float
