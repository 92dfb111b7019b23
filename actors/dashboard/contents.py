"""What a report of a log says, section by section: the same in text and as a page. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from actors.fleet.view import Notice, Quantiles, SessionRow, Totals, View


class Section(msgspec.Struct, frozen=True):
    """A heading and a table; without columns, a table of labels and what is said to each."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def headline(view: View) -> str:
    """What came of it, in one line."""
    totals = view.totals
    ended = totals.turns_completed + totals.turns_failed + totals.turns_cancelled
    return f"{ended:,} turns: {_ends(totals)}; {totals.retries:,} retries"


def contents(view: View) -> Iterator[Section]:
    """The sections that have something to say."""
    yield Section("Summary", (), tuple(_summary(view)))
    for title, columns, rows in (
        ("How long it took", ("", "count", "p50", "p95", "p99", "most"), _latency(view)),
        ("How turns ended", ("outcome", "turns", "share"), _shares(view.outcomes)),
        ("How attempts failed", ("error", "attempts", "share"), _shares(view.errors)),
        ("Tools", ("tool", "calls", "failed", "share", "p50", "p95", "most"), _tools(view)),
        ("How tool calls ended", ("outcome", "calls", "share"), _shares(view.tool_outcomes)),
        ("How approvals were decided", ("decision", "approvals", "share"), _shares(view.decisions)),
        ("Approvals that wait", ("session", "tool", "call", "for"), _approvals(view)),
        ("Sessions with most retries", SESSION_COLUMNS, _sessions(view)),
        ("Runtimes", ("run", "process", "state", "time", "rss", "loop lag"), _runs(view)),
        ("Handlers that held the loop", NOTICE_COLUMNS, _notices(view.stalls)),
        ("Dead letters", NOTICE_COLUMNS, _notices(view.dead_letters)),
        ("Last warnings and errors", NOTICE_COLUMNS, _notices(view.problems)),
    ):
        if found := tuple(rows):
            yield Section(title, columns, found)


SESSION_COLUMNS = ("session", "state", "turns", "retries", "restarts", "tokens in", "out", "last error")
NOTICE_COLUMNS = ("at", "event", "session", "what")
NOTICES = 20
"""So many of each kind are told."""


def _summary(view: View) -> Iterator[tuple[str, str]]:
    totals = view.totals
    if view.begun is not None and view.newest is not None:
        yield "time", f"{_when(view.begun)} to {_when(view.newest)} UTC, {_seconds(view.newest - view.begun)}"
    yield (
        "records",
        f"{totals.records:,}" + (f", and {totals.bad_lines:,} bad lines" if totals.bad_lines else ""),
    )
    if view.last_bad_line:
        yield "last bad line", view.last_bad_line
    yield "sessions", f"{totals.sessions_started:,} started, {totals.sessions_ended:,} ended"
    yield "turns", f"{totals.turns_started:,} started: {_ends(totals)}"
    answered = f"{totals.requests_completed:,} answered, {totals.requests_failed:,} failed"
    yield "requests", f"{totals.requests_started:,} sent: {answered}, {totals.requests_cancelled:,} cancelled"
    yield "tokens", f"{totals.input_tokens:,} in, {totals.output_tokens:,} out"
    yield (
        "tool calls",
        f"{totals.calls:,} asked for, {totals.tools_completed:,} completed, {totals.tools_failed:,} failed",
    )
    if totals.approvals_requested:
        yield "approvals", f"{totals.approvals_requested:,} requested, {totals.approvals_decided:,} decided"
    yield (
        "supervision",
        f"{totals.failures:,} failures of actors, {totals.restarts:,} restarts, {totals.gave_up:,} given up",
    )
    yield "trouble", f"{totals.dead_letters:,} dead letters, {totals.stalls:,} stalls of the loop"


def _ends(totals: Totals) -> str:
    return (
        f"{totals.turns_completed:,} completed, {totals.turns_failed:,} failed, "
        f"{totals.turns_cancelled:,} cancelled"
    )


def _latency(view: View) -> Iterator[tuple[str, ...]]:
    latency = view.latency
    named: tuple[tuple[str, Quantiles], ...] = (
        ("first chunk", latency.first_chunk),
        ("answered attempt", latency.attempt),
        ("whole turn", latency.turn),
        ("approval", latency.approval),
    )
    for name, it in named:
        if it.count:
            yield name, f"{it.count:,}", *map(_seconds, (it.p50, it.p95, it.p99, it.max))


def _shares(counts: dict[str, int]) -> Iterator[tuple[str, ...]]:
    whole = sum(counts.values())
    for name, count in counts.items():
        yield name, f"{count:,}", f"{count / whole:.1%}"


def _tools(view: View) -> Iterator[tuple[str, ...]]:
    for it in view.tools:
        share = f"{it.failed / it.calls:.1%}" if it.calls else ""
        took = map(_seconds, (it.took.p50, it.took.p95, it.took.max))
        yield it.tool, f"{it.calls:,}", f"{it.failed:,}", share, *took


def _approvals(view: View) -> Iterator[tuple[str, ...]]:
    for it in view.approvals:
        yield it.session, it.tool, it.call, _seconds(it.age)


def _sessions(view: View) -> Iterator[tuple[str, ...]]:
    for it in view.sessions:
        if _is_troubled(it):
            yield (
                it.session,
                it.state,
                f"{it.turns:,}",
                f"{it.retries:,}",
                f"{it.restarts:,}",
                f"{it.input_tokens:,}",
                f"{it.output_tokens:,}",
                it.last_error,
            )


def _is_troubled(it: SessionRow) -> bool:
    return bool(it.retries or it.restarts or it.last_error)


def _runs(view: View) -> Iterator[tuple[str, ...]]:
    for it in view.runs:
        rss = "" if it.rss is None else f"{it.rss / 2**20:.1f} MiB"
        yield it.run, str(it.pid), it.state, _seconds(it.age), rss, _seconds(it.loop_lag)


def _notices(notices: Sequence[Notice]) -> Iterable[tuple[str, ...]]:
    for it in notices[:NOTICES]:
        yield _when(it.at), it.event, it.session, it.text


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}s" if value >= 100 else f"{value:.3g}s"  # noqa: PLR2004 - three digits are enough
