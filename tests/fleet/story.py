"""Records for the fold, as its tests tell them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from actors.log.schema import EVENTS, Record

T0 = 1_738_326_896.0
"""When stories begin, in Unix seconds."""

LABELS: dict[str, Any] = {
    "request_id": "q",
    "operation": "chat",
    "provider": "openai",
    "model": "some-model",
    "server_address": "127.0.0.1",
    "server_port": 8080,
    "messages_count": 1,
    "tools_count": 0,
}
ANSWER: dict[str, Any] = {
    "attempt_duration": 3.0,
    "outcome": "complete",
    "finish_reasons": ("stop",),
    "response_id": "i",
    "response_model": "m",
    "input_tokens": 10,
    "output_tokens": 40,
}
FAILURE: dict[str, Any] = {
    "attempt_duration": 0.5,
    "outcome": "http_error",
    "error_type": "http_error:503",
    "status": 503,
}
RETRY: dict[str, Any] = {"retry_delay": 2.0, "retry_max": 4, "retry_reason": "http_error:503"}
ACTOR: dict[str, Any] = {"actor_class": "Supervisor", "actor_urn": "u"}
CALL: dict[str, Any] = {"tool_name": "look", "tool_call_id": "c"}
CALLED: dict[str, Any] = {"duration": 0.5, "tool_ran": True}
DECIDED: dict[str, Any] = {"tool_call_id": "c", "approval_id": "a", "outcome": "approved", "duration": 2.0}
STATS: dict[str, Any] = {
    **{f"sessions_{name}": 7 for name in ("total", "idle", "streaming", "retrying", "ended")},
    **{f"turns_{name}": 7 for name in ("started", "completed", "failed", "cancelled")},
    "retries": 2,
    "dead_letters": 1,
    "mailbox_depth": 3,
    "loop_lag": 0.002,
    "rss": 1000,
}

NEEDS: dict[str, dict[str, Any]] = {
    "runtime.stats": STATS,
    "dispatcher.stalled": {"duration": 0.4, "stack": "..."},
    **{f"actor.{name}": ACTOR for name in ("started", "stopped", "failed", "restarted", "gave_up")},
    "actor.dead_letter": {**ACTOR, "message_type": "Chunks"},
    "session.started": {"session": "s"},
    "session.ended": {"session": "s", "reason": "closed"},
    "session.restarted": {"session": "s", "actor_restarts": 1},
    "turn.started": {"session": "s", "turn": 1},
    "turn.completed": {"session": "s", "turn": 1, "outcome": "complete", "duration": 3.5},
    "turn.failed": {"session": "s", "turn": 1, "outcome": "http_error", "error_type": "http_error:503"},
    "turn.cancelled": {"session": "s", "turn": 1, "outcome": "cancelled", "reason": "asked"},
    "request.started": {"session": "s", "turn": 1, "step": 1, "attempt": 1, **LABELS},
    "request.first_chunk": {"session": "s", "turn": 1, **LABELS, "time_to_first_chunk": 1.0},
    "request.progress": {"session": "s", "turn": 1, **LABELS, "chunks_count": 50, "duration": 2.0},
    "request.completed": {"session": "s", "turn": 1, **LABELS, **ANSWER},
    "request.failed": {"session": "s", "turn": 1, **LABELS, **FAILURE},
    "request.cancelled": {"session": "s", "turn": 1, **LABELS, "attempt_duration": 1.0},
    "turn.steered": {"session": "s", "turn": 1, "messages_count": 1},
    "turn.answer_rejected": {"session": "s", "turn": 1, "error_type": "answer:empty", "rejected_count": 1},
    "turn.loop_noticed": {"session": "s", "turn": 1, "tool_name": "look", "repeats_count": 3},
    "tool.started": {"session": "s", "turn": 1, **CALL, "tool_attempt": 1},
    "tool.completed": {"session": "s", "turn": 1, **CALL, **CALLED, "outcome": "ok"},
    "tool.failed": {
        "session": "s",
        "turn": 1,
        **CALL,
        **CALLED,
        "outcome": "timeout",
        "error_type": "tool:timeout",
    },
    "approval.requested": {"session": "s", "turn": 1, **CALL, "approval_id": "a"},
    "approval.decided": {"session": "s", "turn": 1, **DECIDED},
    "request.retry_scheduled": {"session": "s", "turn": 1, **RETRY},
    "ask.failed": {"session": "s", "turn": 1, "asked": "t", "error_type": "ask:cycle"},
    "room.missed": {"session": "s", "room": "lobby"},
    "mcp.connected": {"mcp_server": "files", "mcp_protocol": "2025-11-25", "duration": 0.2},
    "mcp.tools_listed": {"mcp_server": "files", "tools_count": 3},
    "mcp.tool_left_out": {"mcp_server": "files"},
    "mcp.failed": {"mcp_server": "files", "actor_restarts": 1, "retry_delay": 0.5},
    "mcp.given_up": {"mcp_server": "files", "reason": "no such program"},
}
"""What a record of an event must say, beyond what all do."""


def record(event: str, at: float = 0.0, **fields: Any) -> Record:
    """A record, `at` seconds after the story began."""
    said = {
        "timestamp": datetime.fromtimestamp(T0 + at, UTC),
        "level": "INFO",
        "message": event,
        "schema": 1,
        "seq": 1,
        "run_id": "r",
        "pid": 1,
        **NEEDS.get(event, {}),
        **fields,
    }
    if event == "request.retry_scheduled":
        said.setdefault("retry_next_at", T0 + at + said["retry_delay"])
    return EVENTS[f"actors.{event}"](**said)  # type: ignore[return-value]
