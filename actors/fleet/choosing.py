"""Which sessions a view shows, and in which order."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from actors.fleet.sessions import Session
from actors.fleet.view import Query, Sort, State

RANK: Final[Mapping[State, int]] = MappingProxyType(
    {"streaming": 4, "retrying": 3, "waiting": 2, "idle": 1, "ended": 0}
)

KEYS: Final[Mapping[Sort, Callable[[Session], Any]]] = MappingProxyType(
    {
        "recent": lambda it: it.seen,
        "idle": lambda it: (it.state not in {"idle", "ended"}, -it.seen),
        "state": lambda it: (RANK[it.state], it.seen),
        "turn": lambda it: it.turn,
        "attempt": lambda it: it.attempt,
        "tokens": lambda it: it.input_tokens + it.output_tokens,
        "rate": lambda it: it.tokens_per_s or 0.0,
        "first_chunk": lambda it: it.first_chunk or 0.0,
        "retries": lambda it: it.retries,
        "restarts": lambda it: it.restarts,
        "session": lambda it: it.id,
    }
)
"""The greatest comes first, but of `session`."""


def matching(sessions: Iterable[Session], query: Query) -> list[Session]:
    """Leave out what the query does not ask for."""
    text = query.text.casefold()
    return [it for it in sessions if it.state in query.states and (not text or _says(it, text))]


def first(sessions: list[Session], query: Query) -> list[Session]:
    """The first `query.top` of them, in the query's order."""
    key = KEYS[query.sort]
    ascending = (query.sort == "session") is not query.reverse
    pick = heapq.nsmallest if ascending else heapq.nlargest
    return pick(query.top, sessions, key=lambda it: (key(it), it.id, it.run))


def _says(session: Session, text: str) -> bool:
    said = (session.id, session.parent, session.agent, session.model, session.state, session.error)
    return any(text in word.casefold() for word in said)
