"""A consumer's waiting events, bounded: granularity goes, text does not.

Past `max_events` adjacent deltas of one kind merge. What can't merge, and what grows in spite of it, fills
the buffer up, and then the socket is not read until the consumer has taken what waits.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
from msgspec.structs import replace

from actors.config import Buffering
from actors.events import Event, Retracted, TextDelta, ThoughtDelta, ToolCallDelta


def merge(first: Event, second: Event) -> Event | None:
    """One event that folds as `first` and then `second` do, or None if there is none.

    They must be neighbours in `seq`. Deltas merge within one attempt, two `Retracted` within one turn, and
    nothing merges across any other event.
    """
    run = _Run(first, first)
    return run.event() if run.add(second) else None


class Buffer:
    """The events that wait for one consumer, oldest first."""

    def __init__(self, buffering: Buffering) -> None:
        self._limits = buffering
        merges = buffering.overflow == "merge"
        self._merges_from = buffering.max_events if merges else math.inf
        self._pauses_past = math.inf if merges else buffering.max_events
        self._runs: list[Event | _Run] = []  # an event that was not merged waits as it is
        self._bytes = 0
        self._stuck = 0
        self.full = False
        """Whether no more should be produced until what waits is taken."""

    def __len__(self) -> int:
        return len(self._runs)

    def push(self, event: Event) -> bool:
        """Take in an event; never refuses, so what is on its way when the buffer is full is not lost.

        Returns:
            Whether it is `full` now.
        """
        self._bytes += _size(event)
        crowded = len(self._runs) >= self._merges_from
        if not (crowded and self._join(event)):
            # Deltas that alternate too fast to merge count like events that never do, or they would be unbounded.
            self._stuck += crowded or not isinstance(event, _MERGEABLE)
            self._runs.append(event)
        limits = self._limits
        self.full = (
            self._bytes > limits.max_bytes
            or self._stuck > limits.max_control
            or len(self._runs) > self._pauses_past
        )
        return self.full

    def _join(self, event: Event) -> bool:
        last = self._runs[-1]
        run = last if isinstance(last, _Run) else _Run(last, last)
        joined = run.add(event)
        if joined:
            self._runs[-1] = run
        return joined

    def take(self) -> list[Event]:
        """All events that wait; they wait no longer."""
        runs, self._runs = self._runs, []
        self._bytes = self._stuck = 0
        self.full = False
        return [run.event() if isinstance(run, _Run) else run for run in runs]


_MERGEABLE = TextDelta, ThoughtDelta, ToolCallDelta, Retracted


class _Run(msgspec.Struct):
    """Neighbours that are one event when they are taken: joined once, however many they are."""

    first: Event
    last: Event
    texts: list[str] | None = None
    """Set, as `changes`, with the second event."""
    changes: dict[str, Any] | None = None

    def add(self, event: Event) -> bool:
        last = self.last
        place = _place(event)
        if place is None or place != _place(last) or getattr(event, "first_seq", 0) != last.seq + 1:
            return False
        texts = self.texts = self.texts if self.texts is not None else [_text(self.first)]
        changes = self.changes = self.changes if self.changes is not None else {}
        if isinstance(event, Retracted):
            for name in ("text_keep", "thought_keep"):
                changes[name] = min(self._said(name), getattr(event, name))
        else:
            texts.append(_text(event))
        if isinstance(event, ToolCallDelta):
            for name in ("id", "name"):
                changes[name] = getattr(event, name) or self._said(name)
        self.last = event
        return True

    def event(self) -> Event:
        first, changes = self.first, self.changes
        if changes is None or self.texts is None or not isinstance(first, _MERGEABLE):
            return first
        if isinstance(first, ToolCallDelta):
            changes["arguments"] = "".join(self.texts)
        elif not isinstance(first, Retracted):
            changes["text"] = "".join(self.texts)
        return replace(self.last, first_seq=first.first_seq, **changes)

    def _said(self, name: str) -> Any:
        changes = self.changes if self.changes is not None else {}
        return changes.get(name, getattr(self.first, name))


def _place(event: Event) -> tuple[object, ...] | None:
    """What two deltas must share to be one; None for an event that never merges."""
    if isinstance(event, Retracted):
        return Retracted, event.session, event.turn
    if isinstance(event, TextDelta | ThoughtDelta):
        return type(event), event.session, event.turn, event.step, event.attempt
    if isinstance(event, ToolCallDelta):
        return ToolCallDelta, event.session, event.turn, event.step, event.attempt, event.call
    return None


def _text(event: Event) -> str:
    if isinstance(event, TextDelta | ThoughtDelta):
        return event.text
    return event.arguments if isinstance(event, ToolCallDelta) else ""


def _size(event: Event) -> int:
    """Bytes of what an endpoint makes as long as it likes; what a host makes is bounded by its number."""
    text = event.text if type(event) is TextDelta else _text(event)
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
