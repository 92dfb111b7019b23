"""What the actor of an MCP server and its supervisor write to the log: one method a fact."""

from __future__ import annotations

from typing import Any

from actors.log.format import inert
from actors.log.record import Log


class McpReport:
    """A server's log records."""

    def __init__(self, log: Log, name: str) -> None:
        self._log = log
        self._name = name

    def connected(self, protocol: str, seconds: float) -> None:
        """It can be spoken with, and its tools are listed."""
        self._emit("connected", "connected", mcp_protocol=protocol, duration=seconds)

    def listed(self, count: int) -> None:
        """It said which tools it has."""
        self._emit("tools_listed", f"has {count} tools", tools_count=count)

    def left_out(self, tool: str, why: Exception) -> None:
        """A tool of it can't be one here."""
        self._emit("tool_left_out", f"tool {inert(tool)!r} is left out: {inert(str(why))}", level="WARNING")

    def failed(self, error: BaseException, restarts: int, delay: float) -> None:
        """It was lost, or not reached; it is tried again after so many seconds."""
        message = f"lost: {error}; tried again in {delay:g} s"
        self._emit("failed", message, level="WARNING", actor_restarts=restarts, retry_delay=delay)

    def given_up(self, error: BaseException) -> None:
        """It is not tried again."""
        self._emit("given_up", f"given up: {error}", level="ERROR", reason=str(error))

    def _emit(self, event: str, message: str, *, level: str = "INFO", **fields: Any) -> None:
        said = f"MCP server {self._name}: {message}"
        self._log.emit(f"actors.mcp.{event}", said, level=level, mcp_server=self._name, **fields)
