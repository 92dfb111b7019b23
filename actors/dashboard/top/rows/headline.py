"""The lines above all panels: whose log, how far, and the totals."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from actors.dashboard.top.rows.sessions import LOOKS
from actors.dashboard.top.rows.table import Line, Part, Style, clip, width_of
from actors.dashboard.top.rows.words import clock, number, size, spark
from actors.fleet.view import Span, View

RECENT: Final = 5
"""A rate is the mean of so many seconds, without the one that is not over yet."""

BEHIND: Final = 1_000_000
"""Whoever is so many bytes behind is told how far it is."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What is being shown, and how."""

    source: str
    """The logs."""
    mode: Literal["live", "replay"] = "live"
    paused: bool = False
    files: int = 0
    """How many logs are there."""
    read: int = 0
    there: int = 0
    """How much of the logs was read, and how much of them there is, in bytes."""
    filter: str = ""


def lines(view: View, status: Status, width: int, *, sparks: bool) -> tuple[Line, ...]:
    """Three lines, or four with sparklines, each of `width` cells."""
    totals = _totals(view, zeros=True)
    if width_of(totals) > width:
        totals = _totals(view, zeros=False)
    states = _states(view, zeros=True)
    if width_of(states) > width:
        states = _states(view, zeros=False)
    found = [_title(view, status, width), clip(states, width), clip(totals, width)]
    if sparks:
        found.append(_sparks(view.minute, width))
    return tuple(found)


def _title(view: View, status: Status, width: int) -> Line:
    right: Line = (
        (f" {rate_of(view.minute):,.0f} records/s", "dim"),
        (f"  {clock(view.now)} UTC ", "strong"),
    )
    left: list[Part] = [(" greenroom top ", "strong"), _mode(status), (" ", "")]
    if status.filter:
        left.append((f"/{status.filter}  ", "warn"))
    left.append((_source(status), "dim"))
    return clip(left, max(0, width - width_of(right))) + right


def _mode(status: Status) -> Part:
    if status.there - status.read > BEHIND or (status.mode == "replay" and status.read < status.there):
        share = status.read / max(1, status.there)
        behind = "paused, " if status.paused else ""
        return f"◔ {behind}read {share:.0%} of {size(status.there)} ", "busy"
    if status.paused:
        return "‖ paused ", "warn"
    if status.there == 0:
        return "◌ waiting for the log ", "busy"
    return f"● {status.mode} ", "good"


def _source(status: Status) -> str:
    return f"{status.source} ({status.files:,} logs)" if status.files > 1 else status.source


def _states(view: View, *, zeros: bool) -> list[Part]:
    parts: list[Part] = [(" ", ""), (f"{sum(view.states.values()):,}", "strong"), (" sessions", "label")]
    for state, (mark, style) in LOOKS.items():
        count = view.states[state]
        if count or zeros:
            parts.append((f"  {mark} {count:,} {state}", style if count else "dim"))
    forgotten = view.totals.sessions_forgotten
    if forgotten:
        parts.append((f"  and {forgotten:,} before", "dim"))
    return parts


def _totals(view: View, *, zeros: bool) -> list[Part]:
    totals = view.totals
    ended = totals.turns_completed + totals.turns_failed + totals.turns_cancelled
    parts: list[Part] = [(" ", ""), (number(ended), "strong"), (" turns", "label")]
    counts: tuple[tuple[str, int, Style], ...] = (
        ("failed", totals.turns_failed, "bad"),
        ("cancelled", totals.turns_cancelled, "warn"),
        ("retries", totals.retries, "warn"),
        ("restarts", totals.restarts, "bad"),
        ("dead letters", totals.dead_letters, "bad"),
        ("stalls", totals.stalls, "bad"),
        ("failed calls", totals.tools_failed, "warn"),
        ("bad lines", totals.bad_lines, "bad"),
    )
    for label, count, style in counts:
        if count or zeros:
            parts.append((f"  {number(count)} {label}", style if count else "dim"))
    parts += [
        (f"  {number(totals.input_tokens)}", "strong"),
        (" tokens in", "label"),
        (f"  {number(totals.output_tokens)}", "strong"),
        (" out", "label"),
    ]
    return parts


def rate_of(minute: tuple[Span, ...]) -> float:
    """Records a second, of late."""
    recent = minute[-RECENT - 1 : -1]
    return sum(it.records for it in recent) / len(recent) if recent else 0.0


def _sparks(minute: tuple[Span, ...], width: int) -> Line:
    kinds: tuple[tuple[str, list[int], Style], ...] = (
        ("records/s", [it.records for it in minute], "name"),
        ("tokens/s", [it.tokens for it in minute], "good"),
        ("failures/s", [it.failures for it in minute], "bad"),
    )
    labels = sum(len(f" {label}  max 9999 ") for label, _, _ in kinds)
    each = min(len(minute), max(0, (width - labels) // len(kinds)))
    parts: list[Part] = []
    for label, values, style in kinds:
        shown = values[-each:] if each else []
        most = number(max(shown, default=0))
        parts += [(f" {label} ", "label"), (spark(shown, each), style), (f" max {most:<4} ", "dim")]
    return clip(parts, width)
