"""The tools with which a model talks to other sessions: see `talk_tools`."""

from __future__ import annotations

from typing import Any, TypeVar

from actors.company.talking import ASK_S
from actors.errors import GreenroomError, ToolError
from actors.events import TurnCompleted
from actors.kernel.future import LoopFuture
from actors.tools.context import ToolContext
from actors.tools.decorator import tool
from actors.tools.tool import Tool

T = TypeVar("T")


def talk_tools(*, ask_timeout: float = ASK_S) -> tuple[Tool, ...]:
    """`list_sessions`, `tell_session`, `ask_session` and `say_in_room`, for `spawn(tools=[*talk_tools()])`.

    What goes wrong is an error result that says so to the model. Who may talk to whom is for `Approvals` to say, by the
    argument `session` or `room`.

    Args:
        ask_timeout: seconds until an ask is given up.
    """

    @tool(timeout=None)  # the ask has a deadline of its own
    async def ask_session(session: str, text: str, context: ToolContext) -> str:
        """Ask another session something and wait for its answer.

        Args:
            session: its name, as list_sessions gives it
            text: what it is asked; it sees nothing else of this conversation
            context: of the call
        """
        answer: TurnCompleted = await _reply(context.here.ask(session, text, timeout=ask_timeout))
        return answer.answer

    return list_sessions, tell_session, ask_session, say_in_room


@tool
async def list_sessions(context: ToolContext) -> dict[str, Any]:
    """The other sessions, what each does, how many turns wait for it, and the rooms that you are in."""
    others = await _reply(context.here.others())
    rooms = await _reply(context.here.rooms())
    return {"sessions": [other._asdict() for other in others], "rooms": rooms}


@tool
async def tell_session(session: str, text: str, context: ToolContext) -> str:
    """Tell another session something without waiting for an answer.

    Args:
        session: its name, as list_sessions gives it
        text: what it is told; it sees nothing else of this conversation
        context: of the call
    """
    await _reply(context.here.tell(session, text))
    return "It will hear it."


@tool
async def say_in_room(room: str, text: str, context: ToolContext) -> str:
    """Say something to all others in a room that you are in.

    Args:
        room: its name, as list_sessions gives it
        text: what is said
        context: of the call
    """
    await _reply(context.here.say(room, text))
    return "They will hear it."


async def _reply(future: LoopFuture[T]) -> T:
    try:
        return await future
    except GreenroomError as error:
        raise ToolError(str(error)) from error
