"""What a dialect's decoder makes of a stream: a union of small frozen facts, `Chunk`.

Text in chunks is valid Unicode: decoders join surrogate pairs that a provider split over two chunks and
replace lone surrogates by U+FFFD.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from actors.events import Citation


class Text(msgspec.Struct, frozen=True, gc=False):
    """A piece of the answer."""

    text: str


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """A piece of a refusal; shown like text, and kept apart in the result."""

    text: str


class Thought(msgspec.Struct, frozen=True, gc=False):
    """A piece of the model's reasoning."""

    text: str


class ToolCallFragment(msgspec.Struct, frozen=True, gc=False):
    """A piece of a tool call, as sent: any field may be missing."""

    index: int | None = None
    id: str = ""
    name: str = ""
    arguments: str = ""


class Citations(msgspec.Struct, frozen=True, gc=False):
    """What the answer refers to. Some endpoints say all of it again in each chunk."""

    citations: tuple[Citation, ...]


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Token counts, as the endpoint reported them. None: not reported."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cached_input_tokens: int | None = None
    reasoning_tokens: int | None = None


class ResponseInfo(msgspec.Struct, frozen=True, gc=False):
    """Who answers: sent once, before the first other chunk that follows it."""

    id: str = ""
    model: str = ""


class Finish(msgspec.Struct, frozen=True, gc=False):
    """The model stopped, for this reason. Trailing usage or further calls may follow."""

    reason: str


class Error(msgspec.Struct, frozen=True, gc=False):
    """An error inside the stream. Nothing after it counts."""

    message: str
    code: str | None = None
    type: str | None = None


class End(msgspec.Struct, frozen=True, gc=False):
    """The dialect's end marker."""


Chunk: TypeAlias = (
    Text | Refusal | Thought | ToolCallFragment | Citations | Usage | ResponseInfo | Finish | Error | End
)
