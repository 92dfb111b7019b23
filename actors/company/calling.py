"""An agent that is called: a child session, one turn, and its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from actors.company.agent import Agent
from actors.errors import GreenroomError, ToolError, UsageError
from actors.events import Event, Retracted, TextDelta, ThoughtDelta, ToolCallDelta, TurnCompleted
from actors.tools.context import ToolContext
from actors.tools.tool import Tool

if TYPE_CHECKING:
    from actors.client import Session
    from actors.user_input import Input

_TASK = "What to do, with everything that is needed for it: nothing else of this conversation is seen."
_DELTAS = TextDelta, ThoughtDelta, ToolCallDelta, Retracted


class Owner(Protocol):
    """Whose children are to work: a session, or a runtime."""

    def spawn(self, *, agent: Agent | str | None, **settings: Any) -> Session:
        """Start a session."""


def agent_tool(
    agent: Agent, *, name: str, description: str, nested: bool, timeout: float | None, **options: Any
) -> Tool:
    """See `Agent.as_tool`."""

    async def call(arguments: dict[str, Any], context: ToolContext) -> Any:
        here = context.here
        if here is None:
            raise UsageError(f"{name} is an agent: it can be called in a session of a runtime only")
        try:
            done = await call_agent(here, agent, arguments["task"], nested=nested)
        except GreenroomError as error:
            raise ToolError(f"{agent.name} gave no answer: {error}") from error
        return done.answer if done.value is None else done.value

    return Tool.from_schema(
        call,
        name=name,
        description=description,
        parameters={
            "type": "object",
            "properties": {"task": {"type": "string", "description": _TASK}},
            "required": ["task"],
        },
        timeout=timeout,
        **options,
    )


async def call_agent(
    owner: Owner, agent: Agent | str | None, text: Input, *, nested: bool, **settings: Any
) -> TurnCompleted:
    """Run a turn of a new child, which ends with it; cancelled, so is the turn.

    Args:
        owner: whose child it is.
        agent: who it is.
        text: the user's text.
        nested: whether its events, but for deltas, are shown among those of the turn that `owner` is a handle of.
        settings: as in `spawn`.

    Raises:
        TurnError: the turn did not complete.
        UsageError: there is no such agent, or the owner has ended.
        AdmissionError: no more is taken on.
    """
    child = owner.spawn(agent=agent, **settings)
    show = getattr(owner, "relay", None) if nested else None
    with child:
        try:
            end: TurnCompleted | Exception = await _turn(child, text, show)
        except Exception as error:  # noqa: BLE001 - raised below, once the child's place is free
            end = error
    await child.ended
    if isinstance(end, Exception):
        raise end
    return end


async def _turn(
    child: Session, text: Input, show: Callable[[Event, str], Awaitable[None]] | None
) -> TurnCompleted:
    if show is None:
        return await child.send(text)
    async with child.stream(text) as events:
        async for event in events:
            if not isinstance(event, _DELTAS):
                await show(event, child.agent)
        return events.result()
