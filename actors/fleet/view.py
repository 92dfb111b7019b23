"""What a supervisor's dashboard shows: frozen, and as JSON what a browser is sent.

Times are Unix seconds, durations and ages seconds; `None` is "the log does not say".
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

State: TypeAlias = Literal["idle", "waiting", "streaming", "retrying", "ended"]
"""`waiting`: a turn runs and nothing streams, since nothing has come yet or what came is worked on."""

STATES: Final[tuple[State, ...]] = ("idle", "waiting", "streaming", "retrying", "ended")

Sort: TypeAlias = Literal[
    "recent",
    "idle",
    "session",
    "state",
    "turn",
    "attempt",
    "tokens",
    "rate",
    "first_chunk",
    "retries",
    "restarts",
]
"""`recent`: who was heard of last; `idle`: whose turn has been silent longest, those without a turn last."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows a view shows."""

    sort: Sort = "recent"
    reverse: bool = False
    """The other end first."""
    text: str = ""
    """Only sessions that say so, in any case, in their id, agent, model, state or last error."""
    states: frozenset[State] = frozenset(STATES)
    top: int = 100
    """How many sessions, retries and actors at most, each."""


class Totals(msgspec.Struct, kw_only=True):
    """Counted over the whole log, also of what has aged out."""

    records: int = 0
    bad_lines: int = 0
    """Lines that are no record, or too long for one."""
    sessions_started: int = 0
    sessions_ended: int = 0
    sessions_forgotten: int = 0
    """That have no row any more."""
    turns_started: int = 0
    turns_completed: int = 0
    turns_failed: int = 0
    turns_cancelled: int = 0
    requests_started: int = 0
    requests_completed: int = 0
    requests_failed: int = 0
    requests_cancelled: int = 0
    retries: int = 0
    restarts: int = 0
    gave_up: int = 0
    failures: int = 0
    """Exceptions in actors."""
    dead_letters: int = 0
    stalls: int = 0
    calls: int = 0
    """Tool calls that were asked for."""
    input_tokens: int = 0
    output_tokens: int = 0


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session, as far as the log goes."""

    run: str
    session: str
    parent: str
    """The session that it is a child of; empty for none."""
    agent: str
    model: str
    state: State
    turn: int
    step: int
    attempt: int
    turns: int
    """How many have ended."""
    retries: int
    restarts: int
    input_tokens: int
    output_tokens: int
    tokens_per_s: float | None
    """Of the last answer that told its usage, without the wait for its first chunk."""
    chunks_per_s: float | None
    """Of the answer that streams."""
    first_chunk: float | None
    """How long the last answer's first chunk took."""
    idle: float
    """How long nothing was heard of it."""
    retry_in: float | None
    """Until its next attempt; 0 when that is due."""
    last_error: str


class RetryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session that waits for its next attempt."""

    run: str
    session: str
    turn: int
    attempt: int
    """That failed."""
    retry_max: int
    retry_in: float
    delay: float
    reason: str


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One life of a runtime, and its last figures."""

    run: str
    pid: int
    state: Literal["running", "stopped"]
    age: float
    idle: float
    sessions: int | None
    loop_lag: float | None
    mailbox_depth: int | None
    rss: int | None
    dead_letters: int | None


class ActorRow(msgspec.Struct, frozen=True, kw_only=True):
    """An actor in the supervision tree, its parent above it."""

    run: str
    urn: str
    depth: int
    kind: str
    session: str
    state: str
    restarts: int
    failures: int
    children: int
    hidden: int
    """How many of its children have no row."""
    error: str


class Quantiles(msgspec.Struct, frozen=True, kw_only=True):
    """How long something took; None where it never happened."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Of turns, of attempts that were answered, and until their first chunk."""

    turn: Quantiles
    attempt: Quantiles
    first_chunk: Quantiles


class Notice(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line of a list of what happened last."""

    at: float
    event: str
    """Without the leading `actors.`."""
    level: str
    run: str
    session: str
    text: str


class Span(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What happened in so many seconds from `at` on."""

    at: int
    seconds: int
    records: int
    tokens: int
    turns: int
    """That ended."""
    failures: int
    """Attempts that failed."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A line of a session's timeline."""

    at: float
    event: str
    """Without the leading `actors.`."""
    level: str
    turn: int
    step: int
    attempt: int
    text: str = ""
    error: str = ""
    """The type of what went wrong."""
    duration: float | None = None
    """Of what ended; until the first chunk; until the next attempt."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    calls: int = 0


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """A session and what happened to it, oldest first."""

    row: SessionRow
    entries: tuple[Entry, ...]
    dropped: int
    """How many entries were before these."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at once, at `now`."""

    now: float
    begun: float | None
    newest: float | None
    """The times of the first and of the newest record."""
    totals: Totals
    states: dict[State, int]
    """Of all sessions that have a row."""
    sessions: tuple[SessionRow, ...]
    matching: int
    """How many sessions `Query` asked for; `sessions` are the first of them."""
    retrying: tuple[RetryRow, ...]
    """Next due first; `states["retrying"]` says how many there are."""
    outcomes: dict[str, int]
    """How turns ended."""
    errors: dict[str, int]
    """How attempts failed, most frequent first."""
    latency: Latency
    tree: tuple[ActorRow, ...]
    runs: tuple[RunRow, ...]
    dead_letters: tuple[Notice, ...]
    stalls: tuple[Notice, ...]
    problems: tuple[Notice, ...]
    """Warnings and errors; newest first, as the two before."""
    minute: tuple[Span, ...]
    """The last minute by seconds, oldest first."""
    last_bad_line: str
