"""The public events: one msgspec tagged union, `Event`.

A consumer's text is the concatenation of its `TextDelta`s, where a `Retracted` cuts the turn's text and
thoughts back to so many code points; `actors.fold` does just that. Folding the events of a turn gives exactly
the `text` of its terminal event.

Every event carries where it belongs: `session` (id), `turn` (from 1 in its session; 0 for events of the
session itself), `step` (from 1 in its turn; 0 outside one), `attempt` (from 1 in its step; 0 outside one),
`seq` (from 1 in its session, without gaps, across restarts) and `timestamp` (Unix seconds, UTC).
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from actors.carried import AttemptUsage, Citation, EndReason, ToolCall, ToolOutcome
from actors.outcome import Complete, Failure, Outcome


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    session: str
    turn: int = 0
    step: int = 0
    attempt: int = 0
    seq: int
    timestamp: float


class TurnStarted(_Event, frozen=True, kw_only=True, tag="turn_started"):
    """The session took up an accepted turn."""


class StepStarted(_Event, frozen=True, kw_only=True, tag="step_started"):
    """A model request begins, with all its attempts."""


class AttemptStarted(_Event, frozen=True, kw_only=True, tag="attempt_started"):
    """One try of a step begins."""


class _Delta(_Event, frozen=True, kw_only=True, gc=False):
    first_seq: int = 0
    """Where merged deltas began: the event stands for `first_seq` to `seq`."""

    def __post_init__(self) -> None:
        if self.first_seq == 0:
            msgspec.structs.force_setattr(self, "first_seq", self.seq)


class TextDelta(_Delta, frozen=True, kw_only=True, tag="text_delta"):
    """More of the turn's text."""

    text: str


class ThoughtDelta(_Delta, frozen=True, kw_only=True, tag="thought_delta"):
    """More of the turn's thoughts; only where the session shows them (`enable_thought`)."""

    text: str


class ToolCallDelta(_Delta, frozen=True, kw_only=True, tag="tool_call_delta"):
    """More of a tool call; only where the session asks for it. Void once its attempt failed."""

    call: int
    """Which call of the attempt, from 0 in the order in which they were opened."""
    id: str = ""
    name: str = ""
    arguments: str = ""


class Retracted(_Delta, frozen=True, kw_only=True, tag="retracted"):
    """The turn's text and thoughts are cut back to so many code points."""

    text_keep: int
    thought_keep: int


class RetryScheduled(_Event, frozen=True, kw_only=True, tag="retry_scheduled"):
    """An attempt failed and the next one is due after `backoff_ms`."""

    failed_attempts: int
    """How many attempts of this step have failed, from 1."""
    max_retries: int
    backoff_ms: int
    """The wait, jitter and the server's word included, in milliseconds."""
    error: str
    outcome: Failure

    @property
    def payload(self) -> dict[str, Any]:
        """The reference turn's payload for this event."""
        return {
            "type": "llm_retry",
            "attempt": self.failed_attempts,
            "max_retries": self.max_retries,
            "backoff_ms": self.backoff_ms,
            "error": self.error,
        }


class StepFinished(_Event, frozen=True, kw_only=True, tag="step_finished"):
    """A step's last attempt was complete."""

    is_tool_call: bool
    calls: tuple[ToolCall, ...]
    usage: AttemptUsage
    outcome: Complete


class ToolCallStarted(_Event, frozen=True, kw_only=True, tag="tool_call_started"):
    """A tool begins to run."""

    call_id: str
    """As in the conversation: unique in its step also where the endpoint's own is not."""
    name: str
    arguments: str
    """JSON, as it is run: hooks and approvals may have changed what the model wrote."""
    tool_attempt: int = 1
    """More than 1 only where the tool is idempotent and is tried again."""


class ToolProgress(_Event, frozen=True, kw_only=True, tag="tool_progress"):
    """What a tool reports while it runs."""

    call_id: str
    name: str
    payload: Any


class ToolCallFinished(_Event, frozen=True, kw_only=True, tag="tool_call_finished"):
    """A call has its one result, which the model gets."""

    call_id: str
    name: str
    result: ToolOutcome
    content: str
    """As the model gets it; where that is a list of parts, their text."""
    duration: float
    """Seconds from the step's end to the result: waits for an approval and for a free place included."""
    ran: bool
    """Whether the tool was begun."""
    truncated: bool = False
    """Whether the output was cut to the tool's `max_output`."""


class ApprovalRequested(_Event, frozen=True, kw_only=True, tag="approval_requested"):
    """A call waits for a decision: `Session.decide(approval, ...)`, from any thread."""

    approval: str
    """The request's id."""
    call_id: str
    name: str
    arguments: str
    key: str
    """What a decision of "always" holds for."""
    expires: float
    """When it is denied if nobody has decided, in Unix seconds."""


class ApprovalDecided(_Event, frozen=True, kw_only=True, tag="approval_decided"):
    """A decision was made, or its time is over."""

    approval: str
    call_id: str
    decision: Literal["approved", "modified", "always", "rejected", "expired", "withdrawn"]
    reason: str = ""
    waited: float
    """Seconds."""


class Steered(_Event, frozen=True, kw_only=True, tag="steered"):
    """What a user said in mid-turn enters, before the next step."""

    messages: tuple[Any, ...]
    """As chat completions have them."""


