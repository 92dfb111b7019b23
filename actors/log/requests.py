"""The log's records of requests: a record of each attempt's beginning, progress and end."""

from __future__ import annotations

from actors.log.turns import TurnRecord


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
