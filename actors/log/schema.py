"""The log's vocabulary: what happened (`EVENTS`), and what is said about it (`FIELDS`).

A record is one flat JSON object. Names are OpenTelemetry's where its conventions have one (the GenAI
attributes, `error.*`, `exception.*`, `http.*`, `server.*`, `code.*`, `process.*`), else greenroom's own under
the same rule: lower case and dotted. Durations are float seconds, sizes are bytes. A field that does not
apply is absent. New names may be added at any time; `SCHEMA` goes up only when a field changes meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SCHEMA: Final = 1

PREFIX: Final = "actors."
"""What every event name begins with."""

EVENTS: Final[frozenset[str]] = frozenset(
    {
        "actors.runtime.started",
        "actors.runtime.stopped",
        "actors.runtime.stats",
        "actors.actor.started",
        "actors.actor.stopped",
        "actors.actor.failed",
        "actors.actor.restarted",
        "actors.actor.gave_up",
        "actors.actor.dead_letter",
        "actors.session.started",
        "actors.session.ended",
        "actors.session.restarted",
        "actors.turn.started",
        "actors.turn.completed",
        "actors.turn.failed",
        "actors.turn.cancelled",
        "actors.request.started",
        "actors.request.first_chunk",
        "actors.request.progress",
        "actors.request.completed",
        "actors.request.failed",
        "actors.request.cancelled",
        "actors.request.retry_scheduled",
        "actors.dispatcher.stalled",
    }
)

LEVELS: Final = ("TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL")
"""loguru's levels, in rising order."""

STAMPED: Final = (
    "timestamp",
    "level",
    "event.name",
    "message",
    "schema",
    "seq",
    "run.id",
    "process.pid",
)
"""The fields of every record, in this order; callers of `Log.emit` do not pass them."""

FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "actor_class": "actor.class",
        "actor_urn": "actor.urn",
        "actor_parent": "actor.parent",
        "actor_state": "actor.state",
        "actor_restarts": "actor.restarts",
        "inbox_size": "actor.inbox.size",
        "message_type": "message.type",
        "session": "gen_ai.conversation.id",
        "turn": "session.turn",
        "step": "session.step",
        "request_id": "request.id",
        "attempt": "request.attempt",
        "agent": "gen_ai.agent.name",
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
        "tool": "gen_ai.tool.name",
        "tool_call_id": "gen_ai.tool.call.id",
        "messages_count": "messages.count",
        "tools_count": "tools.count",
        "calls_count": "calls.count",
        "chunks_count": "chunks.count",
        "duration": "duration",
        "attempt_duration": "attempt.duration",
        "outcome": "outcome",
        "reason": "reason",
        "error_type": "error.type",
        "error_message": "error.message",
        "status": "http.response.status_code",
        "server_address": "server.address",
        "server_port": "server.port",
        "retry_delay": "retry.delay",
        "retry_max": "retry.max",
        "retry_reason": "retry.reason",
        "retry_next_at": "retry.next_at",
        "stack": "code.stacktrace",
        "trace_id": "trace_id",
        "span_id": "span_id",
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
"""Python's name for a field, as `Log.emit` takes it, to the record's name."""

EXCEPTION_FIELDS: Final = ("exception.type", "exception.message", "exception.stacktrace")
"""What `Log.emit` makes of `exc`."""
