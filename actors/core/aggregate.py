"""The chunks of one attempt, made into deltas and a result.

The rules are the reference turn's, with its departures: text and thoughts count until a tool call begins, a
stream that ends with neither a finish reason nor the end marker is truncated, and nothing of it is ever
runnable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec

from actors.config import Limits
from actors.core.calls import Calls
from actors.core.chunks import (
    Chunk,
    Citations,
    End,
    Error,
    Finish,
    Refusal,
    ResponseInfo,
    Text,
    Thought,
    ToolCallFragment,
    Usage,
)
from actors.errors import ProtocolViolation
from actors.events import AttemptUsage, Citation, ToolCall
from actors.outcome import Complete, InBandError, Outcome, Protocol, Truncated

_CODE_POINTS_PER_TOKEN = 4
"""The usual rule of thumb, for attempts whose endpoint reported no usage."""


class TextPiece(msgspec.Struct, frozen=True, gc=False):
    """A piece of text to show."""

    text: str


class ThoughtPiece(msgspec.Struct, frozen=True, gc=False):
    """A piece of thought to show."""

    text: str


class ToolCallPiece(msgspec.Struct, frozen=True, gc=False):
    """A piece of a tool call."""

    call: int
    """Which call of the attempt, from 0 in the order in which they were opened."""
    id: str = ""
    name: str = ""
    arguments: str = ""


Piece: TypeAlias = TextPiece | ThoughtPiece | ToolCallPiece


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one model step gave: the reference turn's result, and what a terminal event needs."""

    full_text: str
    thoughts: str
    """As shown: empty where thoughts are not."""
    refusal: str
    """The part of `full_text` that was a refusal."""
    is_tool_call: bool
    """The model began a tool call, whether or not a call came of it."""
    calls: tuple[ToolCall, ...]
    """In index order."""
    usage: Usage | None
    response_id: str
    response_model: str
    outcome: Outcome
    citations: tuple[Citation, ...] = ()
    """Each once, in the order in which they came."""


class Aggregate:
    """One attempt. `add` chunks until the stream ends, then ask for `outcome` and `result`."""

    def __init__(self, limits: Limits, *, show_thoughts: bool) -> None:
        self._show_thoughts = show_thoughts
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._refusal: list[str] = []
        self._citations: dict[Citation, None] = {}
        self._calls = Calls(limits)
        self.finish_reason: str | None = None
        self.ended = False
        """Whether the end marker came."""
        self.error: Error | None = None
        self.usage: Usage | None = None
        self.info: ResponseInfo | None = None
        self.chunks = 0
        """How many chunks were added."""
        self.received = 0
        """How many code points of text, thought and arguments arrived, shown or not."""
        self.violation: ProtocolViolation | None = None
        """What the next `add` will raise; `outcome` knows it too."""

    @property
    def is_tool_call(self) -> bool:
        """Whether a tool call began."""
        return self._calls.began

    def add(self, chunks: Sequence[Chunk]) -> tuple[Piece, ...]:
        """The pieces that `chunks` add to what is shown; neighbours of one kind come as one.

        What was shown before a violation in the same call is returned, and the next call raises.

        Raises:
            ProtocolViolation: `limit`, past the limits on calls or on their arguments.
        """
        if self.violation is not None:
            raise self.violation
        texts = [chunk.text for chunk in chunks if type(chunk) is Text]
        if len(texts) == len(chunks) and not self._calls.began:
            return self._add_plain(texts)
        pieces = _Pieces()
        try:
            for chunk in chunks:
                self.chunks += 1
                self._add(chunk, pieces)
        except ProtocolViolation as violation:
            self.violation = violation
            shown = pieces.take()
            if not shown:
                raise
            return shown
        return pieces.take()

    def _add_plain(self, texts: list[str]) -> tuple[Piece, ...]:
        """As `_add` for each: the common case, nothing but text."""
        text = "".join(texts)
        self.chunks += len(texts)
        self.received += len(text)
        if not text:
            return ()
        self._text.append(text)
        return (TextPiece(text),)

    def _add(self, chunk: Chunk, pieces: _Pieces) -> None:
        kind = type(chunk)
        if kind is Text or kind is Thought or kind is Refusal:
            self._add_text(chunk, pieces)  # type: ignore[arg-type]  # mypy narrows no union by `type() is`
        elif isinstance(chunk, ToolCallFragment):
            self.received += len(chunk.arguments)
            call = self._calls.add(chunk)
            if call is not None:
                pieces.add_call(call, chunk)
        elif isinstance(chunk, Citations):
            self._citations.update(dict.fromkeys(chunk.citations))
        elif isinstance(chunk, Usage):
            self.usage = chunk if self.usage is None else _merge_usage(self.usage, chunk)
        elif isinstance(chunk, Finish):
            self.finish_reason = chunk.reason
        elif isinstance(chunk, ResponseInfo):
            self.info = chunk
        elif isinstance(chunk, Error):
            self.error = chunk
        elif isinstance(chunk, End):
            self.ended = True

    def _add_text(self, chunk: Text | Thought | Refusal, pieces: _Pieces) -> None:
        text = chunk.text
        self.received += len(text)
        if not text or self._calls.began:
            return
        if type(chunk) is Thought:
            if self._show_thoughts:
                self._thoughts.append(text)
                pieces.add(ThoughtPiece, text)
            return
        if type(chunk) is Refusal:
            self._refusal.append(text)
        self._text.append(text)
        pieces.add(TextPiece, text)

    def outcome(self) -> Outcome:
        """How the attempt ended, if the stream ends here."""
        if self.error is not None:
            return InBandError(message=self.error.message, code=self.error.code, type=self.error.type)
        if self.violation is not None:
            return Protocol(type="limit", message=self.violation.message)
        if self.finish_reason is None and not self.ended:
            return Truncated(
                message=f"the stream ended after {self.chunks} chunks, without finish reason and end marker"
            )
        return Complete(finish_reason=self.finish_reason)

    def result(self, outcome: Outcome) -> StepResult:
        """What the attempt gave; its calls are runnable only if `outcome` is complete."""
        info = self.info if self.info is not None else ResponseInfo()
        return StepResult(
            full_text="".join(self._text),
            thoughts="".join(self._thoughts),
            refusal="".join(self._refusal),
            is_tool_call=self._calls.began,
            calls=self._calls.result(complete=isinstance(outcome, Complete)),
            usage=self.usage,
            response_id=info.id,
            response_model=info.model,
            outcome=outcome,
            citations=tuple(self._citations),
        )

    def attempt_usage(self, *, step: int, attempt: int) -> AttemptUsage:
        """What the attempt cost, by what has arrived."""
        return attempt_usage(self.usage, self.received, step=step, attempt=attempt)


