"""Where a replay is in its log."""

from __future__ import annotations

import math

from actors.dashboard.top.clock import Clock
from actors.dashboard.top.rows.table import Line, Part, clip, width_of
from actors.dashboard.top.rows.words import BARS, clock, duration
from actors.fleet.view import Span


def line(time: Clock, history: tuple[Span, ...], width: int) -> Line:
    """The log from end to end: how busy it was, and where something failed."""
    left: list[Part] = [
        _mark(time),
        (f"x{time.speed:g} ", "strong"),
        (f"{clock(time.begun)} ", "dim"),
    ]
    right: list[Part] = [
        (f" {clock(time.ended)}", "dim"),
        (f"  {duration(time.at - time.begun)} of {duration(time.ended - time.begun)} ", "strong"),
    ]
    room = max(0, width - width_of(left) - width_of(right))
    return clip((*left, *_track(time, history, room), *right), width)


def spread(history: tuple[Span, ...], time: Clock, columns: int) -> list[tuple[float, bool]]:
    """The records in each of so many equal parts of the log, and whether something failed there."""
    counts = [(0.0, False)] * columns
    part = (time.ended - time.begun) / max(columns, 1)
    for span in history if part > 0 else ():
        first = max(0, int((span.at - time.begun) / part))
        last = min(columns, math.ceil((span.at + span.seconds - time.begun) / part))
        for column in range(first, last):
            records, failed = counts[column]
            counts[column] = records + span.records / (last - first), failed or span.failures > 0
    return counts


def _mark(time: Clock) -> Part:
    if time.paused:
        return " ‖ ", "warn"
    return (" ■ ", "dim") if time.share >= 1 else (" ▶ ", "good")


def _track(time: Clock, history: tuple[Span, ...], room: int) -> list[Part]:
    counts = spread(history, time, room)
    most = max((records for records, _ in counts), default=0.0)
    head = min(room - 1, int(time.share * room))
    parts: list[Part] = []
    for index, (records, failed) in enumerate(counts):
        if index == head:
            parts.append(("┃", "strong"))
            continue
        bar = BARS[round((records / most) ** 0.5 * (len(BARS) - 1))] if records else "─"
        parts.append((bar, "bad" if failed else "dim" if index > head else "busy"))
    return parts
