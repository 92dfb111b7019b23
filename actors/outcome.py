"""How an attempt ended, as a type: one tagged union, `Outcome`.

The tag (`outcome.kind`) is what logs, tables and dashboards show. Only `Complete` is an answer; nothing
else ever makes a tool call runnable. Which of the rest is tried again is decided in `actors.core.retry`,
in one table.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec


class _Outcome(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What all outcomes share."""

    @property
    def kind(self) -> str:
        """The outcome's tag, such as `truncated`."""
        return str(self.__struct_config__.tag)

    @property
    def reason(self) -> str:
        """The tag with its detail, such as `http_error:429` or `stalled:idle`: a low-cardinality label."""
        return self.kind

    def describe(self) -> str:
        """One line for a person; holds no key and none of the model's text."""
        return self.kind


class Complete(_Outcome, frozen=True, kw_only=True, tag="complete"):
    """The stream ended as the dialect says that it must."""

    finish_reason: str | None = None
    """As the endpoint sent it; None when only the end marker came."""

    def describe(self) -> str:
        """One line for a person."""
        return f"complete ({self.finish_reason or 'no finish reason'})"


class _Failed(_Outcome, frozen=True, kw_only=True):
    message: str
    """One line that says what happened."""

    def describe(self) -> str:
        """One line for a person."""
        return f"{self.reason}: {self.message}"


class Truncated(_Failed, frozen=True, kw_only=True, tag="truncated"):
    """End of file with neither a finish reason nor the end marker."""


class Stalled(_Failed, frozen=True, kw_only=True, tag="stalled"):
    """A deadline passed."""

    deadline: Literal["connect", "first_event", "idle", "attempt"]
    seconds: float
    """The deadline that passed, in seconds."""

    @property
    def reason(self) -> str:
        """`stalled:` and the deadline's name."""
        return f"stalled:{self.deadline}"


class InBandError(_Failed, frozen=True, kw_only=True, tag="in_band_error"):
    """The endpoint reported an error inside a response that had begun with status 200."""

    code: str | None = None
    """`error.code` as text, such as `502` or `rate_limit_exceeded`."""
    type: str | None = None
    """`error.type`, such as `overloaded_error`."""


class HttpError(_Failed, frozen=True, kw_only=True, tag="http_error"):
    """A response with a status other than 2xx."""

    status: int
    code: str | None = None
    """`error.code` of the body, if it was JSON."""
    type: str | None = None
    """`error.type` of the body, if it was JSON."""
    retry_after_s: float | None = None
    """The server's word on when to come back, in seconds from receipt."""
    should_retry: bool | None = None
    """The server's `x-should-retry`, if it sent one."""
    location: str | None = None
    """Where a redirect pointed, without its query. Redirects are never followed."""

    @property
    def reason(self) -> str:
        """`http_error:` and the status."""
        return f"http_error:{self.status}"


class Transport(_Failed, frozen=True, kw_only=True, tag="transport"):
    """The connection could not be made, or broke."""

    type: Literal["connect", "dns", "tls", "proxy", "reset", "read", "write", "timeout", "pool", "url"]

    @property
    def reason(self) -> str:
        """`transport:` and the type."""
        return f"transport:{self.type}"


class Protocol(_Failed, frozen=True, kw_only=True, tag="protocol"):
    """The endpoint's bytes are not what the dialect allows, or exceed a limit."""

    type: Literal["bad_http", "bad_json", "not_a_stream", "limit"]

    @property
    def reason(self) -> str:
        """`protocol:` and the type."""
        return f"protocol:{self.type}"


class Cancelled(_Failed, frozen=True, kw_only=True, tag="cancelled"):
    """Someone asked for the turn to stop."""


class Internal(_Failed, frozen=True, kw_only=True, tag="internal"):
    """An exception in greenroom itself, or the session ended under the turn. Never retried."""


class LimitReached(_Failed, frozen=True, kw_only=True, tag="limit_reached"):
    """A bound on what a turn may do was reached. Never retried."""

    limit: Literal["max_steps", "repeats", "empty_answers", "answer_retries"]

    @property
    def reason(self) -> str:
        """`limit_reached:` and the setting's name."""
        return f"limit_reached:{self.limit}"


class HookFailed(_Failed, frozen=True, kw_only=True, tag="hook_failed"):
    """A hook of the host's raised. Never retried."""

    hook: str

    @property
    def reason(self) -> str:
        """`hook_failed:` and the hook's name."""
        return f"hook_failed:{self.hook}"


BudgetLimit: TypeAlias = Literal["steps", "tool_calls", "tokens", "cost", "seconds", "depth", "children"]
"""The limits of a `Budget`, by their names there."""


class BudgetExceeded(_Failed, frozen=True, kw_only=True, tag="budget_exceeded"):
    """What a budget allows is spent: of the turn, of its session, or of anything above. Never retried."""

    limit: BudgetLimit
    spent: float
    """With what was asked for, where that was refused; in the limit's unit."""
    allowed: float
    where: str
    """Whose budget: the session's id; `session turn n` for a turn's own; `the runtime`."""

    @property
    def reason(self) -> str:
        """`budget_exceeded:` and the limit's name."""
        return f"budget_exceeded:{self.limit}"


Failure: TypeAlias = (
    Truncated
    | Stalled
    | InBandError
    | HttpError
    | Transport
    | Protocol
    | Cancelled
    | Internal
    | LimitReached
    | HookFailed
    | BudgetExceeded
)
Outcome: TypeAlias = Complete | Failure
