"""How much a run may cost: a live endpoint is somebody's money. Pure."""

from __future__ import annotations

from actors.errors import GreenroomError
from actors.events import Event, TextDelta, ThoughtDelta, ToolCallDelta
from actors.scenario.tally import TurnTally


class BudgetSpentError(GreenroomError):
    """The run has had as many turns or tokens as it may have."""


class Budget:
    """What a run has spent of what it may.

    Args:
        turns: how many may be sent; None: any number.
        tokens: how many may be read and written by all attempts; None: any number. An attempt counts when its turn
            has ended, as its endpoint says; until then each of its deltas counts as one.
    """

    def __init__(self, turns: int | None = None, tokens: int | None = None) -> None:
        self._turns = turns
        self._tokens = tokens
        self._sent = 0
        self._spent = 0

    def take_turn(self) -> None:
        """Count a turn that is about to be sent.

        Raises:
            BudgetSpentError: it would be one too many.
        """
        if self._sent == self._turns:
            raise BudgetSpentError(
                f"{self._turns} turns were sent, as many as --max-turns allows: raise it to go on"
            )
        self._sent += 1

    def apply(self, event: Event, turn: TurnTally) -> str | None:
        """Take up an event that was tallied; gives why no more may be spent, None while more may."""
        if event is turn.ended:
            self._spent += sum(
                (usage.input_tokens or 0) + (usage.output_tokens or 0) for usage in turn.ended.usage
            )
            self._spent -= turn.deltas
        elif isinstance(event, TextDelta | ThoughtDelta | ToolCallDelta):
            self._spent += event.seq - event.first_seq + 1
        if self._tokens is None or self._spent < self._tokens:
            return None
        return (
            f"{self._spent} tokens are spent, and --max-tokens-total allows {self._tokens}: raise it to go on"
        )
