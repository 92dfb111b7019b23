"""The log's vocabulary: what happened (`EVENTS`), and what is said about it (`FIELDS`), written down once, as structs.

A record is one flat JSON object. Names are OpenTelemetry's where its conventions have one (the GenAI
attributes, `error.*`, `exception.*`, `http.*`, `server.*`, `code.*`, `process.*`), else greenroom's own under
the same rule: lower case and dotted. Durations are float seconds, sizes are bytes. A field that does not
apply is absent. New names may be added at any time, so a reader passes over what it does not know; `SCHEMA`
goes up only when a field changes meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec

from actors.log.mcp import (
    McpConnected,
    McpFailed,
    McpGivenUp,
    McpRecord,
    McpToolLeftOut,
    McpToolsListed,
)
from actors.log.requests import (
    RequestCancelled,
    RequestCompleted,
    RequestEnd,
    RequestFailed,
    RequestFirstChunk,
    RequestProgress,
    RequestRecord,
    RequestStarted,
)
from actors.log.stamped import (
    LEVELS,
    NAMES,
    PREFIX,
    RANKS,
    SCHEMA,
    TAG,
    Level,
    Stamped,
)
from actors.log.talking import AskFailed, RoomMissed
from actors.log.tools import (
    ApprovalDecided,
    ApprovalRequested,
    ToolCompleted,
    ToolEnd,
    ToolFailed,
    ToolRecord,
    ToolStarted,
)
from actors.log.turns import (
    AnswerRejected,
    ContextTrimmed,
    LoopNoticed,
    RetryScheduled,
    SessionEnded,
    SessionHandedOff,
    SessionRecord,
    SessionRestarted,
    SessionStarted,
    TurnCancelled,
    TurnCompleted,
    TurnEnd,
    TurnFailed,
    TurnRecord,
    TurnStarted,
    TurnSteered,
)

__all__ = [
    "EVENTS",
    "EXCEPTION_FIELDS",
    "FIELDS",
    "LEVELS",
    "NAMES",
    "PREFIX",
    "RANKS",
    "SCHEMA",
    "STAMPED",
    "TAG",
    "ActorDeadLetter",
    "ActorFailed",
    "ActorGaveUp",
    "ActorRecord",
    "ActorRestarted",
    "ActorStarted",
    "ActorStopped",
    "AnswerRejected",
    "ApprovalDecided",
    "ApprovalRequested",
    "AskFailed",
    "ContextTrimmed",
    "DispatcherStalled",
    "Level",
    "LoopNoticed",
    "McpConnected",
    "McpFailed",
    "McpGivenUp",
    "McpRecord",
    "McpToolLeftOut",
    "McpToolsListed",
    "Record",
    "RequestCancelled",
    "RequestCompleted",
    "RequestEnd",
    "RequestFailed",
    "RequestFirstChunk",
    "RequestProgress",
    "RequestRecord",
    "RequestStarted",
    "RetryScheduled",
    "RoomMissed",
    "RuntimeStarted",
    "RuntimeStats",
    "RuntimeStopped",
    "SessionEnded",
    "SessionHandedOff",
    "SessionRecord",
    "SessionRestarted",
    "SessionStarted",
    "Stamped",
    "ToolCompleted",
    "ToolEnd",
    "ToolFailed",
    "ToolRecord",
    "ToolStarted",
    "TurnCancelled",
    "TurnCompleted",
    "TurnEnd",
    "TurnFailed",
    "TurnRecord",
    "TurnStarted",
    "TurnSteered",
    "json_schema",
]  # fmt: skip


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
    | SessionHandedOff
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