class AnswerRejected(_Event, frozen=True, kw_only=True, tag="answer_rejected"):
    """A complete step's answer was not taken, and the model is asked again."""

    reason: Literal["empty", "invalid"]
    """`invalid`: it is not of the type that `returns` asks for."""
    error: str
    rejected: int
    """How many were by now, of this kind, in this turn."""


class LoopNoticed(_Event, frozen=True, kw_only=True, tag="loop_noticed"):
    """The model asks for the same call with the same arguments again and again."""

    name: str
    times: int
    stopped: bool
    """Whether the turn ends for it; else the model was warned."""


class ContextTrimmed(_Event, frozen=True, kw_only=True, tag="context_trimmed"):
    """The conversation was too long for the window, and something was left out of what is sent."""

    strategy: Literal["drop", "summarise"]
    messages_cut: int
    """How many messages are no longer sent."""
    tokens_before: int
    """An estimate, of the whole request."""
    tokens_after: int
    budget: int
    """What may be sent, in tokens."""
    asked: bool
    """Whether the endpoint had refused the request as too long."""


class _Terminal(_Event, frozen=True, kw_only=True):
    text: str
    """The turn's text as shown."""
    thoughts: str
    """The turn's thoughts as shown."""
    usage: tuple[AttemptUsage, ...]
    """What every attempt of the turn cost, in order."""


class TurnCompleted(_Terminal, frozen=True, kw_only=True, tag="turn_completed"):
    """The turn has its answer."""

    is_tool_call: bool
    calls: tuple[ToolCall, ...]
    """Those of the last step that nothing here answered: see `Session.answer`."""
    refusal: str
    """The part of the text that was a refusal; empty for none."""
    citations: tuple[Citation, ...] = ()
    """What the answer refers to, in order."""
    answer: str = ""
    """The text of the last step alone, as the model wrote it: what was said before the tools ran is not in it."""
    value: Any = None
    """The answer as the type that `returns` asked for; None where none was."""
    outcome: Complete
    response_id: str = ""
    response_model: str = ""

    @property
    def full_text(self) -> str:
        """The reference turn's name for `text`."""
        return self.text

    @property
    def tool_calls(self) -> tuple[tuple[str, str, str], ...]:
        """The calls as the reference turn gives them: (id, name, arguments) in index order."""
        return tuple((call.id, call.name, call.arguments) for call in self.calls)


class TurnFailed(_Terminal, frozen=True, kw_only=True, tag="turn_failed"):
    """The turn failed for good."""

    outcome: Failure


class TurnCancelled(_Terminal, frozen=True, kw_only=True, tag="turn_cancelled"):
    """The turn was cancelled."""

    reason: str


class SessionRestarted(_Event, frozen=True, kw_only=True, tag="session_restarted"):
    """An actor of the session failed and was started anew; queued turns are kept."""

    restarts: int
    """How many restarts lie within the intensity's window, this one included."""
    error: str


class SessionEnded(_Event, frozen=True, kw_only=True, tag="session_ended"):
    """The session's last event."""

    reason: EndReason
    error: str = ""


class ChildStarted(_Event, frozen=True, kw_only=True, tag="child_started"):
    """A child of the session began a life."""

    child: str
    """Its id."""
    agent: str = ""
    """Which agent it is."""
    call_id: str = ""
    """The tool call that it was spawned in; empty for none."""
    incarnation: int = 0
    """How often it was started anew."""


class ChildEnded(_Event, frozen=True, kw_only=True, tag="child_ended"):
    """A child's life is over: its `SessionEnded`, as its parent learns it."""

    child: str
    agent: str = ""
    reason: EndReason
    error: str = ""


class Custom(_Event, frozen=True, kw_only=True, tag="custom"):
    """What the host published."""

    payload: Any


Terminal: TypeAlias = TurnCompleted | TurnFailed | TurnCancelled
Event: TypeAlias = (
    TurnStarted
    | StepStarted
    | AttemptStarted
    | TextDelta
    | ThoughtDelta
    | ToolCallDelta
    | Retracted
    | RetryScheduled
    | StepFinished
    | ToolCallStarted
    | ToolProgress
    | ToolCallFinished
    | ApprovalRequested
    | ApprovalDecided
    | Steered
    | AnswerRejected
    | LoopNoticed
    | ContextTrimmed
    | TurnCompleted
    | TurnFailed
    | TurnCancelled
    | SessionRestarted
    | SessionEnded
    | ChildStarted
    | ChildEnded
    | Custom
)

__all__ = [
    "AnswerRejected",
    "ApprovalDecided",
    "ApprovalRequested",
    "AttemptStarted",
    "AttemptUsage",
    "ChildEnded",
    "ChildStarted",
    "Citation",
    "ContextTrimmed",
    "Custom",
    "EndReason",
    "Event",
    "LoopNoticed",
    "Outcome",
    "Retracted",
    "RetryScheduled",
    "SessionEnded",
    "SessionRestarted",
    "Steered",
    "StepFinished",
    "StepStarted",
    "Terminal",
    "TextDelta",
    "ThoughtDelta",
    "ToolCall",
    "ToolCallDelta",
    "ToolCallFinished",
    "ToolCallStarted",
    "ToolOutcome",
    "ToolProgress",
    "TurnCancelled",
    "TurnCompleted",
    "TurnFailed",
    "TurnStarted",
]
