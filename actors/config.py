"""The settings, frozen and validated: a wrong one raises `ConfigError` with its dotted name and why.

Each setting can stand for a runtime, a session or a turn; the more special one wins as a whole struct
(`msgspec.structs.replace` makes a changed copy of one). `body` is the one that is laid over the less special ones.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from actors.approvals import Approvals
from actors.endpoint import Deadlines, Endpoint, Tls
from actors.profiles import Profile, Thinking
from actors.settings import Count, JsonObject, MiB, Positive, Seconds, Secret, Settings, check_body
from actors.window import Window

__all__ = [
    "Approvals",
    "Buffering",
    "Deadlines",
    "Endpoint",
    "Intensity",
    "Limits",
    "MiB",
    "PartLimits",
    "Profile",
    "Repeats",
    "RetryPolicy",
    "RuntimeConfig",
    "Secret",
    "SessionConfig",
    "Strategy",
    "Thinking",
    "Tls",
    "Window",
]


class RetryPolicy(Settings, frozen=True):
    """When a failed attempt is tried again. One budget a step; nothing below the supervisor retries."""

    max_retries: Count = 4
    backoff_ms: Count = 500
    """The first wait, in milliseconds. `max_backoff_ms` does not cap it."""
    multiplier: Annotated[float, msgspec.Meta(ge=1)] = 2.0
    max_backoff_ms: Count = 8000
    jitter: Literal["none", "deterministic", "full"] = "full"
    """`none`; `deterministic`: the reference turn's formula, added to the backoff; `full`: uniform 0..backoff."""
    max_retry_after_s: Annotated[float, msgspec.Meta(ge=0)] = 120.0
    """A server that asks for a longer wait than this, in seconds, is not asked again."""
    midstream: Literal["splice", "fail"] = "splice"
    """`splice`: retry after text was shown, and splice; `fail`: the reference turn, no retry once text was shown."""


class Limits(Settings, frozen=True):
    """Bounds on what an endpoint may send; past one the attempt ends as `protocol:limit`."""

    event_bytes: Positive = 16 * MiB
    """One server-sent event."""
    argument_bytes: Positive = 16 * MiB
    """The arguments of one tool call."""
    calls: Positive = 128
    """Tool calls in one attempt."""
    error_bytes: Positive = 64 * 1024
    """How much of an error response's body is read."""


class PartLimits(Settings, frozen=True):
    """Bounds on the images and files that a host sends; past one `ConfigError` says so before anything is sent."""

    part_bytes: Positive = 20 * MiB
    """One image or file, in bytes, before base64 makes it a third longer. Endpoints refuse requests of 20 to 50 MB."""
    message_parts: Positive = 100
    """Pieces of one message, its texts included."""


class Buffering(Settings, frozen=True):
    """How much may wait for a consumer."""

    max_events: Positive = 256
    """Past this, adjacent deltas of one kind merge (or, with `overflow="pause"`, the socket is not read)."""
    max_bytes: Positive = 1 * MiB
    """Past this the socket is not read."""
    max_control: Positive = 1024
    """Past so many waiting events that can't merge, the socket is not read."""
    overflow: Literal["merge", "pause"] = "merge"


class Intensity(Settings, frozen=True):
    """OTP's restart intensity: more than `restarts` in a sliding window of `within` seconds is a failure."""

    restarts: Count = 3
    within: Seconds = 30.0


