"""The log's vocabulary: what happened (`EVENTS`), and what is said about it (`FIELDS`), written down once, as structs.

A record is one flat JSON object. Names are OpenTelemetry's where its conventions have one (the GenAI
attributes, `error.*`, `exception.*`, `http.*`, `server.*`, `code.*`, `process.*`), else greenroom's own under
the same rule: lower case and dotted. Durations are float seconds, sizes are bytes. A field that does not
apply is absent. New names may be added at any time, so a reader passes over what it does not know; `SCHEMA`
goes up only when a field changes meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeAlias

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
        "retry_delay": "retry.delay",
        "retry_max": "retry.max",
        "retry_reason": "retry.reason",
        "retry_next_at": "retry.next_at",
        "mcp_server": "mcp.server.name",
        "mcp_protocol": "mcp.protocol.version",
        "asked": "ask.session",
        "room": "room.name",
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


class RuntimeStarted(Stamped, frozen=True, kw_only=True, tag="actors.runtime.started"):
    """A runtime opened."""


class RuntimeStopped(Stamped, frozen=True, kw_only=True, tag="actors.runtime.stopped"):
    """A runtime closed."""


class RuntimeStats(Stamped, frozen=True, kw_only=True, tag="actors.runtime.stats"):
    """A runtime's figures, every few seconds; the counters count from its start."""

    sessions_total: int
    sessions_idle: int
    sessions_streaming: int
    sessions_retrying: int
    sessions_ended: int
    turns_started: int
    turns_completed: int
    turns_failed: int
    turns_cancelled: int
    retries: int
    dead_letters: int
    mailbox_depth: int
    loop_lag: float
    rss: int


class DispatcherStalled(Stamped, frozen=True, kw_only=True, tag="actors.dispatcher.stalled"):
    """A handler has held the loop for `duration` seconds, and still does."""

    duration: float
    stack: str


class ActorRecord(Stamped, frozen=True, kw_only=True, tag=""):
    """What a record about an actor has."""

    actor_class: str
    actor_urn: str
    actor_parent: str | None = None
    actor_state: str | None = None
    actor_restarts: int | None = None
    inbox_size: int | None = None
    session: str | None = None


class ActorStarted(ActorRecord, frozen=True, kw_only=True, tag="actors.actor.started"):
    """A supervisor or session actor started."""


class ActorStopped(ActorRecord, frozen=True, kw_only=True, tag="actors.actor.stopped"):
    """A supervisor or session actor stopped for good."""


class ActorFailed(ActorRecord, frozen=True, kw_only=True, tag="actors.actor.failed"):
    """An actor, of any class, raised."""


class ActorRestarted(ActorRecord, frozen=True, kw_only=True, tag="actors.actor.restarted"):
    """A new incarnation runs."""


class ActorGaveUp(ActorRecord, frozen=True, kw_only=True, tag="actors.actor.gave_up"):
    """Its parent will not restart it again."""


class ActorDeadLetter(ActorRecord, frozen=True, kw_only=True, tag="actors.actor.dead_letter"):
    """A message could not be delivered."""

    message_type: str


class SessionRecord(Stamped, frozen=True, kw_only=True, tag=""):
    """What a record about a session has."""

    session: str
    agent: str | None = None


class SessionStarted(SessionRecord, frozen=True, kw_only=True, tag="actors.session.started"):
    """A session is there; `session_parent` says whose child it is."""

    session_parent: str | None = None


class SessionEnded(SessionRecord, frozen=True, kw_only=True, tag="actors.session.ended"):
    """A session is over."""

    reason: str


class SessionRestarted(SessionRecord, frozen=True, kw_only=True, tag="actors.session.restarted"):
    """An actor of the session was started anew."""

    actor_restarts: int


class TurnRecord(SessionRecord, frozen=True, kw_only=True, tag=""):
    """What a record about a turn has."""

    turn: int
    step: int | None = None
    attempt: int | None = None


class TurnStarted(TurnRecord, frozen=True, kw_only=True, tag="actors.turn.started"):
    """A turn was taken up."""


class TurnEnd(TurnRecord, frozen=True, kw_only=True, tag=""):
    """What the terminal record of a turn has; `duration` unless it had not begun."""

    outcome: str
    duration: float | None = None


class TurnCompleted(TurnEnd, frozen=True, kw_only=True, tag="actors.turn.completed"):
    """A turn has its answer."""


class TurnFailed(TurnEnd, frozen=True, kw_only=True, tag="actors.turn.failed"):
    """A turn failed for good."""

    error_type: str
    reason: str | None = None


class TurnCancelled(TurnEnd, frozen=True, kw_only=True, tag="actors.turn.cancelled"):
    """A turn was cancelled."""

    reason: str


class RetryScheduled(TurnRecord, frozen=True, kw_only=True, tag="actors.request.retry_scheduled"):
    """The next attempt of a step is due at `retry_next_at`, in Unix seconds."""

    retry_delay: float
    retry_max: int
    retry_reason: str
    retry_next_at: float


class TurnSteered(TurnRecord, frozen=True, kw_only=True, tag="actors.turn.steered"):
    """What the user said in mid-turn entered before its next step."""

    messages_count: int


class AnswerRejected(TurnRecord, frozen=True, kw_only=True, tag="actors.turn.answer_rejected"):
    """The model is asked again; `rejected_count` answers of this kind were not taken in this turn."""

    error_type: str
    rejected_count: int


class LoopNoticed(TurnRecord, frozen=True, kw_only=True, tag="actors.turn.loop_noticed"):
    """The model asked for the same call `repeats_count` times."""

    tool_name: str
    repeats_count: int


