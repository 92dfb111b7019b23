"""What is known of an MCP server: it outlives the lives of its actor, and hosts read it from their threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pykka

from actors.errors import ConfigError, McpError
from actors.extras import need
from actors.kernel.future import LoopFuture
from actors.mcp.messages import CallTool, WantTools
from actors.mcp.server import McpServer
from actors.tools.tool import Tool


class McpState:
    """Only the server's actor and its supervisor write here; what is read elsewhere is replaced as a whole."""

    __slots__ = ("gone", "hints", "kill", "name", "ref", "server", "tools", "waiting")

    def __init__(self, name: str, server: McpServer) -> None:
        self.name = name
        self.server = server
        self.ref: pykka.ActorRef[Any] | None = None
        """Its actor, once the supervisor has started it."""
        self.tools: tuple[Tool, ...] = ()
        """As they were listed last; none once it was given up."""
        self.hints: Mapping[str, Mapping[str, bool]] = {}
        """What the server says of them; by the names that they have here."""
        self.kill: Callable[[], None] = lambda: None
        """Ends the server's process where there is no time to do it in order; from any thread."""
        self.waiting: dict[CallTool | WantTools, LoopFuture[Any]] = {}
        """What was asked while there is no connection: it outlives the loss of one, but no attempt that fails."""
        self.gone = ""
        """Why it was given up."""

    @property
    def prefix(self) -> str:
        """What its tools' names begin with."""
        return self.name if self.server.prefix is None else self.server.prefix

    def refuse(self, error: McpError) -> None:
        """Let nobody wait any longer."""
        waiting, self.waiting = self.waiting, {}
        for future in waiting.values():
            future.expire(error)

    @property
    def epitaph(self) -> str:
        """Why there is no actor any more."""
        return f"it was given up: {self.gone}" if self.gone else "it was closed"

    def named(self, error: McpError) -> McpError:
        """The same with the server's name, for whoever knows of several."""
        return type(error)(f"MCP server {self.name!r}: {error}")


def mcp_states(servers: Mapping[str, McpServer]) -> tuple[McpState, ...]:
    """What there is to know of servers that are not started yet.

    Raises:
        ConfigError: something in them is no server, or two would give their tools the same names.
        UsageError: the extra is missing.
    """
    if not servers:
        return ()
    need("an MCP server", "mcp", "mcp")
    states: dict[str, McpState] = {}
    for name, server in servers.items():
        if not isinstance(server, McpServer):
            raise ConfigError(f"mcp[{name!r}]", f"must be an McpServer, not {type(server).__name__}")
        state = McpState(name, server)
        other = states.setdefault(state.prefix, state)
        if other is not state:
            raise ConfigError(
                f"mcp[{name!r}]", f"has the prefix of {other.name!r}: give it a `prefix` of its own"
            )
    return tuple(states.values())
