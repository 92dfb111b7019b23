"""The hand-offs that a turn may ask for, as tools; the first that is asked for in a step is the one that is taken."""

from __future__ import annotations

from typing import Any

import msgspec

from actors.company.agent import Agent
from actors.company.handoff import Handoff
from actors.company.role import Agents, TurnRole
from actors.errors import ToolError
from actors.messages import StartTurn
from actors.tools.context import ToolContext
from actors.tools.tool import Tool

PREFIX = "transfer_to_"
_MESSAGE = "What they need to know: what is asked for, and what was found out so far."


class Transfer(msgspec.Struct, frozen=True):
    """A hand-off that was asked for."""

    handoff: Handoff
    call_id: str
    """The call that asked for it."""
    message: str
    """What the model wrote to the next one."""
    role: TurnRole
    """For the rest of the turn, and under it the session's, from now on."""


class Transfers:
    """Those of one turn, as long as it is one agent's. Used on the runtime's loop only."""

    def __init__(self, agents: Agents, start: StartTurn) -> None:
        self._agents = agents
        self._start = start
        self.taken: Transfer | None = None
        """The one that was asked for."""
        may = () if start.stateless or not start.config.handoffs else agents.handoffs(start.config)
        self.tools = tuple(self._tool(handoff, agent) for handoff, agent in may)

    def _tool(self, handoff: Handoff, agent: Agent) -> Tool:
        async def transfer(arguments: dict[str, Any], context: ToolContext) -> str:
            if self.taken is not None:
                raise ToolError(f"the conversation goes to {self.taken.role.session.name} already")
            self.taken = self._transfer(handoff, agent, context.call, arguments.get("message", ""))
            return f"The conversation is with {agent.name} now."

        said = agent.description if handoff.description is None else handoff.description
        return Tool.from_schema(
            transfer,
            name=f"{PREFIX}{agent.name}",
            description=f"Hand the conversation over to {agent.name}. {said}".strip(),
            parameters={
                "type": "object",
                "properties": {"message": {"type": "string", "description": _MESSAGE}},
                "required": ["message"] if handoff.keep == "none" else [],
            },
        )

    def _transfer(self, handoff: Handoff, agent: Agent, call_id: str, message: str) -> Transfer:
        role = self._agents.successor(self._start.role.session, agent)
        turn = self._agents.for_rest_of_turn(role, agent, self._start.role.given)
        return Transfer(handoff, call_id, message, turn)
