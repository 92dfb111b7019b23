"""What happened to one session, in order."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from actors.dashboard.top.rows.sessions import LOOKS
from actors.dashboard.top.rows.table import Column, Line, Part, Row, Style, Table, wrap
from actors.dashboard.top.rows.words import UNKNOWN, age, duration, moment, number, rate
from actors.fleet.view import Entry, Timeline

COLUMNS: Final = (
    Column(title="time", width=12),
    Column(title="after", width=7, right=True, rank=3),
    Column(title="place", width=6),
    Column(title="event", width=22),
    Column(title="took", width=6, right=True),
    Column(title="in", width=5, right=True, rank=4),
    Column(title="out", width=5, right=True, rank=2),
    Column(title="calls", width=5, right=True, rank=5),
    Column(title="what", width=28, grow=1),
)

MARKS: Final[Mapping[str, tuple[str, Style]]] = MappingProxyType(
    {
        "session.started": ("●", "strong"),
        "session.ended": ("■", "strong"),
        "session.restarted": ("!", "bad"),
        "turn.started": ("┌", "name"),
        "turn.completed": ("└", "good"),
        "turn.failed": ("└", "bad"),
        "turn.cancelled": ("└", "warn"),
        "request.retry_scheduled": ("│ ↻", "warn"),
        "approval.requested": ("│ ?", "warn"),
        "approval.decided": ("│ ?", ""),
        "tool.started": ("│ ◇", "busy"),
        "tool.completed": ("│ ◆", "good"),
        "tool.failed": ("│ ◆", "bad"),
        "request.started": ("│ ┌", "busy"),
        "request.first_chunk": ("│ │", "dim"),
        "request.completed": ("│ └", "good"),
        "request.failed": ("│ └", "bad"),
        "request.cancelled": ("│ └", "warn"),
    }
)
"""A turn embraces its attempts, and the calls between them."""
TOLD: Final = 3
LOUD: Final[Mapping[str, Style]] = MappingProxyType({"WARNING": "warn", "ERROR": "bad", "CRITICAL": "bad"})


def table(timeline: Timeline) -> Table:
    """A row an entry, oldest first."""
    entries = timeline.entries
    rows = [_row(it, before) for it, before in zip(entries, (None, *entries), strict=False)]
    if timeline.dropped:
        said = f"{timeline.dropped:,} older entries are not kept"
        rows.insert(0, Row(tuple((said if it is COLUMNS[-1] else "", "dim") for it in COLUMNS)))
    return Table(title="", columns=COLUMNS, rows=tuple(rows), empty="its entries are not kept any more")


def told(timeline: Timeline, row: int, width: int) -> tuple[Line, ...]:
    """What a row of the table has no room for: its whole text, in at most `TOLD` lines."""
    index = row - (1 if timeline.dropped else 0)
    if not 0 <= index < len(timeline.entries):
        return ()
    entry = timeline.entries[index]
    style = LOUD.get(entry.level, "")
    cost = (
        ("" if entry.calls == 0 else f"{entry.calls:,} tool calls"),
        ("" if entry.input_tokens is None else f"{entry.input_tokens:,} tokens in"),
        ("" if entry.output_tokens is None else f"{entry.output_tokens:,} tokens out"),
    )
    text = ", ".join(part for part in (entry.text or entry.error, *cost) if part)
    return tuple(((line, style),) for line in wrap(text, width, TOLD))


def facts(timeline: Timeline) -> tuple[Line, Line]:
    """Who it is and what it does now, in two lines."""
    row = timeline.row
    mark, style = LOOKS[row.state]
    state = row.state if row.retry_in is None else f"retrying in {duration(row.retry_in)}"
    who: Line = (
        (row.session, "name"),
        ("  ", ""),
        (f"{mark} {state}", style),
        (f"  {', '.join(row.tools)}" if row.tools else "", "busy"),
        (f"  silent for {age(row.idle)}" if row.state != "ended" else "", "dim"),
        ("  agent ", "label") if row.agent else ("", ""),
        (row.agent, ""),
        ("  model ", "label"),
        (row.model or UNKNOWN, ""),
    )
    return who, _figures(timeline)


def _figures(timeline: Timeline) -> Line:
    row = timeline.row
    figures: tuple[tuple[str, str, Style], ...] = (
        ("turns", number(row.turns), ""),
        ("retries", number(row.retries), "warn" if row.retries else ""),
        ("restarts", number(row.restarts), "bad" if row.restarts else ""),
        ("tokens in", number(row.input_tokens), ""),
        ("out", number(row.output_tokens), ""),
        ("tok/s", rate(row.tokens_per_s), ""),
        ("first", duration(row.first_chunk), ""),
    )
    line: list[Part] = []
    for label, said, style in figures:
        line += [(f"{label} ", "label"), (f"{said}  ", style)]
    return tuple(line)


def _row(entry: Entry, before: Entry | None) -> Row:
    mark, style = MARKS.get(entry.event, ("│ ·", "dim"))
    return Row(
        (
            (moment(entry.at), "dim"),
            ("" if before is None else f"+{duration(max(0.0, entry.at - before.at))}", "dim"),
            (_place(entry), "dim"),
            (f"{mark} {_said(entry.event)}", style),
            ("" if entry.duration is None else duration(entry.duration), ""),
            ("" if entry.input_tokens is None else number(entry.input_tokens), ""),
            ("" if entry.output_tokens is None else number(entry.output_tokens), ""),
            (f"{entry.calls:,}" if entry.calls else "", "busy"),
            (entry.text or entry.error, LOUD.get(entry.level, "")),
        )
    )


def _said(event: str) -> str:
    noticed = event.startswith("turn.") and event not in MARKS
    return event.removeprefix("turn." if noticed else "request.").replace(".", " ").replace("_", " ")


def _place(entry: Entry) -> str:
    # turn/step/attempt, as far as it goes
    place = [number for number in (entry.turn, entry.step, entry.attempt) if number]
    return "/".join(map(str, place))
