"""What one request gets: a `Play`.

A `Reply` (with or without faults), a `RawBody`, a `Status` or a `Redirect`. A fault alone stands for an empty
reply with that fault. All are checked when made; a mistake raises `ConfigError` with the field and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

import h11
import msgspec

from actors.errors import ConfigError
from actors.events import Citation
from actors.provider.faults import BadChunk, Fault, ends
from actors.provider.tools import Call, ToolShape, fragments
from actors.settings import Count, Positive, Settings

Kind: TypeAlias = Literal["thought", "text", "citations", "tool_call"]
Headers: TypeAlias = Mapping[str, str]
FinalStatus: TypeAlias = Annotated[int, msgspec.Meta(ge=200, le=599)]

BEFORE_HEADERS = -2
AFTER_HEADERS = -1

_BODILESS = {204, 304}
"""RFC 9110, 15.3.5 and 15.4.5."""


class Piece(msgspec.Struct, frozen=True):
    """One delta of a reply."""

    kind: Kind
    delta: dict[str, Any]
    """`choices[0].delta`, as it goes into the chunk."""


class Reply(Settings, frozen=True):
    """A model's answer: streamed if the request asks for a stream, else whole."""

    text: str = ""
    thoughts: str = ""
    """Come before the text."""
    tool_calls: tuple[Call, ...] = ()
    """Come after the text."""
    citations: tuple[Citation, ...] = ()
    """What the text refers to."""
    citation_field: Literal["annotations", "citations"] = "annotations"
    """`annotations`: in a delta behind the text, as OpenAI and OpenRouter have them; `citations`: bare URLs beside the
    choices of every chunk."""
    usage: bool | Literal["always"] = True
    """True: if the request asked for it, and in whole replies; `always`: unasked too; False: never."""
    finish: str | None = "auto"
    """The finish reason; `auto`: `tool_calls` if there are any, else `stop`; None: none is sent."""
    pace_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Seconds between two deltas."""
    delta_chars: Positive = 8
    """Code points in a delta of text, thoughts or arguments."""
    deltas: tuple[str, ...] | None = None
    """The text's deltas, where they must be exact; they may hold lone surrogates. Instead of `text`."""
    text_field: Literal["content", "refusal", "parts"] = "content"
    """Where the text goes; `parts`: `content` as a list of parts."""
    thought_field: Literal["reasoning_content", "reasoning", "reasoning_details"] = "reasoning_content"
    tool_shape: ToolShape = "regular"
    done: bool = True
    """Whether the end marker `[DONE]` is sent."""
    role_first: bool = True
    """Whether a first chunk holds the role and empty content, as OpenAI's does."""
    usage_placement: Literal["last", "every", "choice"] = "last"
    """In a last chunk with empty choices; in every chunk; inside `choices[0]` of the finish chunk."""
    prompt_tokens: Count = 10
    completion_tokens: Count | None = None
    """None: one a delta."""
    model: str | None = None
    """None: the model that was asked for."""
    id: str | None = None
    """None: made of the provider's seed, the key and the attempt, so that it is the same in each run."""
    headers: Headers = msgspec.field(default_factory=dict)
    """Further response headers."""
    framing: Literal["chunked", "close"] = "chunked"
    """`close`: neither length nor chunks; the body ends when the connection does, cleanly."""
    slice: Positive | None = None
    """Each write holds at most so many bytes of the response, head included."""
    ascii: bool = False
    """Escape everything that is not ASCII in JSON; else only lone surrogates are escaped."""
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_headers("Reply.headers", self.headers)
        if self.deltas is not None and self.text:
            self._refuse("deltas", "stands for the text; give either `text` or `deltas`")
        self._check_faults()

    def but(self, *faults: Fault) -> Reply:
        """The same reply with these faults too."""
        return msgspec.structs.replace(self, faults=(*self.faults, *faults))

    @property
    def full_text(self) -> str:
        """The text that a client should end up with."""
        return self.text if self.deltas is None else "".join(self.deltas)

    @property
    def finish_reason(self) -> str | None:
        """The finish reason as sent; None: none."""
        if self.finish == "auto":
            return "tool_calls" if self.tool_calls else "stop"
        return self.finish

    def pieces(self) -> Iterator[Piece]:
        """The deltas, in the order in which they are sent."""
        yield from self._thought_pieces()
        yield from self._text_pieces()
        if self.citations and self.citation_field == "annotations":
            yield Piece("citations", {"annotations": annotated(self.citations)})
        yield from self._tool_pieces()

    def timeline(self) -> tuple[tuple[int, Fault], ...]:
        """The faults in order, each with the number of deltas before it.

        Before the first delta count `BEFORE_HEADERS` and `AFTER_HEADERS`; with n deltas, n + 1 is after the
        finish chunk and n + 2 at the end.
        """
        if not self.faults:
            return ()
        kinds: list[str] = [piece.kind for piece in self.pieces()]
        placed = [(_slot(fault, kinds), fault) for fault in self.faults]
        return tuple(sorted(placed, key=lambda entry: entry[0]))

    def _check_faults(self) -> None:
        ended_by: Fault | None = None
        for _, fault in self.timeline():
            if ended_by is not None:
                self._refuse(
                    "faults",
                    f"{type(fault).__name__} is never reached: {type(ended_by).__name__} ends the reply",
                )
            if isinstance(fault, BadChunk) and self.framing != "chunked":
                self._refuse("faults", "BadChunk needs framing='chunked'")
            if ends(fault):
                ended_by = fault

    def _thought_pieces(self) -> Iterator[Piece]:
        for thought in _cut(self.thoughts, self.delta_chars):
            if self.thought_field == "reasoning_details":
                yield Piece("thought", {self.thought_field: [{"type": "reasoning.text", "text": thought}]})
            else:
                yield Piece("thought", {self.thought_field: thought})

    def _text_pieces(self) -> Iterator[Piece]:
        for text in _cut(self.text, self.delta_chars) if self.deltas is None else self.deltas:
            yield Piece("text", text_delta(self, text))

    def _tool_pieces(self) -> Iterator[Piece]:
        for fragment in fragments(self.tool_calls, self.tool_shape, self.delta_chars):
            yield Piece("tool_call", {"tool_calls": [fragment]})


