"""What went wrong with an MCP server, in one type and one line: nothing of the SDK or its HTTP client leaves here."""

from __future__ import annotations

import functools
from typing import Final

from mcp import MCPError
from mcp_types import CONNECTION_CLOSED, INVALID_REQUEST

from actors.errors import McpError
from actors.log.format import inert
from actors.mcp.server import McpServer
from actors.mcp.streams import Trail

LONGEST: Final = 1000
"""So many code points of what a server says about a failure are taken."""
ENDED: Final = "the connection ended"
_FORGOTTEN: Final = "Session terminated"
"""What the SDK makes of the 404 of a server that was started anew and does not know our session."""


def is_loss(error: BaseException) -> bool:
    """Whether it says that there is nobody at the other end any more."""
    if not isinstance(error, MCPError):
        return False
    return error.code == CONNECTION_CLOSED or (error.code, error.message) == (INVALID_REQUEST, _FORGOTTEN)


def explain(error: BaseException, server: McpServer, trail: Trail | None = None) -> McpError:
    """The error as one of ours, with what the server left behind; without its secrets and what a terminal obeys."""
    leaf = error
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    if isinstance(leaf, McpError):
        return leaf
    return McpError(_tame(_said(leaf), server)) if trail is None else whole(_said(leaf), server, trail)


def whole(said: str, server: McpServer, trail: Trail) -> McpError:
    """An error with all that is known: where the server is, and what it left behind."""
    status = "" if trail.status is None else f" (HTTP {trail.status})"
    words = trail.stderr.text
    told = f"; it wrote to stderr: {words}" if words else ""
    return McpError(f"{server.where}: {_tame(f'{said}{status}{told}', server)}")


def _tame(text: str, server: McpServer) -> str:
    """A text of the server's on one line, not too long, without the keys that it was given."""
    return inert(functools.reduce(lambda said, key: said.replace(key, "***"), server.secrets, text)[:LONGEST])


def _said(error: BaseException) -> str:
    if isinstance(error, MCPError) and is_loss(error):
        return ENDED
    if isinstance(error, OSError) and error.strerror is not None:
        return f"{error.strerror}: {error.filename}" if error.filename is not None else error.strerror
    text = str(error)
    return text if text and isinstance(error, MCPError | TimeoutError) else f"{type(error).__name__}: {text}"
