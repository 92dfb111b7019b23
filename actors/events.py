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

from actors.outcome import Complete, Failure, Outcome


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call that the model asked for."""

    id: str
    """As sent; empty when the endpoint sent none."""
    name: str
    arguments: str
    """The arguments as the model wrote them."""
    runnable: bool
    """True only if the attempt was complete and the arguments are a JSON object (empty means `{}`)."""


class AttemptUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt cost."""

    step: int
    attempt: int
    source: Literal["measured", "estimated", "unknown"]
    """`measured`: the endpoint said so; `estimated`: counted from what arrived, output only; `unknown`: neither."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cached_input_tokens: int | None = None
    reasoning_tokens: int | None = None


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
    refusal: str
    """The part of the text that was a refusal; empty for none."""
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

    reason: Literal["closed", "runtime_closed", "restart_intensity"]
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
    | TurnCompleted
    | TurnFailed
    | TurnCancelled
    | SessionRestarted
    | SessionEnded
    | Custom
)

__all__ = [
    "AttemptStarted",
    "AttemptUsage",
    "Custom",
    "Event",
    "Outcome",
    "Retracted",
    "RetryScheduled",
    "SessionEnded",
    "SessionRestarted",
    "StepFinished",
    "StepStarted",
    "Terminal",
    "TextDelta",
    "ThoughtDelta",
    "ToolCall",
    "ToolCallDelta",
    "TurnCancelled",
    "TurnCompleted",
    "TurnFailed",
    "TurnStarted",
]
