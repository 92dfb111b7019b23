"""What the log says of MCP servers."""

from __future__ import annotations

from actors.log.stamped import Stamped


class McpRecord(Stamped, frozen=True, kw_only=True, tag=""):
    """What a record about an MCP server has."""

    mcp_server: str


class McpConnected(McpRecord, frozen=True, kw_only=True, tag="actors.mcp.connected"):
    """A server can be spoken with; `duration` is how long that took."""

    mcp_protocol: str
    duration: float


class McpToolsListed(McpRecord, frozen=True, kw_only=True, tag="actors.mcp.tools_listed"):
    """A server said which tools it has, at first or again."""

    tools_count: int


class McpToolLeftOut(McpRecord, frozen=True, kw_only=True, tag="actors.mcp.tool_left_out"):
    """A tool of a server can't be one here."""


class McpFailed(McpRecord, frozen=True, kw_only=True, tag="actors.mcp.failed"):
    """A server was lost or not reached, and is tried again in `retry_delay` seconds."""

    actor_restarts: int
    retry_delay: float


class McpGivenUp(McpRecord, frozen=True, kw_only=True, tag="actors.mcp.given_up"):
    """A server is not tried again."""

    reason: str
