"""A consumer's waiting events, bounded: granularity goes, text does not.

Past `max_events` adjacent deltas of one kind merge. What can't merge, and what grows in spite of it, fills
the buffer up, and then the socket is not read until the consumer has taken what waits.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from msgspec.structs import replace

from actors.config import Buffering
from actors.events import Event, Retracted, TextDelta, ThoughtDelta, ToolCallDelta


def merge(first: Event, second: Event) -> Event | None:
    """One event that folds as `first` and then `second` do, or None if there is none.

    They must be neighbours in `seq`. Deltas merge within one attempt, two `Retracted` within one turn, and
    nothing merges across any other event.
    """
    run = _Run(first, 0)
    return run.event() if run.add(second, 0) else None


class Buffer:
    """The events that wait for one consumer, oldest first."""

    def __init__(self, buffering: Buffering) -> None:
        self._limits = buffering
        self._runs: deque[_Run] = deque()
        self._bytes = 0
        self._stuck = 0

    def __len__(self) -> int:
        return len(self._runs)

    @property
    def full(self) -> bool:
        """Whether no more should be produced until what waits is taken."""
        limits = self._limits
        return (
            self._bytes > limits.max_bytes
            or self._stuck > limits.max_control
            or (limits.overflow == "pause" and len(self._runs) > limits.max_events)
        )

    def push(self, event: Event) -> bool:
        """Take in an event; never refuses, so what is on its way when the buffer is full is not lost.

        Returns:
            Whether it is `full` now.
        """
        runs, limits = self._runs, self._limits
        size = _size(event)
        self._bytes += size
        crowded = limits.overflow == "merge" and len(runs) >= limits.max_events
        if crowded and runs[-1].add(event, size):
            return self.full
        # Deltas that alternate too fast to merge count like events that never do, or they would be unbounded.
        stuck = crowded or not isinstance(event, _MERGEABLE)
        self._stuck += stuck
        runs.append(_Run(event, size, stuck=stuck))
        return self.full

    def take(self) -> list[Event]:
        """All events that wait; they wait no longer."""
        runs, self._runs = self._runs, deque()
        self._bytes = self._stuck = 0
        return [run.event() for run in runs]


_MERGEABLE = TextDelta, ThoughtDelta, ToolCallDelta, Retracted


class _Run:
    """Neighbours that are one event when they are taken: joined once, however many they are."""

    __slots__ = ("_changes", "_first", "_last", "_texts", "bytes", "stuck")

    _texts: list[str]
    """Set, as `_changes`, with the second event: most runs are of one, and one is made a delta."""
    _changes: dict[str, Any]

    def __init__(self, event: Event, size: int, *, stuck: bool = False) -> None:
        self._first = self._last = event
        self.bytes = size
        self.stuck = stuck

    def add(self, event: Event, size: int) -> bool:
        last = self._last
        place = _place(event)
        if place is None or place != _place(last) or getattr(event, "first_seq", 0) != last.seq + 1:
            return False
        if last is self._first:
            self._texts, self._changes = [], {}
        if isinstance(event, Retracted):
            for name in ("text_keep", "thought_keep"):
                self._changes[name] = min(self._said(name), getattr(event, name))
        else:
            self._texts = self._texts or [_text(self._first)]
            self._texts.append(_text(event))
        if isinstance(event, ToolCallDelta):
            for name in ("id", "name"):
                self._changes[name] = getattr(event, name) or self._said(name)
        self._last = event
        self.bytes += size
        return True

    def event(self) -> Event:
        if self._last is self._first or not isinstance(self._first, _MERGEABLE):
            return self._first
        if isinstance(self._first, ToolCallDelta):
            self._changes["arguments"] = "".join(self._texts)
        elif not isinstance(self._first, Retracted):
            self._changes["text"] = "".join(self._texts)
        return replace(self._last, first_seq=self._first.first_seq, **self._changes)

    def _said(self, name: str) -> Any:
        return self._changes.get(name, getattr(self._first, name))


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
