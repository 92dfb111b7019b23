"""What the log says of the events of tools, approvals and the turn loop: one function a kind, none holds model text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from actors.events import (
    AnswerRejected,
    ApprovalDecided,
    ApprovalRequested,
    ContextTrimmed,
    Event,
    HandedOff,
    LoopNoticed,
    Steered,
    ToolCallFinished,
    ToolCallStarted,
)


class Telling(NamedTuple):
    """A record in the making."""

    event: str
    message: str
    level: str
    fields: dict[str, Any]


def _tool_started(event: ToolCallStarted) -> Telling:
    fields = {"tool_name": event.name, "tool_call_id": event.call_id, "tool_attempt": event.tool_attempt}
    return Telling("actors.tool.started", "tool started", "INFO", fields)


def _tool_finished(event: ToolCallFinished) -> Telling:
    fields = {
        "tool_name": event.name,
        "tool_call_id": event.call_id,
        "outcome": event.result,
        "duration": event.duration,
        "tool_ran": event.ran,
    }
    if event.result == "ok":
        return Telling("actors.tool.completed", "tool completed", "INFO", fields)
    fields["error_type"] = f"tool:{event.result}"
    return Telling("actors.tool.failed", f"a call of {event.name} failed: {event.result}", "WARNING", fields)


def _approval_requested(event: ApprovalRequested) -> Telling:
    fields = {"tool_name": event.name, "tool_call_id": event.call_id, "approval_id": event.approval}
    return Telling("actors.approval.requested", "a call waits for a decision", "INFO", fields)


def _approval_decided(event: ApprovalDecided) -> Telling:
    fields = {
        "tool_name": event.name,
        "tool_call_id": event.call_id,
        "approval_id": event.approval,
        "outcome": event.decision,
        "duration": event.waited,
    }
    level = "WARNING" if event.decision == "expired" else "INFO"
    return Telling("actors.approval.decided", event.decision, level, fields)


def _steered(event: Steered) -> Telling:
    return Telling(
        "actors.turn.steered", "the user steered the turn", "INFO", {"messages_count": len(event.messages)}
    )


def _answer_rejected(event: AnswerRejected) -> Telling:
    fields = {"error_type": f"answer:{event.reason}", "rejected_count": event.rejected}
    return Telling(
        "actors.turn.answer_rejected", f"asked again: the answer was {event.reason}", "WARNING", fields
    )


def _loop_noticed(event: LoopNoticed) -> Telling:
    fields = {"tool_name": event.name, "repeats_count": event.times}
    message = (
        "the same call again, the turn ends" if event.stopped else "the same call again, the model is told"
    )
    return Telling("actors.turn.loop_noticed", message, "WARNING", fields)


def _context_trimmed(event: ContextTrimmed) -> Telling:
    fields = {
        "reason": "refused" if event.asked else "budget",
        "messages_cut": event.messages_cut,
        "tokens_before": event.tokens_before,
        "tokens_after": event.tokens_after,
        "tokens_budget": event.budget,
    }
    if event.tokens_after > event.budget:
        return Telling("actors.context.trimmed", "still too long: nothing more can be cut", "WARNING", fields)
    message = "summed up" if event.strategy == "summarise" else "the oldest messages are left out"
    return Telling("actors.context.trimmed", message, "INFO", fields)


def _handed_off(event: HandedOff) -> Telling:
    fields = {"previous_agent": event.from_agent or None, "tool_call_id": event.call_id}
    return Telling("actors.session.handed_off", f"handed over to {event.to_agent}", "INFO", fields)


Teller: TypeAlias = Callable[[Any], Telling]
_TELLERS: Mapping[type[Event], Teller] = MappingProxyType(
    {
        ToolCallStarted: _tool_started,
        ToolCallFinished: _tool_finished,
        ApprovalRequested: _approval_requested,
        ApprovalDecided: _approval_decided,
        Steered: _steered,
        AnswerRejected: _answer_rejected,
        LoopNoticed: _loop_noticed,
        ContextTrimmed: _context_trimmed,
        HandedOff: _handed_off,
    }
)


def telling(event: Event) -> Telling | None:
    """The record of an event; None: there is none of its kind."""
    tell = _TELLERS.get(type(event))
    return None if tell is None else tell(event)
