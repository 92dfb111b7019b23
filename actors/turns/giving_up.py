"""How a turn's coroutine is left where there is no answer."""

from __future__ import annotations

from actors.outcome import Failure


class GaveUp(Exception):  # noqa: N818 - it is caught where the turn ends, and never seen outside
    """The turn can't be completed."""

    def __init__(self, outcome: Failure) -> None:
        super().__init__(outcome.describe())
        self.outcome = outcome
