"""What happened last: dead letters, stalls, and all that is a warning or worse."""

from __future__ import annotations

from typing import Final

from actors.dashboard.top.rows.table import Column, Row, Style, Table
from actors.dashboard.top.rows.words import clock
from actors.fleet.view import Notice, View

COLUMNS: Final = (
    Column(title="time", width=8),
    Column(title="session", width=14, rank=1),
    Column(title="event", width=23, rank=2),
    Column(title="what", width=44, grow=1),
)
PLAIN: Final = (COLUMNS[0], COLUMNS[1], COLUMNS[3])
"""Where all are of one event."""


def dead_letters(view: View) -> Table:
    """Messages that could not be delivered."""
    return Table(
        title=f"Dead letters {view.totals.dead_letters:,}",
        columns=PLAIN,
        rows=tuple(_row(it, of_one_event=True) for it in view.dead_letters),
        empty="every message was delivered",
    )


def stalls(view: View) -> Table:
    """Handlers that held a loop."""
    return Table(
        title=f"Stalls {view.totals.stalls:,}",
        columns=PLAIN,
        rows=tuple(_row(it, of_one_event=True) for it in view.stalls),
        empty="no handler held its loop",
    )


def problems(view: View) -> Table:
    """Warnings and errors, and a line that was no record."""
    bad = view.totals.bad_lines
    rows = [_row(it, of_one_event=False) for it in view.problems]
    if bad:
        what = f"{bad:,} bad line{'' if bad == 1 else 's'}, at last: {view.last_bad_line}"
        rows.insert(0, Row((("", ""), ("", ""), ("", ""), (what, "bad"))))
    return Table(title="Problems", columns=COLUMNS, rows=tuple(rows), empty="no warning, no error")


def _row(notice: Notice, *, of_one_event: bool) -> Row:
    style: Style = "warn" if notice.level == "WARNING" else "bad"
    event = () if of_one_event else ((notice.event, "dim"),)
    return Row(
        ((clock(notice.at), "dim"), (notice.session, "name"), *event, (notice.text, style)),
        (notice.run, notice.session) if notice.session else None,
    )
