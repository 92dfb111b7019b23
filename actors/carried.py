"""What events carry besides texts and numbers."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call that the model asked for."""

    id: str
    """As sent; empty when the endpoint sent none."""
    name: str
    arguments: str
    """The arguments as the model wrote them."""
    runnable: bool
    """True only if the attempt was complete and the arguments are a JSON object (empty means `{}`)."""


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """What a part of the answer refers to."""

    url: str = ""
    title: str = ""
    text_from: int | None = None
    """Where in the step's text it begins, in code points, where the endpoint says so."""
    text_to: int | None = None
    """Where it ends, not included."""


class AttemptUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt cost."""

    step: int
    attempt: int
    source: Literal["measured", "estimated", "unknown"]
    """`measured`: the endpoint said so; `estimated`: counted from what arrived, output only; `unknown`: neither."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cached_input_tokens: int | None = None
    reasoning_tokens: int | None = None


ToolOutcome: TypeAlias = Literal[
    "ok", "error", "crashed", "timeout", "invalid", "unknown", "rejected", "repeated", "interrupted"
]
"""How a tool call ended.

- `ok`: it gave a result; `error`: it said itself that it failed; `crashed`: it raised anything else;
- `timeout`: its deadline passed; `interrupted`: the turn ended under it;
- never run: `invalid` (its arguments), `unknown` (its name), `rejected` (an approval, or a hook), `repeated` (too
  often).
"""

EndReason: TypeAlias = Literal[
    "closed", "runtime_closed", "restart_intensity", "child_intensity", "parent_ended", "sibling_failed"
]
"""Why a session ended.

- `closed`: its host closed it; `runtime_closed`: the runtime, or all of it;
- `restart_intensity`: its actors failed too often; `child_intensity`: its children did;
- `parent_ended`: the session that it is a child of; `sibling_failed`: it is stopped along with one that failed.
"""
