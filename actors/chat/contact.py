"""Whether an endpoint has ever answered.

Before it has, what a wrong address looks like most likely is one. The policy would try it again, for seconds or
minutes; a person who waits for the first word wants to know.
"""

from __future__ import annotations

from typing import Final

from actors.core.advice import Trouble, explain, trouble_of
from actors.errors import GreenroomError
from actors.events import Event, RetryScheduled, StepFinished, TextDelta, ThoughtDelta

WRONG_ADDRESS: Final = frozenset[Trouble | None]({"unreachable", "proxy", "page"})


class NoContactError(GreenroomError):
    """The endpoint can't be reached, or is none."""


class Contact:
    """Watches the turns with one endpoint."""

    def __init__(self) -> None:
        self._made = False

    def check(self, event: Event) -> None:
        """Take the next event of a turn.

        Raises:
            NoContactError: it is a retry, and no use before somebody has looked at the address.
        """
        match event:
            case TextDelta() | ThoughtDelta() | StepFinished():
                self._made = True
            case RetryScheduled() if trouble_of(event.outcome) not in WRONG_ADDRESS:
                self._made = True
            case RetryScheduled() if not self._made:
                raise NoContactError(explain(event.outcome))
            case _:
                pass
