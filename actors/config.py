"""The settings, frozen and validated: a wrong one raises `ConfigError` with its dotted name and why.

Each setting can stand for a runtime, a session or a turn; the more special one wins as a whole struct
(`msgspec.structs.replace` makes a changed copy of one).
"""

from __future__ import annotations

import functools
import math
import urllib.parse
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_type_hints

import msgspec

from actors.errors import ConfigError

MiB = 1024 * 1024

Count = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Secret:
    """A key that shows itself to nothing but `reveal`: not to `repr`, `str`, logs, events or pickles."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise ConfigError("Secret", f"must be a str, not {type(value).__name__}")
        if not value.isascii() or not value.isprintable():
            raise ConfigError(
                "Secret",
                "must be printable ASCII on one line; a key read from a file often ends in a newline: strip it",
            )
        self._value = value

    def reveal(self) -> str:
        """The key itself, for the one place that sends it."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret('***')"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Secret is not pickled: load the key where it is used")


@functools.cache
def _hints(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(struct, include_extras=True)


class _Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A struct whose fields are checked against their types when it is made."""

    def __post_init__(self) -> None:
        for name, hint in _hints(type(self)).items():
            value = getattr(self, name)
            try:
                msgspec.convert(value, hint)
            except msgspec.ValidationError as error:
                shown = f", got {value!r}" if isinstance(value, int | float | str) else ""
                raise ConfigError(f"{type(self).__name__}.{name}", f"{error}{shown}") from None
            if isinstance(value, float) and not math.isfinite(value):
                raise ConfigError(f"{type(self).__name__}.{name}", f"must be finite, got {value!r}")

    def _refuse(self, field: str, why: str) -> None:
        raise ConfigError(f"{type(self).__name__}.{field}", why)


class RetryPolicy(_Settings, frozen=True):
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


class Deadlines(_Settings, frozen=True):
    """How long an attempt may take, in seconds."""

    connect: Seconds = 10.0
    first_event: Seconds = 300.0
    """From the request to the first parsed chunk. Keep-alives and headers do not count, nor does time in which the
    request waited for one of `max_connections`."""
    idle: Seconds = 120.0
    """Between parsed chunks. Keep-alives do not count; time in which the consumer made us wait does not either."""
    attempt: Seconds = 1800.0
    trailing: Seconds = 2.0
    """After a finish reason, for trailing usage or further calls."""


class Limits(_Settings, frozen=True):
    """Bounds on what an endpoint may send; past one the attempt ends as `protocol:limit`."""

    event_bytes: Positive = 16 * MiB
    """One server-sent event."""
    argument_bytes: Positive = 16 * MiB
    """The arguments of one tool call."""
    calls: Positive = 128
    """Tool calls in one attempt."""
    error_bytes: Positive = 64 * 1024
    """How much of an error response's body is read."""


class Buffering(_Settings, frozen=True):
    """How much may wait for a consumer."""

    max_events: Positive = 256
    """Past this, adjacent deltas of one kind merge (or, with `overflow="pause"`, the socket is not read)."""
    max_bytes: Positive = 1 * MiB
    """Past this the socket is not read."""
    max_control: Positive = 1024
    """Past so many waiting events that can't merge, the socket is not read."""
    overflow: Literal["merge", "pause"] = "merge"


class Intensity(_Settings, frozen=True):
    """OTP's restart intensity: more than `restarts` in a sliding window of `within` seconds is a failure."""

    restarts: Count = 3
    within: Seconds = 30.0


class Profile(_Settings, frozen=True):
    """What an endpoint wants said differently: data, not branches."""

    thinking: Literal["none", "enable_thinking", "thinking", "reasoning_effort"] = "none"
    """How `enable_thinking` is encoded: not at all; as itself; as `thinking: {"type": ...}`; as `reasoning_effort`."""
    stream_usage: bool = True
    """Whether `stream_options.include_usage` is sent."""


class Endpoint(_Settings, frozen=True):
    """Where a model answers."""

    base_url: str
    """Up to and including the version, such as `http://127.0.0.1:8080/v1`."""
    model: str
    api_key: Secret | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers, as pairs; a mapping is taken too."""
    profile: Profile = Profile()
    transport: Literal["aiohttp", "httpx"] = "aiohttp"
    max_connections: Positive | None = None
    """At most so many at once, the rest queue; None: no limit."""
    session_header: str | None = None
    """A header that carries the session's id, where the endpoint wants to know it."""
    provider: str = "openai"
    """`gen_ai.provider.name` in the log."""

    def __post_init__(self) -> None:
        given: Any = self.headers
        if isinstance(given, Mapping):
            msgspec.structs.force_setattr(self, "headers", tuple(given.items()))
        given = self.api_key
        if isinstance(given, str):
            msgspec.structs.force_setattr(self, "api_key", Secret(given))
        super().__post_init__()
        url = urllib.parse.urlsplit(self.base_url)
        if url.scheme not in {"http", "https"} or not url.hostname:
            self._refuse(
                "base_url", f"must begin with http:// or https:// and name a host, got {self.base_url!r}"
            )
        if url.username is not None or url.password is not None:
            self._refuse("base_url", "must not hold a user or password; use `headers` or `api_key`")
        if not self.model:
            self._refuse("model", "must not be empty")
        for name, value in self.headers:
            if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
                self._refuse("headers", f"{name!r} is no header name")
            if not value.isascii() or not value.isprintable():
                self._refuse("headers", f"the value of {name!r} must be printable ASCII on one line")

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        shown["headers"] = tuple((name, "***") for name, _ in self.headers)  # some carry keys
        return f"Endpoint({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


class SessionConfig(_Settings, frozen=True):
    """How a session runs its turns."""

    retry: RetryPolicy | None = RetryPolicy()
    """None: one attempt."""
    deadlines: Deadlines = Deadlines()
    limits: Limits = Limits()
    buffering: Buffering = Buffering()
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
    tools: tuple[dict[str, Any], ...] = ()
    """Tool definitions as chat completions have them; nothing runs them: see `Session.answer`."""
    max_queued_turns: Count | None = None
    """How many turns of the session may wait behind another; past that `send` raises `QueueFullError`."""

    def __post_init__(self) -> None:
        given: Any = self.tools
        if isinstance(given, list):
            msgspec.structs.force_setattr(self, "tools", tuple(given))
        super().__post_init__()


class RuntimeConfig(_Settings, frozen=True):
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
    uvloop: bool | None = None
    """For a sync host's own loop: True, False, or None for "if it is installed"."""
    max_active_turns: Positive | None = None
    """How many turns run at once; others wait, and sessions take turns. None: no limit."""
    max_queued_turns: Count | None = None
    """How many turns of all sessions may wait while `max_active_turns` run; past that `send` raises
    `QueueFullError`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_queued_turns is not None and self.max_active_turns is None:
            self._refuse("max_queued_turns", "needs max_active_turns: without it no turn waits for another's")
