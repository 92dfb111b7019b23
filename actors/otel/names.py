"""The names of OpenTelemetry's GenAI conventions that are used, of one version. They are still moving: here they move.

Version 1.41.0 is the last one that OpenTelemetry's main conventions had of them; they go on in a repository of their
own. What has no name there begins with `greenroom.`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

VERSION: Final = "1.41.0"
SCHEMA_URL: Final = f"https://opentelemetry.io/schemas/{VERSION}"

INVOKE_AGENT: Final = "invoke_agent"
EXECUTE_TOOL: Final = "execute_tool"
"""The operations of a turn and of a call; the log says a request's."""

ATTRIBUTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "approval_id": "greenroom.approval.id",
        "agent": "gen_ai.agent.name",
        "attempt": "greenroom.attempt",
        "attempt_duration": "greenroom.attempt.duration",
        "cached_input_tokens": "gen_ai.usage.cache_read.input_tokens",
        "calls_count": "greenroom.calls.count",
        "chunks_count": "greenroom.chunks.count",
        "duration": "greenroom.duration",
        "error_type": "error.type",
        "exception_message": "exception.message",
        "exception_stack": "exception.stacktrace",
        "exception_type": "exception.type",
        "finish_reasons": "gen_ai.response.finish_reasons",
        "input_tokens": "gen_ai.usage.input_tokens",
        "messages_count": "greenroom.messages.count",
        "messages_cut": "greenroom.messages.cut",
        "model": "gen_ai.request.model",
        "operation": "gen_ai.operation.name",
        "outcome": "greenroom.outcome",
        "output_tokens": "gen_ai.usage.output_tokens",
        "pid": "process.pid",
        "provider": "gen_ai.provider.name",
        "reason": "greenroom.reason",
        "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
        "rejected_count": "greenroom.rejected.count",
        "repeats_count": "greenroom.repeats.count",
        "response_id": "gen_ai.response.id",
        "response_model": "gen_ai.response.model",
        "retry_delay": "greenroom.retry.delay",
        "retry_max": "greenroom.retry.max",
        "retry_reason": "greenroom.retry.reason",
        "run_id": "greenroom.run.id",
        "server_address": "server.address",
        "server_port": "server.port",
        "session": "gen_ai.conversation.id",
        "status": "http.response.status_code",
        "step": "greenroom.step",
        "time_to_first_chunk": "gen_ai.response.time_to_first_chunk",
        "tokens_after": "greenroom.tokens.after",
        "tokens_before": "greenroom.tokens.before",
        "tokens_budget": "greenroom.tokens.budget",
        "tool_attempt": "greenroom.tool.attempt",
        "tool_call_id": "gen_ai.tool.call.id",
        "tool_name": "gen_ai.tool.name",
        "tool_ran": "greenroom.tool.ran",
        "tools_count": "greenroom.tools.count",
        "turn": "greenroom.turn",
        "usage_source": "greenroom.usage.source",
    }
)
"""A field of the log's records, by its name in Python, to the attribute of a span or an event."""

STREAM: Final = "gen_ai.request.stream"
INCOMPLETE: Final = "greenroom.incomplete"
"""On a span whose end the log does not tell."""

ATTEMPT_STARTED: Final = "greenroom.attempt.started"
ATTEMPT_FAILED: Final = "greenroom.attempt.failed"
ATTEMPT_CANCELLED: Final = "greenroom.attempt.cancelled"
FIRST_CHUNK: Final = "greenroom.first_chunk"
RETRY_SCHEDULED: Final = "greenroom.retry.scheduled"
TOOL_STARTED: Final = "greenroom.tool.started"
APPROVAL_REQUESTED: Final = "greenroom.approval.requested"
APPROVAL_DECIDED: Final = "greenroom.approval.decided"
STEERED: Final = "greenroom.turn.steered"
ANSWER_REJECTED: Final = "greenroom.turn.answer_rejected"
LOOP_NOTICED: Final = "greenroom.turn.loop_noticed"
CONTEXT_TRIMMED: Final = "greenroom.context.trimmed"
EXCEPTION: Final = "exception"

OPERATION_DURATION: Final = "gen_ai.client.operation.duration"
TIME_TO_FIRST_CHUNK: Final = "gen_ai.client.operation.time_to_first_chunk"
TOKEN_USAGE: Final = "gen_ai.client.token.usage"  # noqa: S105 - tokens of text
TOKEN_TYPE: Final = "gen_ai.token.type"  # noqa: S105 - the same

TOOL_DURATION: Final = "gen_ai.execute_tool.duration"
"""Of the conventions' own repository: 1.41.0 has no metric of tools yet."""

SECONDS_BUCKETS: Final = (
    *(0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28),
    *(2.56, 5.12, 10.24, 20.48, 40.96, 81.92),
)
TOKEN_BUCKETS: Final = tuple(4**power for power in range(14))

MEASURED_BY: Final = tuple(
    ATTRIBUTES[field]
    for field in (
        "operation",
        "provider",
        "model",
        "response_model",
        "server_address",
        "server_port",
        "error_type",
    )
)
"""The attributes of a request that its metrics have too."""
TOOL_MEASURED_BY: Final = tuple(ATTRIBUTES[field] for field in ("operation", "tool_name", "error_type"))
"""The same of a tool."""
