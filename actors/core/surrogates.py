"""Lone surrogates, which JSON's escapes can spell and Unicode text can't hold.

Providers that cut text by UTF-16 units send a pair as two deltas, a half in each. What leaves here is always
valid Unicode: such halves are joined again, and what stays alone becomes U+FFFD.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

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
)
from actors.scrub import scrub


class SurrogateJoiner:
    """Joins pairs that were split over two chunks of one channel.

    At most one half is held; anything else that is shown or that ends the stream releases it as U+FFFD.
    """

    def __init__(self) -> None:
        self.held: Text | Refusal | Thought | ToolCallFragment | None = None
        """The half that waits for the other one, as a chunk of its channel."""

    def clean(self, chunks: Iterable[Chunk]) -> list[Chunk]:
        """`chunks` with valid text; one half may be held back."""
        out: list[Chunk] = []
        for chunk in chunks:
            if isinstance(chunk, Text | Refusal | Thought):
                self._clean_text(chunk, out)
            elif isinstance(chunk, ToolCallFragment):
                self._clean_fragment(chunk, out)
            else:
                self._clean_other(chunk, out)
        return out

    def flush(self) -> list[Chunk]:
        """What is held, as U+FFFD."""
        held, self.held = self.held, None
        if held is None:
            return []
        if isinstance(held, ToolCallFragment):
            return [ToolCallFragment(held.index, arguments="\ufffd")]
        return [type(held)("\ufffd")]

    def _clean_text(self, chunk: Text | Refusal | Thought, out: list[Chunk]) -> None:
        text = chunk.text
        if isinstance(self.held, Text | Refusal | Thought) and type(self.held) is type(chunk):
            text = self.held.text + text
            self.held = None
        else:
            out += self.flush()
        if _ends_in_half(text):
            self.held = type(chunk)(text[-1])
            text = text[:-1]
        if text:
            out.append(type(chunk)(scrub(text)))

    def _clean_fragment(self, chunk: ToolCallFragment, out: list[Chunk]) -> None:
        arguments = chunk.arguments
        held = self.held
        if isinstance(held, ToolCallFragment) and held.index == chunk.index and chunk.id in {"", held.id}:
            arguments = held.arguments + arguments
            self.held = None
        else:
            out += self.flush()
        if _ends_in_half(arguments):
            self.held = ToolCallFragment(chunk.index, chunk.id, arguments=arguments[-1])
            arguments = arguments[:-1]
        out.append(ToolCallFragment(chunk.index, scrub(chunk.id), scrub(chunk.name), scrub(arguments)))

    def _clean_other(self, chunk: Chunk, out: list[Chunk]) -> None:
        if isinstance(chunk, ResponseInfo):
            out.append(ResponseInfo(scrub(chunk.id), scrub(chunk.model)))
        elif isinstance(chunk, Citations):
            said = [replace(one, url=scrub(one.url), title=scrub(one.title)) for one in chunk.citations]
            out.append(Citations(tuple(said)))
        elif isinstance(chunk, Finish):
            out += [*self.flush(), Finish(scrub(chunk.reason))]
        elif isinstance(chunk, Error):
            fields = {
                name: scrub(getattr(chunk, name))
                for name in ("message", "code", "type")
                if getattr(chunk, name)
            }
            out += [*self.flush(), replace(chunk, **fields)]
        elif isinstance(chunk, End):
            out += [*self.flush(), chunk]
        else:
            out.append(chunk)


def _ends_in_half(text: str) -> bool:
    return "\ud800" <= text[-1:] <= "\udbff"
