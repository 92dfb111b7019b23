"""The fold that every consumer of events may rely on: deltas append, `Retracted` cuts."""

from __future__ import annotations

from collections.abc import Iterable

from actors.events import Event, Retracted, TextDelta, ThoughtDelta, TurnStarted


class Fold:
    """A turn's text and thoughts, from its events in order.

    Folding the events of a turn gives exactly the text and thoughts of its terminal event, whatever
    attempts it took and however its deltas were merged. A `TurnStarted` begins anew.
    """

    def __init__(self) -> None:
        self._text: list[str] = []
        self._thoughts: list[str] = []

    @property
    def text(self) -> str:
        """The turn's text so far."""
        return _joined(self._text)

    @property
    def thoughts(self) -> str:
        """The turn's thoughts so far."""
        return _joined(self._thoughts)

    def apply(self, event: Event) -> None:
        """Take up the next event; those that hold no text change nothing."""
        if isinstance(event, TextDelta):
            self._text.append(event.text)
        elif isinstance(event, ThoughtDelta):
            self._thoughts.append(event.text)
        elif isinstance(event, Retracted):
            self._text[:] = (self.text[: event.text_keep],)
            self._thoughts[:] = (self.thoughts[: event.thought_keep],)
        elif isinstance(event, TurnStarted):
            self._text.clear()
            self._thoughts.clear()


def fold(events: Iterable[Event]) -> Fold:
    """All of `events`, folded."""
    folded = Fold()
    for event in events:
        folded.apply(event)
    return folded


def _joined(parts: list[str]) -> str:
    if len(parts) > 1:
        parts[:] = ("".join(parts),)
    return parts[0] if parts else ""
