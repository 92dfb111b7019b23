"""The runtimes, each one process's."""

from __future__ import annotations

from typing import Final

from actors.dashboard.top.rows.table import Column, Row, Style, Table
from actors.dashboard.top.rows.words import UNKNOWN, age, duration, number, size
from actors.fleet.view import RunRow, View

LATE: Final = 0.1
"""A loop that lags so many seconds is marked."""

COLUMNS: Final = (
    Column(title="process", width=8, right=True),
    Column(title="state", width=8),
    Column(title="up", width=6, right=True),
    Column(title="sessions", width=8, right=True),
    Column(title="lag", width=6, right=True),
    Column(title="mailbox", width=7, right=True, rank=1),
    Column(title="memory", width=7, right=True),
    Column(title="run", width=8, grow=1, rank=2),
)


def table(view: View) -> Table:
    """Those that run first."""
    return Table(
        title=f"Runtimes {len(view.runs):,}",
        columns=COLUMNS,
        rows=tuple(_row(it) for it in view.runs),
        empty="no runtime has written yet",
    )


def _row(row: RunRow) -> Row:
    quiet: Style = "dim" if row.state == "stopped" else ""
    late = row.loop_lag is not None and row.loop_lag >= LATE
    return Row(
        (
            (str(row.pid), quiet or "name"),
            (row.state, quiet or "good"),
            (age(row.age), quiet),
            (UNKNOWN if row.sessions is None else number(row.sessions), quiet),
            (duration(row.loop_lag), "bad" if late and not quiet else quiet),
            (UNKNOWN if row.mailbox_depth is None else number(row.mailbox_depth), quiet),
            (size(row.rss), quiet),
            (row.run, "dim"),
        )
    )
