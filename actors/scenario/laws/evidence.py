"""What the laws are judged by besides the events: facts from the runtime, the provider and the loop. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec

from actors.config import Approvals, Intensity, RetryPolicy
from actors.core.leftovers import Leftovers

AttemptPlace: TypeAlias = tuple[str, int, int, int]
"""An attempt by session, turn, step and its number in the step."""


class Acting(msgspec.Struct, frozen=True, kw_only=True):
    """How a turn may act, as its settings say."""

    runs_any: bool = False
    """Whether there are tools that run, so that a step's calls have results."""
    by_hand: frozenset[str] = frozenset()
    """The tools whose calls the host answers."""
    approvals: Approvals | None = None
    typed: bool = False
    """Whether a call may be the answer itself, which nothing answers."""
    moves: bool = False
    """Whether the conversation may go to another agent in mid-turn, whose tools do not count."""
    rewritten: bool = False
    """Whether hooks change what is sent or received, for which the runtime can't be held responsible."""


class ToolRun(msgspec.Struct, frozen=True, kw_only=True):
    """A function that ran for a tool call, as it was counted where it is called."""

    turn: int
    step: int
    call: str
    """The call's id, as the conversation has it."""
    name: str
    idempotent: bool = False
    """Whether the tool may run again for the same call."""


class SessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the runtime knows of one life of a session. A name that is used again begins another life."""

    accepted: int
    """How many turns were accepted, as counted where they come in."""
    intensity: Intensity
    retry: Mapping[int, RetryPolicy | None]
    """The retry policy of each turn that began, by its number."""
    acting: Mapping[int, Acting] = MappingProxyType({})
    """Of each turn that began, but those that the host sends and answers message by message."""
    tool_runs: tuple[ToolRun, ...] = ()


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt as the provider saw it."""

    received_at: float
    """In seconds of the provider's clock: only differences count."""
    finished: bool | None
    """Whether what makes a streamed answer complete was written: a finish reason or an end marker. None: no stream."""
    headers: Mapping[str, str] = MappingProxyType({})
    """Of the response, names in lower case."""
    messages: Sequence[Any] = ()
    """The conversation that was sent."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the laws are judged by at the end of a run. What is not known is not judged."""

    sessions: Mapping[str, tuple[SessionFacts, ...]] = MappingProxyType({})
    """By name; the lives of each in order."""
    exchanges: Mapping[AttemptPlace, tuple[Exchange, ...]] = MappingProxyType({})
    """The requests of each attempt. There is more than one only if a name was used again, and then none is judged."""
    leftovers: Leftovers = Leftovers()
    punctual: bool = False
    """Whether time is virtual, so that a wait that is longer than it should be is nobody else's fault."""

    def facts(self, session: str, life: int) -> SessionFacts | None:
        """What is known of a session's n-th life, from 0."""
        lives = self.sessions.get(session, ())
        return lives[life] if life < len(lives) else None

    def exchange(self, place: AttemptPlace) -> Exchange | None:
        """The one request of an attempt; None: there is none, or it can't be told which it is."""
        found = self.exchanges.get(place, ())
        return found[0] if len(found) == 1 else None


def by_attempt(
    exchanges: Iterable[tuple[AttemptPlace, Exchange]],
) -> Mapping[AttemptPlace, tuple[Exchange, ...]]:
    """Exchanges as `Evidence` holds them."""
    found: dict[AttemptPlace, tuple[Exchange, ...]] = {}
    for place, exchange in exchanges:
        found[place] = (*found.get(place, ()), exchange)
    return found
