"""Who waits for the next attempt."""

from __future__ import annotations

from typing import Final

from actors.dashboard.top.rows.table import Column, Row, Table
from actors.dashboard.top.rows.words import bar, duration
from actors.fleet.view import RetryRow, View

BAR: Final = 8

COLUMNS: Final = (
    Column(title="in", width=6, right=True),
    Column(title="", width=BAR, rank=1),
    Column(title="session", width=14, grow=1),
    Column(title="try", width=5, right=True),
    Column(title="why", width=16, grow=2),
)


def table(view: View) -> Table:
    """The retry queue, next due first."""
    return Table(
        title=f"Retry queue {view.states['retrying']:,}",
        columns=COLUMNS,
        rows=tuple(_row(it) for it in view.retrying),
        empty="nobody waits for a retry",
    )


def _row(row: RetryRow) -> Row:
    left = row.retry_in / row.delay if row.delay > 0 else 0.0
    return Row(
        (
            (duration(row.retry_in) if row.retry_in > 0 else "due", "warn"),
            (bar(min(left, 1.0), BAR), "warn"),
            (row.session, "name"),
            (f"{row.attempt + 1}/{row.retry_max + 1}", ""),
            (row.reason, "bad"),
        ),
        (row.run, row.session),
    )
