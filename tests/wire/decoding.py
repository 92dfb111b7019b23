"""How the tests run a decoder: all chunks of a body in pieces, and what ended them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from typing import Any

from actors.config import Limits
from actors.core.chunks import Chunk
from actors.errors import ProtocolViolation
from actors.wire.openai_chat import Decoder

Ended = tuple[list[Chunk], tuple[str, str] | None]
"""The chunks, and the violation after them as kind and message."""


def collect(pieces: Iterable[bytes], limits: Limits | None = None) -> Ended:
    """Everything that a decoder makes of `pieces` and of the end after them."""
    decoder = Decoder(limits if limits is not None else Limits())
    chunks: list[Chunk] = []
    try:
        for piece in pieces:
            chunks += decoder.feed(piece)
        chunks += decoder.eof()
    except ProtocolViolation as violation:
        return chunks, (violation.kind, violation.message)
    return chunks, None


def bytewise(body: bytes) -> Iterable[bytes]:
    """`body` a byte at a time."""
    return (body[at : at + 1] for at in range(len(body)))


def split(body: bytes, cuts: Iterable[int]) -> list[bytes]:
    """`body` cut at any places; numbers past its end wrap around."""
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    return [body[a:b] for a, b in itertools.pairwise(places)]


def event(payload: Any) -> bytes:
    """A server-sent event with a JSON payload, escaped to ASCII."""
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def delta(*, finish: Any = None, index: int | None = 0, **fields: Any) -> dict[str, Any]:
    """A chunk with one choice."""
    choice = {"delta": fields, "finish_reason": finish} | ({} if index is None else {"index": index})
    return {"id": "r", "model": "m", "choices": [choice]}


DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
