"""A router: an agent that chooses among agents, by an answer that can be nothing but one of their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from actors.company.agent import Agent
from actors.company.calling import Owner, call_agent
from actors.company.pending import Pending
from actors.errors import AnswerError, ConfigError
from actors.events import TurnCompleted

if TYPE_CHECKING:
    from actors.user_input import Input

_CHOOSE = "Choose who is to answer the user. Answer with a name and nothing else. There are:"


def router(agents: Sequence[Agent], *, name: str = "router", instructions: str = "", **fields: Any) -> Agent:
    """An agent whose answer is the name of one of others, who is to answer instead.

    Args:
        agents: who there is to choose from, with what their descriptions say of them.
        name: its own.
        instructions: what else it is to know.
        fields: `endpoint`, `model`, `budget`, `settings` and so on: see `Agent`.

    Raises:
        ConfigError: there is nobody to choose from, or a field can't be.
    """
    names = tuple(agent.name for agent in agents)
    if not names:
        raise ConfigError("agents", "there must be one at least to choose from")
    known = [f"- {agent.name}: {agent.description}".removesuffix(": ") for agent in agents]
    said = "\n".join([*([instructions] if instructions else []), _CHOOSE, *known])
    return Agent(name=name, instructions=said, returns=Literal[names], **fields)


class Routed(msgspec.Struct, frozen=True, kw_only=True):
    """Who was chosen, and what they answered."""

    agent: str
    result: TurnCompleted


def route(
    owner: Owner,
    text: Input,
    agents: Sequence[Agent],
    *,
    by: Agent | None = None,
    nested: bool = True,
    **settings: Any,
) -> Pending[Routed]:
    """Have one of several agents answer, as a child: the one that a router chooses.

    Args:
        owner: whose children they are: a session, `ToolContext.here`, or a runtime.
        text: as `Session.send` takes it; both get it.
        agents: who there is to choose from.
        by: the router; `router(agents)` if not given.
        nested: as in `gather`.
        settings: as in `spawn`, of both.

    Returns:
        To await on a loop, or to `get()` in a thread; nothing runs before. It raises what `Session.run` and `spawn` do,
        and `AnswerError` where the router refused to choose.

    Raises:
        ConfigError: there is nobody to choose from.
    """
    named = {agent.name: agent for agent in agents}
    chooser = router(agents) if by is None else by

    async def work() -> Routed:
        choice = await call_agent(owner, chooser, text, nested=nested, **settings)
        if choice.value not in named:
            raise AnswerError(f"{chooser.name} chose none of {', '.join(named)}: {choice.answer}")
        done = await call_agent(owner, named[choice.value], text, nested=nested, **settings)
        return Routed(agent=choice.value, result=done)

    return Pending(work)