class Repeats(Settings, frozen=True):
    """What becomes of a call that a turn asks for again, with the same arguments."""

    warn: Positive | None = 3
    """From so many times on the model is told; None: never."""
    stop: Positive | None = 5
    """At so many times the turn fails as `limit_reached:repeats`; None: never."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.warn is not None and self.stop is not None and self.warn > self.stop:
            self._refuse("warn", f"must not be above stop ({self.stop}): it would never be reached")


Strategy: TypeAlias = Literal["one_for_one", "one_for_all", "rest_for_one"]
"""Who is started anew with a child that failed: nobody else; all of its siblings; those that were started after it."""


class SessionConfig(Settings, frozen=True):
    """How a session runs its turns."""

    retry: RetryPolicy | None = RetryPolicy()
    """None: one attempt."""
    deadlines: Deadlines = Deadlines()
    limits: Limits = Limits()
    buffering: Buffering = Buffering()
    parts: PartLimits = PartLimits()
    intensity: Intensity = Intensity()
    system: str | None = None
    """The system message that the conversation begins with."""
    enable_thinking: bool | None = None
    """Ask the model to think, or not to; None says nothing."""
    enable_thought: bool = True
    """Show thoughts as events."""
    tool_call_deltas: bool = False
    """Send `ToolCallDelta` events."""
    response_format: dict[str, Any] | None = None
    """Sent as it is."""
    model: str | None = None
    """Asked for instead of the endpoint's."""
    body: JsonObject = msgspec.field(default_factory=dict)
    """Further fields of the request's body, such as `{"temperature": 0}`, laid over the endpoint's own; those of a turn
    are laid over the session's. Objects merge, everything else replaces."""
    tools: tuple[Any, ...] = ()
    """Each a `Tool`, a toolset, or a definition as chat completions have it, which is answered by hand: see
    `Session.answer`."""
    max_steps: Positive = 50
    """How many model steps a turn may take; past that it fails as `limit_reached:max_steps`."""
    parallel_tools: Positive = 8
    """How many tools of a session run at once."""
    max_empty_answers: Count | None = 2
    """How often a turn asks again where the answer is empty; past that it fails as `limit_reached:empty_answers`.
    None: an answer without text is one."""
    repeats: Repeats | None = Repeats()
    """None: a call may come as often as it likes."""
    approvals: Approvals | None = None
    """Which calls are allowed, denied, or wait for a decision; None: all are allowed."""
    on_approval: Any = None
    """Decides on the calls that wait: a plain function (called in a thread) or a coroutine function that takes an
    `ApprovalRequest`, or a pykka actor that is asked with it. It gives `Approve(...)`, `Reject(...)`, a bool, or None
    to leave it to `Session.approve` and `Session.reject`."""
    hooks: Any = None
    """An instance of a class that is derived from `Hooks`."""
    returns: Any = None
    """The type of `TurnCompleted.value`: what msgspec converts, or a pydantic model; None: the answer is text."""
    max_answer_retries: Count = 2
    """How often a turn asks again where the answer is not of that type; past that it fails as
    `limit_reached:answer_retries`."""
    max_queued_turns: Count | None = None
    """How many turns of the session may wait behind another; past that `send` raises `QueueFullError`."""
    window: Window | None = None
    """What happens when the conversation grows longer than the model takes; None: all of it is sent."""

    strategy: Strategy = "one_for_one"
    """Which of the session's children are started anew with one that failed."""
    child_intensity: Intensity = Intensity()
    """How often children are started anew; past that the session ends with `child_intensity`."""
    child_shutdown: Seconds = 5.0
    """How long a child may take to end when it has to, in seconds, before it is ended by force."""

    def __post_init__(self) -> None:
        given: Any = self.tools
        if isinstance(given, list):
            msgspec.structs.force_setattr(self, "tools", tuple(given))
        super().__post_init__()
        if self.on_approval is not None and self.approvals is None:
            self._refuse("on_approval", "needs approvals: without a policy no call waits for a decision")
        if self.model == "":
            self._refuse("model", "must not be empty; leave it out for the endpoint's own")
        check_body(self, self.body)


class RuntimeConfig(Settings, frozen=True):
    """How a runtime keeps house."""

    session: SessionConfig = SessionConfig()
    """What sessions get that are not given their own."""
    intensity: Intensity = Intensity()
    """For the root supervisor itself."""
    stall_after: Seconds | None = 0.25
    """A handler that holds the loop longer than this, in seconds, is reported with its stack; None: no watch."""
    stats_every: Seconds = 5.0
    """Between two `actors.runtime.stats` records, in seconds."""
    progress_every: Seconds = 2.0
    """Between two `actors.request.progress` records of one stream, in seconds."""
    tool_threads: Positive = 16
    """How many tools that are plain functions run at once, each in a thread."""
    uvloop: bool | None = None
    """For a sync host's own loop: True, False, or None for "if it is installed"."""
    max_active_turns: Positive | None = None
    """How many turns run at once; others wait, and sessions take turns. None: no limit."""
    max_queued_turns: Count | None = None
    """How many turns of all sessions may wait while `max_active_turns` run; past that `send` raises
    `QueueFullError`."""
    max_room_lines: Positive = 256
    """How many lines of a room may wait for its slowest member; past that `Room.say` raises `QueueFullError`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_queued_turns is not None and self.max_active_turns is None:
            self._refuse("max_queued_turns", "needs max_active_turns: without it no turn waits for another's")
