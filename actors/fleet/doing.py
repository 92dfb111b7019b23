"""What a session's turn is at between two steps: tools that run, and approvals that wait."""

from __future__ import annotations

from typing import Final, TypeVar

from actors.fleet.view import ApprovalRow, State
from actors.log.schema import ApprovalRequested, ToolRecord, ToolStarted

MOST: Final = 64
"""So many of a session are known at once, tools and approvals each: a log that ends none fills no memory."""
NAME: Final = 100
"""So much is shown of a tool's name, in characters; a model may call what there is not."""

Kept = TypeVar("Kept", bound=ToolRecord)


class Doing:
    """A turn's open calls. Records keep the times at which they began."""

    __slots__ = ("approvals", "running")

    def __init__(self) -> None:
        self.running: dict[str, ToolStarted] = {}
        """By the call's id."""
        self.approvals: dict[str, ApprovalRequested] = {}
        """By the approval's."""

    @property
    def state(self) -> State:
        """What the session does: what waits for a person comes first."""
        if self.approvals:
            return "approving"
        return "acting" if self.running else "waiting"

    def started(self, record: ToolStarted) -> None:
        """A tool begins to run; one that is tried again has begun already."""
        if record.tool_call_id not in self.running:
            _put(self.running, record.tool_call_id, record)

    def ended(self, call: str, at: float) -> float | None:
        """A call is over: how long its tool ran, in seconds; None if the log does not say."""
        began = self.running.pop(call, None)
        return None if began is None else max(0.0, at - began.timestamp.timestamp())

    def requested(self, record: ApprovalRequested) -> None:
        """A call waits for a decision."""
        _put(self.approvals, record.approval_id, record)

    def decided(self, approval: str) -> None:
        """It waits no longer."""
        self.approvals.pop(approval, None)


def named(record: ToolRecord) -> str:
    """The tool's name, of a length that can be kept."""
    return record.tool_name[:NAME]


def approval_row(record: ApprovalRequested, now: float) -> ApprovalRow:
    """An approval that waits as a row, at `now`."""
    return ApprovalRow(
        run=record.run_id,
        session=record.session,
        turn=record.turn,
        tool=named(record),
        call=record.tool_call_id,
        approval=record.approval_id,
        age=max(0.0, now - record.timestamp.timestamp()),
    )


def _put(known: dict[str, Kept], name: str, record: Kept) -> None:
    if len(known) >= MOST:
        del known[next(iter(known))]
    known[name] = record