class RawBody(Settings, frozen=True):
    """Any body, verbatim: a recorded stream, or something that is none."""

    data: bytes
    content_type: str = "text/event-stream"
    slice: Positive | None = None
    """Each write holds at most so many bytes of the response, head included."""
    status: FinalStatus = 200
    headers: Headers = msgspec.field(default_factory=dict)
    framing: Literal["chunked", "length", "close"] = "chunked"
    ending: Literal["end", "eof", "reset", "stall"] = "end"
    """What follows the data: the body's end; or, without that, FIN, RST or nothing."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_headers("RawBody.headers", self.headers)
        if self.data and self.status in _BODILESS:
            self._refuse("data", f"a response of status {self.status} has no body")

    @classmethod
    def html(cls, status: int = 200) -> RawBody:
        """The page that a proxy or a captive portal puts in the endpoint's place."""
        page = (
            b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in.</body></html>\n"
        )
        return cls(page, content_type="text/html; charset=utf-8", status=status, framing="length")


class Status(Settings, frozen=True):
    """A response with a status and a JSON error body, shaped as OpenAI's."""

    status: FinalStatus
    headers: Headers = msgspec.field(default_factory=dict)
    message: str = "The scripted provider was told to say this."
    type: str | None = None
    code: str | None = None
    param: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_headers("Status.headers", self.headers)
        if self.status in _BODILESS:
            self._refuse("status", f"a response of status {self.status} has no body; use RawBody(b'')")


class Redirect(Settings, frozen=True):
    """A redirect to another port of the provider, which records whether it was followed."""

    status: Literal[301, 302, 303, 307, 308] = 307
    location: str | None = None
    """None: the same path at the provider's other port."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.location is not None:
            _check_headers("Redirect.location", {"location": self.location})


Play: TypeAlias = Reply | RawBody | Status | Redirect | Fault
Script: TypeAlias = Play | tuple[Play, ...]
"""A play for every request, or a play for each attempt, of which the last repeats."""


def text_delta(reply: Reply, text: str) -> dict[str, Any]:
    """A piece of text, where this reply puts text."""
    if reply.text_field == "parts":
        return {"content": [{"type": "text", "text": text}]}
    return {reply.text_field: text}


def annotated(citations: tuple[Citation, ...]) -> list[dict[str, Any]]:
    """Citations as a message, or its delta, has them."""
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": 0 if citation.text_from is None else citation.text_from,
                "end_index": 0 if citation.text_to is None else citation.text_to,
                "url": citation.url,
                "title": citation.title,
            },
        }
        for citation in citations
    ]


def _cut(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


def _slot(fault: Fault, kinds: list[str]) -> int:
    match fault.after:
        case "before_headers":
            return BEFORE_HEADERS
        case "after_headers":
            return AFTER_HEADERS
        case "in_thought" | "in_text" | "in_tool_call" as phase:
            kind = phase.removeprefix("in_")
            if kind not in kinds:
                raise ConfigError(f"{type(fault).__name__}.after", f"{phase!r}, but the reply has no {kind}")
            return kinds.index(kind) + 1
        case "after_finish":
            return len(kinds) + 1
        case "at_end":
            return len(kinds) + 2
        case int() as count:
            if count > len(kinds):
                raise ConfigError(
                    f"{type(fault).__name__}.after", f"{count}, but the reply has {len(kinds)} deltas"
                )
            return count


def _check_headers(field: str, headers: Headers) -> None:
    for name in headers:
        if name.lower() in {"content-type", "content-length", "transfer-encoding"}:
            raise ConfigError(field, f"{name} follows from other fields")
    try:
        h11.Response(status_code=200, headers=list(headers.items()))
    except h11.LocalProtocolError as error:
        raise ConfigError(field, str(error)) from None
