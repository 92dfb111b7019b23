"""What is said between the actor of an MCP server, its connection, and who uses its tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

LOST: Final = "the server was lost during the call, which it may have carried out"


class Connect(msgspec.Struct, frozen=True):
    """It is time to connect (again)."""


class Listed(msgspec.Struct, frozen=True):
    """The server's tools, all of them: once the connection stands, and whenever they changed."""

    incarnation: int
    """Of the actor that connected: it may have been restarted meanwhile."""
    tools: tuple[Any, ...]
    """As the SDK has them: `mcp_types.Tool`."""


class WantTools(msgspec.Struct, frozen=True, eq=False):
    """Asks for the tools, as a tuple of `Tool`; waits for the connecting that is under way or due."""


class CallTool(msgspec.Struct, frozen=True, eq=False):
    """Asks for the result of a call: `mcp_types.CallToolResult`. Waits as `WantTools`."""

    tool: str
    """The server's word for it."""
    arguments: dict[str, Any]
    progress: Callable[[Any], None]


class CancelCall(msgspec.Struct, frozen=True, eq=False):
    """Nobody waits for the result any more."""

    call: CallTool
