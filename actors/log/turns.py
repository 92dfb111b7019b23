"""The log's records of sessions and their turns."""

from __future__ import annotations

from actors.log.stamped import Stamped


class SessionRecord(Stamped, frozen=True, kw_only=True, tag=""):
    """What a record about a session has."""

    session: str
    agent: str | None = None


class SessionStarted(SessionRecord, frozen=True, kw_only=True, tag="actors.session.started"):
    """A session is there; `session_parent` says whose child it is."""

    session_parent: str | None = None


class SessionEnded(SessionRecord, frozen=True, kw_only=True, tag="actors.session.ended"):
    """A session is over."""

    reason: str


class SessionRestarted(SessionRecord, frozen=True, kw_only=True, tag="actors.session.restarted"):
    """An actor of the session was started anew."""

    actor_restarts: int


class TurnRecord(SessionRecord, frozen=True, kw_only=True, tag=""):
    """What a record about a turn has."""

    turn: int
    step: int | None = None
    attempt: int | None = None


class TurnStarted(TurnRecord, frozen=True, kw_only=True, tag="actors.turn.started"):
    """A turn was taken up."""


class TurnEnd(TurnRecord, frozen=True, kw_only=True, tag=""):
    """What the terminal record of a turn has; `duration` unless it had not begun, and what it has spent, with all that
    was spawned for it, where a budget holds (`spent_cost` in USD, where one limits that).
    """

    outcome: str
    duration: float | None = None
    spent_steps: int | None = None
    spent_tool_calls: int | None = None
    spent_tokens: int | None = None
    spent_cost: float | None = None


class TurnCompleted(TurnEnd, frozen=True, kw_only=True, tag="actors.turn.completed"):
    """A turn has its answer."""


class TurnFailed(TurnEnd, frozen=True, kw_only=True, tag="actors.turn.failed"):
    """A turn failed for good."""

    error_type: str
    reason: str | None = None


class TurnCancelled(TurnEnd, frozen=True, kw_only=True, tag="actors.turn.cancelled"):
    """A turn was cancelled."""

    reason: str


class RetryScheduled(TurnRecord, frozen=True, kw_only=True, tag="actors.request.retry_scheduled"):
    """The next attempt of a step is due at `retry_next_at`, in Unix seconds."""

    retry_delay: float
    retry_max: int
    retry_reason: str
    retry_next_at: float


class TurnSteered(TurnRecord, frozen=True, kw_only=True, tag="actors.turn.steered"):
    """What the user said in mid-turn entered before its next step."""

    messages_count: int


class AnswerRejected(TurnRecord, frozen=True, kw_only=True, tag="actors.turn.answer_rejected"):
    """The model is asked again; `rejected_count` answers of this kind were not taken in this turn."""

    error_type: str
    rejected_count: int


class LoopNoticed(TurnRecord, frozen=True, kw_only=True, tag="actors.turn.loop_noticed"):
    """The model asked for the same call `repeats_count` times."""

    tool_name: str
    repeats_count: int


class ContextTrimmed(TurnRecord, frozen=True, kw_only=True, tag="actors.context.trimmed"):
    """Messages are no longer sent; `reason` is `budget` or `refused` (by the endpoint), tokens are estimates."""

    reason: str
    messages_cut: int
    tokens_before: int
    tokens_after: int
    tokens_budget: int


class SessionHandedOff(TurnRecord, frozen=True, kw_only=True, tag="actors.session.handed_off"):
    """The conversation is another agent's from now on; `previous_agent` is whose it was, if somebody's."""

    tool_call_id: str
    previous_agent: str | None = None
