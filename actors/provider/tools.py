"""Tool calls as endpoints stream them: regular, and in the shapes that clients stumble over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from actors.settings import Settings

ToolShape: TypeAlias = Literal["regular", "no_index", "index_zero", "repeated", "two_ids", "null_arguments"]
"""How fragments name their call.

- `regular`: index always; id, type and name in the first fragment only, with empty arguments, as OpenAI does;
- `no_index`: as regular, without any index;
- `index_zero`: as regular, but every call has index 0;
- `repeated`: index, id and name in every fragment;
- `two_ids`: index 0 and the call's id in every fragment, so that one index sees different ids;
- `null_arguments`: as regular, but the first fragment's arguments are null.
"""


class Call(Settings, frozen=True):
    """A tool call that the model asks for."""

    name: str
    arguments: str = "{}"
    """As the model writes them; need not be JSON."""
    id: str | None = None
    """None: `call_` and the call's number, from 1."""


def call_id(call: Call, position: int) -> str:
    """The call's id; `position` counts from 0."""
    return f"call_{position + 1}" if call.id is None else call.id


def whole(calls: tuple[Call, ...]) -> list[dict[str, Any]]:
    """The calls as a message holds them that is not streamed."""
    return [
        {
            "id": call_id(call, position),
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for position, call in enumerate(calls)
    ]


def fragments(calls: tuple[Call, ...], shape: ToolShape, size: int) -> Iterator[dict[str, Any]]:
    """The entries of `delta.tool_calls`, in order; arguments come in pieces of `size` characters."""
    for position, call in enumerate(calls):
        first_arguments = None if shape == "null_arguments" else ""
        yield _fragment(call, position, shape, first_arguments, first=True)
        for start in range(0, len(call.arguments), size):
            yield _fragment(call, position, shape, call.arguments[start : start + size], first=False)


def _fragment(
    call: Call, position: int, shape: ToolShape, arguments: str | None, *, first: bool
) -> dict[str, Any]:
    fragment: dict[str, Any] = {}
    function: dict[str, Any] = {"arguments": arguments}
    if shape != "no_index":
        fragment["index"] = 0 if shape in {"index_zero", "two_ids"} else position
    if first or shape in {"repeated", "two_ids"}:
        fragment["id"] = call_id(call, position)
    if first:
        fragment["type"] = "function"
    if first or shape == "repeated":
        function["name"] = call.name
    fragment["function"] = function
    return fragment
