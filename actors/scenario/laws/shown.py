"""What is shown: deltas append, retractions cut, and the terminal event says what that comes to."""

from __future__ import annotations

from actors.core.fold import Fold
from actors.events import (
    Event,
    Retracted,
    StepStarted,
    TextDelta,
    ThoughtDelta,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from actors.scenario.laws.law import Law

_QUOTED = 30
_NOTHING = Fold()
"""Of a turn that ended before it had begun."""


class FoldsToTheEnd(Law):
    """Folding a turn's events gives the text and the thoughts of its terminal event."""

    name = "a turn's events fold to the text and thoughts of its terminal event"
    of = (TurnStarted, TextDelta, ThoughtDelta, Retracted, TurnCompleted, TurnFailed, TurnCancelled)

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self._folds: dict[int, Fold] = {}

    def apply(self, event: Event) -> None:
        """Fold, or compare."""
        if isinstance(event, TurnCompleted | TurnFailed | TurnCancelled):
            fold = self._folds.pop(event.turn, _NOTHING)
            self._compare(event.turn, "text", fold.text, event.text)
            self._compare(event.turn, "thoughts", fold.thoughts, event.thoughts)
            return
        fold_so_far = self._folds.get(event.turn)
        if fold_so_far is None:
            fold_so_far = self._folds[event.turn] = Fold()
        fold_so_far.apply(event)

    def _compare(self, turn: int, what: str, folded: str, said: str) -> None:
        if folded == said:
            return
        place = next(
            (place for place, (one, other) in enumerate(zip(folded, said, strict=False)) if one != other),
            min(len(folded), len(said)),
        )
        self.broken(
            turn,
            f"from character {place} on its events fold to the {what} {_quoted(folded, place)}, and its terminal "
            f"event says {_quoted(said, place)}",
        )


class RetractsWithinItsStep(Law):
    """A retraction cuts what is shown, and never below where its step began."""

    name = "a retraction cuts what its own step has shown, and nothing else"
    of = (TurnStarted, StepStarted, TextDelta, ThoughtDelta, Retracted)

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self._text = self._thoughts = 0
        self._base = (0, 0)
        """How much was shown where the step began."""

    def apply(self, event: Event) -> None:
        """Count code points."""
        match event:
            case TextDelta():
                self._text += len(event.text)
            case ThoughtDelta():
                self._thoughts += len(event.text)
            case Retracted():
                self._keep(event.turn, "text", self._base[0], event.text_keep, self._text)
                self._keep(event.turn, "thoughts", self._base[1], event.thought_keep, self._thoughts)
                self._text, self._thoughts = event.text_keep, event.thought_keep
            case StepStarted():
                self._base = (self._text, self._thoughts)
            case _:
                self._text = self._thoughts = 0
                self._base = (0, 0)

    def _keep(self, turn: int, what: str, least: int, kept: int, shown: int) -> None:
        if kept > shown:
            self.broken(turn, f"a retraction keeps {kept} code points of {what} where {shown} are shown")
        if kept < least:
            self.broken(
                turn, f"a retraction keeps {kept} code points of {what}, and its step began at {least}"
            )


def _quoted(text: str, place: int) -> str:
    rest = text[place : place + _QUOTED]
    return repr(rest) if rest else "that ends there"
