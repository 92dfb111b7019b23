"""What went wrong with an MCP server, in one type and one line: nothing of the SDK or its HTTP client leaves here."""

from __future__ import annotations

import functools

from mcp_types import CONNECTION_CLOSED, INVALID_REQUEST

from actors.errors import McpError
from actors.log.format import inert
from actors.mcp.server import McpServer
from actors.mcp.streams import Trail
from mcp import MCPError

_FORGOTTEN = "Session terminated"
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
    said = _said(leaf) if trail is None else f"{server.where}: {_said(leaf)}{last_words(trail)}"
    return McpError(tame(said, server))


def last_words(trail: Trail) -> str:
    """What is known besides the error itself, to stand behind it."""
    status = "" if trail.status is None else f" (HTTP {trail.status})"
    words = trail.stderr.text
    return f"{status}; it wrote to stderr: {words}" if words else status


def tame(text: str, server: McpServer) -> str:
    """A text of the server's on one line, without the keys that it was given."""
    return inert(functools.reduce(lambda said, key: said.replace(key, "***"), server.secrets, text))


def _said(error: BaseException) -> str:
    if isinstance(error, MCPError) and is_loss(error):
        return "the connection ended"
    if isinstance(error, OSError) and error.strerror is not None:
        return f"{error.strerror}: {error.filename}" if error.filename is not None else error.strerror
    text = str(error)
    return text if text and isinstance(error, MCPError | TimeoutError) else f"{type(error).__name__}: {text}"
