"""What a tool returned, as the message that answers its call."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import Enum
from typing import Any, TypeAlias

import msgspec

from actors.scrub import scrub
from actors.tools.result import ToolResult

Part: TypeAlias = dict[str, Any]
PART_TYPES = frozenset({"text", "image_url", "input_audio", "file"})
"""The content parts of chat completions."""


class Rendered(msgspec.Struct, frozen=True):
    """A result, ready to be sent."""

    content: str | list[Part]
    """A tool message's content: text, or parts where the tool made some."""
    truncated: bool = False
    is_error: bool = False
    ends_turn: bool = False


def render(value: Any, limit: int) -> Rendered:
    """What `value` is for the model.

    Text stays as it is, None is empty, everything else becomes JSON: msgspec structs, dataclasses, pydantic models
    and what `json` knows; NaN is null. What can't be JSON is an error that says so. A lone surrogate is U+FFFD.

    Args:
        value: what the tool returned, a `ToolResult` or not.
        limit: the most text that is taken, in code points, the notice that some is left out included. Of parts,
            their text counts; other parts pass whole.
    """
    result = value if isinstance(value, ToolResult) else ToolResult(value)
    try:
        if isinstance(value, ToolResult) and _is_parts(result.content):
            parts, truncated = _cut_parts(result.content, limit)
            return Rendered(parts, truncated, result.is_error, result.ends_turn)
        text = _text(result.content)
    except Exception as error:  # noqa: BLE001 - a value's own methods may raise anything
        said = f"the tool's result can't be written as JSON: {type(error).__name__}: {error}"
        return Rendered(_cut(said, limit)[0], is_error=True, ends_turn=result.ends_turn)
    content, truncated = _cut(text, limit)
    return Rendered(content, truncated, result.is_error, result.ends_turn)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Enum):
        return value
    try:
        return msgspec.json.encode(value, enc_hook=plain).decode()
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value, enc_hook=plain), ensure_ascii=False)


def plain(value: Any) -> Any:
    """What msgspec has no form for: its `enc_hook`."""
    if hasattr(value, "model_dump"):  # a pydantic model
        return value.model_dump(mode="json")
    raise TypeError(f"an object of type {type(value).__name__} has no JSON form")


def _cut(text: str, limit: int) -> tuple[str, bool]:
    """At most `limit` code points of `text`, and whether some were left out; if so, the end says how many."""
    if len(text) <= limit:
        return scrub(text), False
    total = len(text)
    room = max(0, limit - len(_notice(total, total)))
    return (scrub(text[:room]) + _notice(total - room, total))[:limit], True


def _notice(left_out: int, total: int) -> str:
    return f"\n[cut off here: {left_out} of {total} characters are left out]"


def _is_parts(content: Any) -> bool:
    return (
        isinstance(content, list)
        and bool(content)
        and all(isinstance(part, dict) and part.get("type") in PART_TYPES for part in content)
    )


def _cut_parts(parts: Iterable[Part], limit: int) -> tuple[list[Part], bool]:
    kept: list[Part] = []
    truncated = False
    for part in parts:
        if part["type"] != "text":
            kept.append(json.loads(_text(part)))  # as it will be sent: what can't be is noticed here
        elif limit > 0:
            text, cut = _cut(str(part.get("text", "")), limit)
            kept.append({**part, "text": text})
            limit = 0 if cut else limit - len(text)
            truncated = truncated or cut
        else:
            truncated = True
    return kept, truncated
