"""What every record of the log has, and the words all of them use: names, levels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

SCHEMA: Final = 1

PREFIX: Final = "actors."
"""What every event name begins with."""

LEVELS: Final = ("TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL")
"""loguru's levels, in rising order."""

RANKS: Final[Mapping[str, int]] = MappingProxyType({level: rank for rank, level in enumerate(LEVELS)})
"""How high a level is."""

TAG: Final = "event.name"

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "run_id": "run.id",
        "pid": "process.pid",
        "exception_type": "exception.type",
        "exception_message": "exception.message",
        "exception_stack": "exception.stacktrace",
        "actor_class": "actor.class",
        "actor_urn": "actor.urn",
        "actor_parent": "actor.parent",
        "actor_state": "actor.state",
        "actor_restarts": "actor.restarts",
        "inbox_size": "actor.inbox.size",
        "message_type": "message.type",
        "session": "gen_ai.conversation.id",
        "session_parent": "session.parent",
        "turn": "session.turn",
        "step": "session.step",
        "request_id": "request.id",
        "attempt": "request.attempt",
        "agent": "gen_ai.agent.name",
        "previous_agent": "agent.previous",
        "operation": "gen_ai.operation.name",
        "provider": "gen_ai.provider.name",
        "model": "gen_ai.request.model",
        "response_model": "gen_ai.response.model",
        "response_id": "gen_ai.response.id",
        "finish_reasons": "gen_ai.response.finish_reasons",
        "time_to_first_chunk": "gen_ai.response.time_to_first_chunk",
        "input_tokens": "gen_ai.usage.input_tokens",
        "output_tokens": "gen_ai.usage.output_tokens",
        "cached_input_tokens": "gen_ai.usage.cache_read.input_tokens",
        "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
        "total_tokens": "usage.total_tokens",
        "usage_source": "usage.source",
        "messages_count": "messages.count",
        "tools_count": "tools.count",
        "calls_count": "calls.count",
        "chunks_count": "chunks.count",
        "attempt_duration": "attempt.duration",
        "error_type": "error.type",
        "status": "http.response.status_code",
        "server_address": "server.address",
        "server_port": "server.port",
        "tool_name": "gen_ai.tool.name",
        "tool_call_id": "gen_ai.tool.call.id",
        "tool_attempt": "tool.attempt",
        "tool_ran": "tool.ran",
        "approval_id": "approval.id",
        "rejected_count": "rejected.count",
        "repeats_count": "repeats.count",
        "messages_cut": "messages.cut",
        "tokens_before": "tokens.before",
        "tokens_after": "tokens.after",
        "tokens_budget": "tokens.budget",
        "spent_steps": "spent.steps",
        "spent_tool_calls": "spent.tool_calls",
        "spent_tokens": "spent.tokens",
        "spent_cost": "spent.cost",
        "retry_delay": "retry.delay",
        "retry_max": "retry.max",
        "retry_reason": "retry.reason",
        "retry_next_at": "retry.next_at",
        "asked": "ask.session",
        "room": "room.name",
        "mcp_server": "mcp.server.name",
        "mcp_protocol": "mcp.protocol.version",
        "stack": "code.stacktrace",
        "sessions_total": "runtime.sessions.total",
        "sessions_idle": "runtime.sessions.idle",
        "sessions_streaming": "runtime.sessions.streaming",
        "sessions_retrying": "runtime.sessions.retrying",
        "sessions_ended": "runtime.sessions.ended",
        "turns_started": "runtime.turns.started",
        "turns_completed": "runtime.turns.completed",
        "turns_failed": "runtime.turns.failed",
        "turns_cancelled": "runtime.turns.cancelled",
        "retries": "runtime.retries",
        "dead_letters": "runtime.dead_letters",
        "loop_lag": "runtime.loop.lag",
        "mailbox_depth": "runtime.mailbox.depth",
        "rss": "runtime.rss",
    }
)
"""Python's name for a field to the record's, where the two differ."""

Level: TypeAlias = Annotated[str, Meta(extra_json_schema={"enum": list(LEVELS)})]
"""Any text when read: a host's own loguru levels are no reason to lose a record."""


class Stamped(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    omit_defaults=True,
    rename=NAMES,
    tag_field=TAG,
    tag="",
):
    """What every record has."""

    timestamp: datetime
    level: Level
    message: str
    schema: int
    seq: int
    run_id: str
    pid: int
    exception_type: str | None = None
    exception_message: str | None = None
    exception_stack: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