class ContextTrimmed(TurnRecord, frozen=True, kw_only=True, tag="actors.context.trimmed"):
    """Messages are no longer sent; `reason` is `budget` or `refused` (by the endpoint), tokens are estimates."""

    reason: str
    messages_cut: int
    tokens_before: int
    tokens_after: int
    tokens_budget: int


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


class ApprovalDecided(TurnRecord, frozen=True, kw_only=True, tag="actors.approval.decided"):
    """A decision was made after `duration` seconds, or nobody made one in time."""

    tool_call_id: str
    approval_id: str
    outcome: str
    duration: float


class RequestRecord(TurnRecord, frozen=True, kw_only=True, tag=""):
    """What a record about an attempt has."""

    request_id: str
    operation: str
    provider: str
    model: str
    server_address: str
    server_port: int
    messages_count: int
    tools_count: int


class RequestStarted(RequestRecord, frozen=True, kw_only=True, tag="actors.request.started"):
    """A request goes out."""


class RequestFirstChunk(RequestRecord, frozen=True, kw_only=True, tag="actors.request.first_chunk"):
    """The first parsed chunk of its reply is there."""

    time_to_first_chunk: float


class RequestProgress(RequestRecord, frozen=True, kw_only=True, tag="actors.request.progress"):
    """It still streams."""

    chunks_count: int
    duration: float


class RequestEnd(RequestRecord, frozen=True, kw_only=True, tag=""):
    """What the end of an attempt has."""

    attempt_duration: float
    chunks_count: int | None = None
    usage_source: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    reasoning_tokens: int | None = None
    total_tokens: int | None = None


class RequestCompleted(RequestEnd, frozen=True, kw_only=True, tag="actors.request.completed"):
    """A request was answered."""

    outcome: str
    finish_reasons: tuple[str | None, ...]
    response_id: str
    response_model: str
    calls_count: int = 0


class RequestFailed(RequestEnd, frozen=True, kw_only=True, tag="actors.request.failed"):
    """A request was not answered, or not to the end."""

    outcome: str
    error_type: str
    status: int | None = None


class RequestCancelled(RequestEnd, frozen=True, kw_only=True, tag="actors.request.cancelled"):
    """Nobody waits for the request any more."""


class AskFailed(SessionRecord, frozen=True, kw_only=True, tag="actors.ask.failed"):
    """A session asked another one in a circle, or got no answer in time; `turn` is the one that waits, if one does."""

    turn: int | None = None
    asked: str
    error_type: str


class RoomMissed(SessionRecord, frozen=True, kw_only=True, tag="actors.room.missed"):
    """The turn in which a member of a room was to hear something did not complete."""

    room: str


class McpRecord(Stamped, frozen=True, kw_only=True, tag=""):
    """What a record about an MCP server has."""

    mcp_server: str


class McpConnected(McpRecord, frozen=True, kw_only=True, tag="actors.mcp.connected"):
    """A server can be spoken with; `duration` is how long that took."""

    mcp_protocol: str
    duration: float


class McpToolsListed(McpRecord, frozen=True, kw_only=True, tag="actors.mcp.tools_listed"):
    """A server said which tools it has, at first or again."""

    tools_count: int


class McpToolLeftOut(McpRecord, frozen=True, kw_only=True, tag="actors.mcp.tool_left_out"):
    """A tool of a server can't be one here."""


class McpFailed(McpRecord, frozen=True, kw_only=True, tag="actors.mcp.failed"):
    """A server was lost or not reached, and is tried again in `retry_delay` seconds."""

    actor_restarts: int
    retry_delay: float


class McpGivenUp(McpRecord, frozen=True, kw_only=True, tag="actors.mcp.given_up"):
    """A server is not tried again."""

    reason: str


Record: TypeAlias = (
    RuntimeStarted
    | RuntimeStopped
    | RuntimeStats
    | DispatcherStalled
    | ActorStarted
    | ActorStopped
    | ActorFailed
    | ActorRestarted
    | ActorGaveUp
    | ActorDeadLetter
    | SessionStarted
    | SessionEnded
    | SessionRestarted
    | TurnStarted
    | TurnCompleted
    | TurnFailed
    | TurnCancelled
    | TurnSteered
    | AnswerRejected
    | LoopNoticed
    | ContextTrimmed
    | ToolStarted
    | ToolCompleted
    | ToolFailed
    | ApprovalRequested
    | ApprovalDecided
    | RetryScheduled
    | RequestStarted
    | RequestFirstChunk
    | RequestProgress
    | RequestCompleted
    | RequestFailed
    | RequestCancelled
    | AskFailed
    | RoomMissed
    | McpConnected
    | McpToolsListed
    | McpToolLeftOut
    | McpFailed
    | McpGivenUp
)


EVENTS: Final[Mapping[str, type[Stamped]]] = MappingProxyType(
    {str(kind.__struct_config__.tag): kind for kind in Record.__args__}
)
"""Every event name, and what its record is."""

EXCEPTION_FIELDS: Final = ("exception.type", "exception.message", "exception.stacktrace")
"""What `Log.emit` makes of `exc`."""

STAMPED: Final = ("timestamp", "level", TAG, "message", "schema", "seq", "run.id", "process.pid")
"""The fields of every record, in this order; callers of `Log.emit` do not pass them."""

FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        name: said
        for kind in EVENTS.values()
        for name, said in zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
        if said not in STAMPED and said not in EXCEPTION_FIELDS
    }
)
"""Python's name for a field, as `Log.emit` takes it, to the record's name."""


def json_schema() -> dict[str, Any]:
    """The schema of a line as a JSON Schema (2020-12); it allows fields that it does not name."""
    schema = msgspec.json.schema(Record)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A record of greenroom's log, schema {SCHEMA}",
        **schema,
    }
