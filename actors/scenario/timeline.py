"""What happened to a session, in order, for a person who asks why. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from actors.events import (
    ApprovalDecided,
    ApprovalRequested,
    AttemptStarted,
    Event,
    Retracted,
    RetryScheduled,
    SessionRestarted,
    StepFinished,
    Terminal,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)

_KINDS = {TextDelta: "text", ThoughtDelta: "thought", ToolCallDelta: "tool call"}


class Stretch(msgspec.Struct):
    """Deltas of one kind with nothing between them."""

    kind: str
    began: float
    """Unix seconds, as all moments here."""
    ended: float
    deltas: int = 0
    characters: int = 0


class Timeline:
    """What is kept of a turn's events: all but the deltas, of which only how many there were."""

    def __init__(self) -> None:
        self._entries: list[Event | Stretch] = []

    def apply(self, event: Event) -> None:
        """Take up the next event."""
        if not isinstance(event, TextDelta | ThoughtDelta | ToolCallDelta):
            self._entries.append(event)
            return
        kind = _KINDS[type(event)]
        stretch = self._entries[-1] if self._entries else None
        if not isinstance(stretch, Stretch) or stretch.kind != kind:
            stretch = Stretch(kind, event.timestamp, event.timestamp)
            self._entries.append(stretch)
        stretch.ended = event.timestamp
        stretch.deltas += event.seq - event.first_seq + 1
        stretch.characters += len(event.arguments if isinstance(event, ToolCallDelta) else event.text)

    def lines(self, began: float) -> Iterator[str]:
        """A line for each entry; times count from `began`, in Unix seconds."""
        for entry in self._entries:
            said = _stretch(entry) if isinstance(entry, Stretch) else _event(entry)
            moment = entry.began if isinstance(entry, Stretch) else entry.timestamp
            if said:
                yield f"{moment - began:9.3f} s  {said}"


def _stretch(stretch: Stretch) -> str:
    deltas = "1 delta" if stretch.deltas == 1 else f"{stretch.deltas} deltas"
    return f"{deltas} of {stretch.kind}, {stretch.characters} characters in {stretch.ended - stretch.began:.3f} s"


def _event(event: Event) -> str:
    match event:
        case TurnStarted():
            return f"turn {event.turn} begins"
        case AttemptStarted():
            return f"attempt {event.attempt}" + (f" of step {event.step}" if event.step > 1 else "")
        case RetryScheduled():
            return f"failed: {event.error}; again in {event.backoff_ms} ms"
        case Retracted():
            return f"cut back to {event.text_keep} characters" + (
                f" and {event.thought_keep} of thought" if event.thought_keep else ""
            )
        case StepFinished():
            return f"step {event.step} done, {len(event.calls)} tool calls" if event.calls else ""
        case SessionRestarted():
            return f"restarted: {event.error}"
        case TurnCompleted() | TurnFailed() | TurnCancelled():
            return _end(event)
        case _:
            return _act(event)


def _act(event: Event) -> str:
    match event:
        case ToolCallStarted():
            again = f", attempt {event.tool_attempt}" if event.tool_attempt > 1 else ""
            return f"{event.name} begins for {event.call_id}{again}"
        case ToolCallFinished():
            return f"{event.name}, {event.call_id}: {event.result}"
        case ApprovalRequested():
            return f"{event.name}, {event.call_id}: waits for a decision"
        case ApprovalDecided():
            return f"{event.call_id}: {event.decision}"
        case _:
            return ""


def _end(event: Terminal) -> str:
    match event:
        case TurnCompleted():
            return f"completed: {len(event.text)} characters"
        case TurnFailed():
            return f"failed for good: {event.outcome.describe()}"
        case TurnCancelled():
            return f"cancelled: {event.reason}"
