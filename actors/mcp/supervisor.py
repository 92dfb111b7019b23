"""The supervisor of a runtime's MCP servers: restarts the actor of one that was lost, up to a bound."""

from __future__ import annotations

from actors.errors import McpError, McpStartError
from actors.kernel.handlers import HandlingActor
from actors.kernel.loop_actor import ChildFailed, Directive, Restart, RestartWith
from actors.log.record import Log
from actors.mcp.actor import McpActor
from actors.mcp.report import McpReport
from actors.mcp.server import McpServer
from actors.mcp.state import McpState


class McpSupervisor(HandlingActor):
    """Holds one actor a server. A server that is given up takes nothing with it."""

    def __init__(self, states: tuple[McpState, ...], log: Log) -> None:
        super().__init__()
        self._log = log
        self._states: dict[str, McpState] = {}
        for state in states:
            if state.ref is None:  # else it lives on, as this is a later life
                state.ref = self.spawn(
                    McpActor,
                    state,
                    McpReport(log, state.name),
                    restart=Restart.PERMANENT,
                    intensity=state.server.intensity,
                )
            self._states[state.ref.actor_urn] = state

    def on_child_failed(self, failed: ChildFailed) -> Directive | RestartWith:
        """Restart it after a while; past its intensity, or where that is of no use, give it up."""
        state = self._states[failed.ref.actor_urn]
        report = McpReport(self._log, state.name)
        if isinstance(failed.error, McpStartError) or failed.restarts > state.server.intensity.restarts:
            state.gone, state.tools = str(failed.error), ()
            state.refuse(McpError(state.epitaph))
            report.given_up(failed.error)
            return Directive.STOP
        delay = backoff(state.server, failed.restarts)
        report.failed(failed.error, failed.restarts, delay)
        return RestartWith(state, report, delay)


def backoff(server: McpServer, restarts: int) -> float:
    """How long the next life waits before it connects, in seconds.

    Args:
        server: its settings.
        restarts: how many lie within the intensity's window, the one to come included.
    """
    return float(min(server.backoff * 2.0 ** min(restarts - 1, 64), server.max_backoff))
