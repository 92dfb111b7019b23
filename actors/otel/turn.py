"""A turn as a trace that grows: the turn, its steps, a step's request with all attempts, its calls. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from actors.log.schema import (
    AnswerRejected,
    ContextTrimmed,
    LoopNoticed,
    RequestCancelled,
    RequestCompleted,
    RequestEnd,
    RequestFailed,
    RequestFirstChunk,
    RequestStarted,
    RetryScheduled,
    SessionRestarted,
    Stamped,
    ToolRecord,
    TurnCompleted,
    TurnEnd,
    TurnRecord,
    TurnSteered,
)
from actors.otel.calls import Calls
from actors.otel.names import (
    ANSWER_REJECTED,
    ATTEMPT_CANCELLED,
    ATTEMPT_FAILED,
    ATTEMPT_STARTED,
    ATTRIBUTES,
    CONTEXT_TRIMMED,
    EXCEPTION,
    FIRST_CHUNK,
    INCOMPLETE,
    INVOKE_AGENT,
    LOOP_NOTICED,
    RETRY_SCHEDULED,
    STEERED,
    STREAM,
)
from actors.otel.said import PLACE, nanoseconds, said
from actors.otel.spans import Draft, Span

REQUEST: Final = (
    *PLACE,
    "operation",
    "provider",
    "model",
    "server_address",
    "server_port",
    "messages_count",
    "tools_count",
)
USAGE: Final = ("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens", "usage_source")
ANSWER: Final = ("response_id", "response_model", "finish_reasons", "calls_count", "chunks_count", *USAGE)
ATTEMPT: Final = ("attempt", "error_type", "status", "attempt_duration", "chunks_count", *USAGE)
RETRY: Final = ("attempt", "retry_delay", "retry_max", "retry_reason")
NOTICED: Final[Mapping[type[TurnRecord], tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        TurnSteered: (STEERED, ("step", "messages_count")),
        AnswerRejected: (ANSWER_REJECTED, ("step", "error_type", "rejected_count")),
        LoopNoticed: (LOOP_NOTICED, ("step", "tool_name", "repeats_count")),
        ContextTrimmed: (
            CONTEXT_TRIMMED,
            ("step", "reason", "messages_cut", "tokens_before", "tokens_after", "tokens_budget"),
        ),
    }
)
"""What the turn loop notices: the event of the turn's span, and what is said of it."""
RAISED: Final = ("exception_type", "exception_message", "exception_stack")


class Turn:
    """A turn that has not ended. Its records are given in order."""

    def __init__(self, record: TurnRecord, begun: int | None = None) -> None:
        begun = nanoseconds(record) if begun is None else begun
        attributes = said(record, ("session", "agent", "turn", "run_id", "pid"))
        attributes[ATTRIBUTES["operation"]] = INVOKE_AGENT
        name = INVOKE_AGENT if record.agent is None else f"{INVOKE_AGENT} {record.agent}"
        self._turn = Draft(name, "internal", begun, attributes)
        self._step: Draft | None = None
        self._request: Draft | None = None
        self._calls = Calls()
        self._number: int | None = None
        self._first_chunk: float | None = None

    def apply(self, record: Stamped) -> None:
        """Take a record of the turn that neither begins nor ends it."""
        at = nanoseconds(record)
        self._turn.seen = at
        match record:
            case RequestStarted():
                self._started(record, at)
            case RequestFirstChunk():
                self._on_request(FIRST_CHUNK, record, at, ("attempt", "time_to_first_chunk"))
                self._first_chunk = record.time_to_first_chunk
            case RetryScheduled():
                self._on_request(RETRY_SCHEDULED, record, at, RETRY)
            case RequestCompleted():
                self._completed(record, at)
            case RequestFailed():
                self._failed(record, at)
            case RequestCancelled():
                self._on_request(ATTEMPT_CANCELLED, record, at, ATTEMPT)
            case ToolRecord():
                self._called(record, at)
            case SessionRestarted():
                self._turn.event(EXCEPTION, at, said(record, RAISED))
            case TurnSteered() | AnswerRejected() | LoopNoticed() | ContextTrimmed():
                name, fields = NOTICED[type(record)]
                self._turn.event(name, at, said(record, fields))

    def end(self, record: TurnEnd) -> Span:
        """The turn is over, as its terminal record says."""
        at = nanoseconds(record)
        self._end_step(at)
        self._turn.attributes |= said(record, ("outcome", "reason", "error_type"))
        if not isinstance(record, TurnCompleted):
            self._turn.error = record.message
            self._turn.attributes.setdefault(ATTRIBUTES["error_type"], record.outcome)
        return self._turn.end(at)

    def break_off(self) -> Span:
        """The log tells no more of it."""
        self._turn.attributes[INCOMPLETE] = True
        self._end_step(self._turn.seen)
        return self._turn.end(self._turn.seen)

    def _started(self, record: RequestStarted, at: int) -> None:
        if self._step is None or record.step != self._number:
            self._end_step(at)
            self._number = record.step
            self._step = Draft(f"step {record.step}", "internal", at, said(record, PLACE))
        if self._request is None:
            attributes = said(record, REQUEST) | {STREAM: True}
            self._request = Draft(f"{record.operation} {record.model}", "client", at, attributes)
        self._request.error = None
        self._request.attributes.pop(ATTRIBUTES["error_type"], None)
        self._on_request(ATTEMPT_STARTED, record, at, ("attempt",))
        self._first_chunk = None

    def _called(self, record: ToolRecord, at: int) -> None:
        span = self._calls.apply(record, at)
        if span is not None:
            # In a log that begins in mid-turn the step may be unknown.
            (self._turn if self._step is None else self._step).children.append(span)

    def _completed(self, record: RequestCompleted, at: int) -> None:
        request = self._request
        if request is None:
            return
        self._cost(request, record)
        request.attributes |= said(record, ANSWER)
        if self._first_chunk is not None:
            request.attributes[ATTRIBUTES["time_to_first_chunk"]] = self._first_chunk
        self._end_request(at)

    def _failed(self, record: RequestFailed, at: int) -> None:
        request = self._request
        if request is None:
            return
        self._cost(request, record)
        self._on_request(ATTEMPT_FAILED, record, at, ATTEMPT)
        # It stands if no other attempt follows.
        request.error = record.message
        request.attributes[ATTRIBUTES["error_type"]] = record.error_type

    @staticmethod
    def _cost(request: Draft, record: RequestEnd) -> None:
        if record.usage_source == "measured":
            before = (0, 0) if request.tokens is None else request.tokens
            request.tokens = (before[0] + (record.input_tokens or 0), before[1] + (record.output_tokens or 0))

    def _on_request(self, name: str, record: Stamped, at: int, fields: tuple[str, ...]) -> None:
        if self._request is not None:
            self._request.event(name, at, said(record, fields))

    def _end_request(self, at: int) -> None:
        if self._request is not None and self._step is not None:
            self._step.children.append(self._request.end(at))
        self._request = None

    def _end_step(self, at: int) -> None:
        # A request that failed for good ended with its last attempt, and not when the turn did.
        if self._request is not None:
            self._end_request(self._request.seen)
        (self._turn if self._step is None else self._step).children.extend(self._calls.break_off(at))
        if self._step is not None:
            self._turn.children.append(self._step.end(at))
        self._step = None
