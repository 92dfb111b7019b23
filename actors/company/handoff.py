"""`Handoff`: to whom a conversation may go, and how much of it goes along."""

from __future__ import annotations

from typing import Any, get_args

from actors.company.agent import Agent
from actors.core.moving import Kept
from actors.settings import Settings


class Handoff(Settings, frozen=True):
    """A tool `transfer_to_NAME`: from the next step on, the conversation is another agent's."""

    agent: Any
    """To whom: an agent, or the name of one of the runtime's."""
    keep: Any = "all"
    """What goes along: see `actors.core.moving.Kept`, or `Filter` for a function. The rest is forgotten."""
    description: str | None = None
    """What the model is told of it, if not the agent's description."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.agent, Agent | str):
            self._refuse("agent", f"must be an Agent or the name of one, not {type(self.agent).__name__}")
        if self.keep not in get_args(Kept) and not callable(self.keep):
            words = ", ".join(get_args(Kept))
            self._refuse("keep", f"must be one of {words}, or a function of the messages, got {self.keep!r}")

    @property
    def to(self) -> str:
        """The agent's name."""
        return self.agent.name if isinstance(self.agent, Agent) else str(self.agent)


def as_handoff(given: Any) -> Handoff:
    """A `Handoff` as it is, or one to an agent or its name.

    Raises:
        ConfigError: it is none of these.
    """
    return given if isinstance(given, Handoff) else Handoff(agent=given)
