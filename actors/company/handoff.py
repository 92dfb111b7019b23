"""`Handoff`: to whom a conversation may go, and how much of it goes along. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from actors.company.agent import Agent
from actors.core.conversation import Message, settle
from actors.core.units import running_turn
from actors.settings import Settings

Filter: TypeAlias = Callable[[tuple[Message, ...]], Sequence[Message]]
"""Takes the conversation without its system message, up to the hand-off's result; gives what goes along."""
Kept: TypeAlias = Literal["all", "last_turn", "none"]
"""`all`: the whole conversation; `last_turn`: the turn that runs; `none`: what the one who hands it over writes."""


class Handoff(Settings, frozen=True):
    """A tool `transfer_to_NAME`: from the next step on, the conversation is another agent's."""

    agent: Any
    """To whom: an agent, or the name of one of the runtime's."""
    keep: Any = "all"
    """What goes along: see `Kept`; or a function: see `Filter`. The rest is forgotten."""
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


class Moved(NamedTuple):
    """A conversation as the next one has it."""

    earlier: tuple[Message, ...]
    """What was said before the turn that runs."""
    added: tuple[Message, ...]
    """What the turn has added."""


def move(
    earlier: tuple[Message, ...],
    added: tuple[Message, ...],
    *,
    keep: Kept | Filter,
    message: str,
    system: tuple[str | None, str | None],
) -> Moved:
    """What goes along, under the new system message.

    Args:
        earlier: the conversation before the turn that runs.
        added: what the turn has added; calls without a result are forgotten.
        keep: what goes along.
        message: what the one who hands over wrote to the next one.
        system: the system message that the conversation begins with, and the next one's; None: none.
    """
    before, after = system
    head = _system(after)
    talk = earlier[1:] if before is not None and earlier[:1] == _system(before) else earlier
    settled = settle(added, ())
    match keep:
        case "all":
            return Moved((*head, *talk), settled)
        case "last_turn":
            return Moved(head, settled)
        case "none":
            return Moved(head, ({"role": "user", "content": message},))
    chosen = tuple(keep((*talk, *settled)))
    at = running_turn(chosen)
    return Moved((*head, *chosen[:at]), chosen[at:])


def _system(text: str | None) -> tuple[Mapping[str, Any], ...]:
    return () if text is None else ({"role": "system", "content": text},)
