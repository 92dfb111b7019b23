"""What tools have really done: a count of a script's own, to be held against what the events say."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from actors.tools.context import ToolContext


class Cause(NamedTuple):
    """The call that a side effect is of."""

    session: str
    turn: int
    step: int
    call: str


class SideEffects:
    """Have each tool `add` its context where it does what can't be undone; from any thread."""

    def __init__(self) -> None:
        self._causes: list[Cause] = []

    def add(self, context: ToolContext) -> None:
        """Something was done for this call."""
        self._causes.append(Cause(context.session, context.turn, context.step, context.call))

    def of(self, session: str) -> int:
        """How much was done for a session."""
        return sum(cause.session == session for cause in tuple(self._causes))

    @property
    def total(self) -> int:
        """How much was done at all."""
        return len(self._causes)

    @property
    def twice(self) -> tuple[Cause, ...]:
        """The calls for which it was done more than once."""
        return tuple(cause for cause, times in Counter(tuple(self._causes)).items() if times > 1)
