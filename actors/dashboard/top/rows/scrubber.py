"""Where a replay is in its log."""

from __future__ import annotations

from actors.dashboard.top.clock import Clock
from actors.dashboard.top.rows.table import Line, Part, clip, width_of
from actors.dashboard.top.rows.words import BARS, clock, duration
from actors.dashboard.top.survey import Survey


def line(time: Clock, survey: Survey, width: int) -> Line:
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
    return clip((*left, *_track(time, survey, room), *right), width)


def _mark(time: Clock) -> Part:
    if time.paused:
        return " ‖ ", "warn"
    return (" ■ ", "dim") if time.share >= 1 else (" ▶ ", "good")


def _track(time: Clock, survey: Survey, room: int) -> list[Part]:
    counts = survey.spread(room)
    most = max((records for records, _ in counts), default=0)
    head = min(room - 1, int(time.share * room))
    parts: list[Part] = []
    for index, (records, failures) in enumerate(counts):
        if index == head:
            parts.append(("┃", "strong"))
            continue
        bar = BARS[round((records / most) ** 0.5 * (len(BARS) - 1))] if records else "─"
        parts.append((bar, "bad" if failures else "dim" if index > head else "busy"))
    return parts
