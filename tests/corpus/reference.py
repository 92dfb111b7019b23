"""What the official `openai` SDK's own accumulator makes of a recorded stream, and where greenroom differs.

Each difference that is kept stands in `KEPT` with its reason. Most are streams on which the accumulator
fails: then the table says either what the stream holds, or what to take out of it for the accumulator.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import httpx
import msgspec
import openai
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from tests.corpus.recorded import Recorded


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a complete stream says."""

    text: str = ""
    """A refusal included, as it is shown."""
    calls: tuple[tuple[str, str, str], ...] = ()
    """Id, name and arguments."""
    finish_reason: str | None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A difference that is meant."""

    reason: str
    said: Said | None = None
    """What greenroom makes of it, where the accumulator makes something else or fails."""
    without: tuple[str, ...] = ()
    """Fields on which the accumulator fails; without them it gives what greenroom gives with them."""
    without_nulls: bool = False
    """The same for all fields that are null."""


KEPT: Mapping[str, Kept] = MappingProxyType({
    "52286a6e14184221": Kept(
        reason="an id and a name that come again are a repeat; the SDK makes '00' of the id '0'",
        said=Said(calls=(("0", "llm_version", "{}"),), finish_reason=None),
    ),
    "36281d57d1aabe06": Kept(
        reason="a different id at an index opens a new call, and text after a tool call began is ignored",
        said=Said(
            calls=(("bbd2b9d98", "nonUsefulTool", "{}"), ("e0ecf32e0", "nonUsefulTool", "{}")),
            finish_reason="tool_calls",
        ),
    ),
    "53481487e43cf154": Kept(
        reason="a tool call without an index; the SDK raises TypeError",
        said=Said(
            calls=(("gSIMJiOkT", "weather", '{"location": "San Francisco"}'),), finish_reason="tool_calls"
        ),
    ),
    "2dd26a877307edc9": Kept(
        reason="the only tool call has index 1; the SDK raises IndexError",
        said=Said(
            text="Reading it.",
            calls=(("toolu_sanitized", "read_file", '{"path": "a.txt"}'),),
            finish_reason="tool_calls",
        ),
    ),
    "53bbcbfdae701ece": Kept(
        reason="content is a list of parts; the SDK raises RuntimeError for want of an index",
        said=Said(text="2 + 2 = 4", finish_reason="stop"),
    ),
    "ce87fbacced61adf": Kept(
        reason="fragments say `type: null`; the SDK takes that for the type and raises AssertionError",
        without_nulls=True,
    ),
    "39dedc2bf6a86ff0": Kept(
        reason="fragments say `type: null`; the SDK takes that for the type and raises AssertionError",
        without_nulls=True,
    ),
    "1ba78d8414123520": Kept(
        reason="`reasoning_details` have no index; the SDK raises RuntimeError",
        without=("reasoning_details",),
    ),
    "45f97cbbbf682df7": Kept(
        reason="`annotations` have no index; the SDK raises RuntimeError", without=("annotations",)
    ),
})  # fmt: skip

NOT_COMPLETE: Mapping[str, str] = MappingProxyType({
    "602d39217d1cb14e": "in_band_error",
    "51d47aa0cd3635d9": "in_band_error",
    "334ea790b9339627": "in_band_error",
})  # fmt: skip
"""How the recorded streams end that give no answer."""


@functools.cache
def expected(row: Recorded) -> Said:
    """What greenroom must make of a recorded stream that is complete."""
    kept = KEPT.get(row.body)
    if kept is None:
        return accumulate(row.sent())
    if kept.said is not None:
        return kept.said
    return accumulate(_pruned(row.sent(), kept))


def accumulate(body: bytes) -> Said:
    """What the SDK's reader and accumulator make of a response's body."""
    request = httpx.Request("POST", "http://127.0.0.1/v1/chat/completions")
    response: Any = httpx.Response(200, content=body, request=request)  # some releases name httpx's fork
    state = ChatCompletionStreamState()
    for chunk in openai.Stream(cast_to=ChatCompletionChunk, response=response, client=_client()):
        state.handle_chunk(chunk)
    choice = state.current_completion_snapshot.choices[0]
    message = choice.message
    calls = [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or ()]
    return Said(
        text=(message.content or "") + (message.refusal or ""),
        calls=tuple((said or "", name or "", arguments or "") for said, name, arguments in calls),
        finish_reason=choice.finish_reason,
    )


@functools.cache
def _client() -> openai.OpenAI:
    return openai.OpenAI(api_key="unused", base_url="http://127.0.0.1/v1")


def _pruned(body: bytes, kept: Kept) -> bytes:
    lines = body.split(b"\n")
    for at, line in enumerate(lines):
        if line.startswith(b"data: {"):
            lines[at] = b"data: " + json.dumps(_prune(json.loads(line[6:]), kept)).encode()
    return b"\n".join(lines)


def _prune(value: Any, kept: Kept) -> Any:
    if isinstance(value, list):
        return [_prune(item, kept) for item in value]
    if isinstance(value, dict):
        return {
            name: _prune(item, kept)
            for name, item in value.items()
            if name not in kept.without and not (kept.without_nulls and item is None)
        }
    return value