def attempt_usage(usage: Usage | None, received: int, *, step: int, attempt: int) -> AttemptUsage:
    """What an attempt cost: as reported, else estimated from what arrived, else unknown.

    Args:
        usage: what the endpoint reported, if anything.
        received: how many code points of text, thought and arguments arrived.
        step: the attempt's step.
        attempt: its number in the step.
    """
    if usage is not None and (usage.input_tokens, usage.output_tokens, usage.total_tokens) != (
        None,
        None,
        None,
    ):
        counts = {name: getattr(usage, name) for name in usage.__struct_fields__}
        return AttemptUsage(step=step, attempt=attempt, source="measured", **counts)
    if received:
        estimate = -(-received // _CODE_POINTS_PER_TOKEN)
        return AttemptUsage(step=step, attempt=attempt, source="estimated", output_tokens=estimate)
    return AttemptUsage(step=step, attempt=attempt, source="unknown")


class _Pieces:
    """Pieces in order, where neighbours of one kind, or of one call, are one."""

    def __init__(self) -> None:
        self._done: list[Piece] = []
        self._kind: type[TextPiece | ThoughtPiece] | None = None
        self._run: list[str] = []
        self._call: tuple[int, str, str] | None = None

    def add(self, kind: type[TextPiece | ThoughtPiece], text: str) -> None:
        if kind is not self._kind:
            self._end_run()
            self._kind = kind
        self._run.append(text)

    def add_call(self, call: int, fragment: ToolCallFragment) -> None:
        if self._call is None or self._call[0] != call:
            self._end_run()
            self._call = call, fragment.id, fragment.name
        else:
            self._call = call, fragment.id or self._call[1], fragment.name or self._call[2]
        self._run.append(fragment.arguments)

    def take(self) -> tuple[Piece, ...]:
        self._end_run()
        return tuple(self._done)

    def _end_run(self) -> None:
        if self._call is not None:
            self._done.append(ToolCallPiece(*self._call, "".join(self._run)))
        elif self._kind is not None:
            self._done.append(self._kind("".join(self._run)))
        self._kind = self._call = None
        self._run = []


def _merge_usage(first: Usage, second: Usage) -> Usage:
    said: dict[str, Any] = {name: getattr(second, name) for name in second.__struct_fields__}
    return msgspec.structs.replace(
        first, **{name: count for name, count in said.items() if count is not None}
    )
