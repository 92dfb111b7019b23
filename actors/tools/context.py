"""What a tool is told about its call, and what it can say besides its result."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


class ToolContext:
    """A tool that has a parameter of this type gets it; the model never sees that parameter.

    A call makes one. So does a test of the tool: `look("Paris", context=ToolContext())`; everything has a default.

    Args:
        session: the session's id.
        turn: its number in the session, from 1.
        step: its number in the turn, from 1.
        call: the call's id, as the model gave it.
        name: the tool's name, as the model called it.
        attempt: from 1; more only where the tool has `retries`.
        state: the session's own dict, the same one in all of its turns; it is shared by calls that run at once.
        deadline: gives the seconds that are left; infinite where the tool has no timeout.
        here: the session that the call is of, as `Runtime.spawn` gives it, for `spawn`, `children` and turns of others;
            None outside a runtime.
        report: takes what `progress` is given; called on the tool's own thread.
    """

    __slots__ = (
        "_cancelled",
        "_deadline",
        "_ends_turn",
        "_report",
        "attempt",
        "call",
        "here",
        "name",
        "session",
        "state",
        "step",
        "turn",
    )

    def __init__(
        self,
        *,
        session: str = "",
        turn: int = 1,
        step: int = 1,
        call: str = "",
        name: str = "",
        attempt: int = 1,
        state: dict[str, Any] | None = None,
        here: Any = None,
        deadline: Callable[[], float] = lambda: math.inf,
        report: Callable[[Any], None] = lambda _: None,
    ) -> None:
        self.session = session
        self.turn = turn
        self.step = step
        self.call = call
        self.name = name
        self.attempt = attempt
        self.here = here
        self.state: dict[str, Any] = {} if state is None else state
        self._deadline = deadline
        self._report = report
        self._cancelled = False
        self._ends_turn = False

    def remaining(self) -> float:
        """The seconds that are left before the call is given up; never negative."""
        return max(0.0, self._deadline())

    def progress(self, payload: Any) -> None:
        """Send a `ToolProgress` event; from any thread.

        Args:
            payload: anything that can be JSON; what is said after the call was given up goes nowhere.
        """
        self._report(payload)

    def end_turn(self) -> None:
        """End the turn when this step's calls have their results: the model is not asked again."""
        self._ends_turn = True

    @property
    def ends_turn(self) -> bool:
        """Whether `end_turn` was called."""
        return self._ends_turn

    def cancel(self) -> None:
        """Say that nobody waits for the result any more; from any thread. Called by what runs the tool."""
        self._cancelled = True

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits any more: a thread can't be stopped, so a long plain function looks here now and then.

        An `async def` needs not look: it is cancelled.
        """
        return self._cancelled
