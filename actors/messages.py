"""What the actors say to each other. Every message is a frozen struct; each actor lists the ones that it takes.

A step's messages carry their `AttemptKey`, because a message of an attempt that was given up can still be
under way when the next attempt runs: the receiver compares the key and lets a stale one fall.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from actors.approvals import Decision
from actors.config import Endpoint, SessionConfig
from actors.core.aggregate import Piece, StepResult
from actors.core.chunks import Chunk, Usage
from actors.core.slots import Ticket
from actors.events import AttemptUsage, EndReason, Event, ToolOutcome
from actors.outcome import Complete, Failure
from actors.tools.result import ToolResult
from actors.wire.openai_chat import Request

if TYPE_CHECKING:
    from actors.outlets import ActorOutlet, Outlet
    from actors.turn import Turn


class AttemptKey(NamedTuple):
    """Which attempt: its turn in the session, its step in the turn, its number in the step."""

    turn: int
    step: int
    attempt: int


class Message(msgspec.Struct, frozen=True):
    """The base of all messages."""


# Host -> Supervisor


class Submit(Message, frozen=True):
    """Here is a turn. It is accepted when this is handled."""

    turn: Turn


class Cancel(Message, frozen=True):
    """Cancel a turn, running or queued; None: the one that runs, or is the next to."""

    turn: int | None
    reason: str
    after_step: bool = False
    """Let the step that runs, and its tools, come to their end first."""


class Publish(Message, frozen=True):
    """Send the subscribers a `Custom` event."""

    payload: Any


class Subscribe(Message, frozen=True):
    """Send this outlet every event from now on."""

    outlet: Outlet


class Unsubscribe(Message, frozen=True):
    """Send this outlet nothing more."""

    outlet: Outlet


class Drained(Message, frozen=True):
    """This outlet has room again."""

    outlet: Outlet


class Close(Message, frozen=True):
    """End the session: the turn that runs and all that wait are cancelled."""

    reason: EndReason


# Supervisor -> SessionActor


class StartTurn(Message, frozen=True):
    """Run this turn."""

    turn: int
    messages: tuple[Mapping[str, Any], ...]
    tools: tuple[Mapping[str, Any], ...]
    config: SessionConfig
    stateless: bool
    """True for a bare step: the messages are the whole request, and the conversation stays as it is."""
    endpoint: Endpoint
    here: Callable[[str], Any] | None = None
    """Gives the session's handle for a call of the turn, by the call's id; None outside a runtime."""


class AbortTurn(Message, frozen=True):
    """The turn has ended without you. You may have completed it in the same moment: forget what it added."""

    conversation: tuple[Mapping[str, Any], ...]
    """As it is from now on."""


class EndAfterStep(Message, frozen=True):
    """Take no further step in this turn."""

    turn: int
    reason: str


class StepFinished(Message, frozen=True):
    """The step that you asked for is complete."""

    turn: int
    result: StepResult


class StepFailed(Message, frozen=True):
    """The step that you asked for failed for good."""

    turn: int
    outcome: Failure


# Host -> SessionActor


class GetHistory(Message, frozen=True):
    """Ask for the conversation; the reply is a tuple of messages."""


class Steer(Message, frozen=True):
    """Have this enter the turn that runs, before its next step; the reply says whether it will."""

    messages: tuple[Mapping[str, Any], ...]


class Decide(Message, frozen=True):
    """A decision on a call that waits for one; the reply says whether it still did."""

    approval: str
    decision: Decision


# ToolActor -> SessionActor


class ToolEnded(Message, frozen=True):
    """The tool is through."""

    call: int
    """As it was numbered when it was begun."""
    outcome: ToolOutcome
    result: ToolResult
    truncated: bool = False


# SessionActor -> Supervisor


class RunStep(Message, frozen=True):
    """Make one model request, with all its attempts."""

    turn: int
    request: Request
    hidden: bool = False
    """Show nothing of what comes: it is not for the user."""


class CallsTaken(Message, frozen=True):
    """These calls of the step are going to get a result each."""

    turn: int
    calls: tuple[tuple[str, str], ...]
    """Id and tool's name."""


class Tell(Message, frozen=True):
    """Make an event of this, in its place between the others."""

    turn: int
    kind: type[Event]
    fields: dict[str, Any]


class Keep(Message, frozen=True):
    """Tools have run: should the turn end without an answer, this is what stays of it."""

    turn: int
    conversation: tuple[Mapping[str, Any], ...]


class TurnDone(Message, frozen=True):
    """The turn has its answer."""

    turn: int
    result: StepResult
    conversation: tuple[Mapping[str, Any], ...]
    """As it is with the turn."""
    value: Any = None
    """The answer as the type that was asked for."""


class TurnStopped(Message, frozen=True):
    """The turn ends behind a step, as it was asked to."""

    turn: int
    reason: str


class TurnGaveUp(Message, frozen=True):
    """The turn can't be completed."""

    turn: int
    outcome: Failure


# CallerActor -> AggregatorActor


class Chunks(Message, frozen=True, gc=False):
    """What one read of the socket held."""

    chunks: tuple[Chunk, ...]


class StreamEnded(Message, frozen=True):
    """The stream ended without an error of its own: end marker, end of file, or trailing deadline."""


class StreamFailed(Message, frozen=True):
    """The stream broke, or never began."""

    outcome: Failure


# AggregatorActor -> Supervisor


class Deltas(Message, frozen=True, gc=False):
    """More of the attempt, as it may be shown."""

    key: AttemptKey
    pieces: tuple[Piece, ...]
    received: int
    """How many code points the attempt has received by now."""
    usage: Usage | None
    """What the endpoint has reported by now: if the attempt is cut off, this is all that will be known."""


class AttemptFinished(Message, frozen=True):
    """The attempt is complete."""

    key: AttemptKey
    result: StepResult
    outcome: Complete
    usage: AttemptUsage
    chunks: int
    """How many chunks it was."""


class AttemptFailed(Message, frozen=True):
    """The attempt is not an answer."""

    key: AttemptKey
    outcome: Failure
    usage: AttemptUsage
    chunks: int
    """How many chunks there were."""


# Supervisor -> CallerActor


class Pause(Message, frozen=True):
    """Read no further: a consumer is behind."""


class Resume(Message, frozen=True):
    """Read on."""


# To oneself


class RetryDue(Message, frozen=True):
    """The backoff of this failed attempt is over."""

    key: AttemptKey


class BatchTaken(Message, frozen=True):
    """A subscribed actor replied to its batch, which is its demand for the next."""

    outlet: ActorOutlet
    error: BaseException | None


class DeadlineDue(Message, frozen=True):
    """The nearest deadline of the attempt may have passed; the earlier chunk that moved it did not move the timer."""


class ProgressDue(Message, frozen=True):
    """Time to log how far a long stream is."""


class StatsDue(Message, frozen=True):
    """Time to log how the runtime is."""


# Supervisor -> subscribed actors


class EventBatch(Message, frozen=True):
    """Events for a subscribed actor, in order. Its reply to this `ask` is its demand for the next batch."""

    events: tuple[Event, ...]


# Supervisor -> RootSupervisor, where the number of turns at once is limited


class WantSlot(Message, frozen=True):
    """I would begin a turn."""

    ticket: Ticket


class FreeSlot(Message, frozen=True):
    """The turn has ended, or I would begin none any more."""

    ticket: Ticket


# RootSupervisor -> Supervisor


class SlotGranted(Message, frozen=True):
    """Begin a turn."""

    ticket: Ticket


# Runtime -> RootSupervisor


class Shutdown(Message, frozen=True):
    """End all sessions; the reply comes when the last one has ended."""
