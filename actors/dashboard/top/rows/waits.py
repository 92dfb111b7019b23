"""Who waits: for somebody's decision, or for the next attempt."""

from __future__ import annotations

from typing import Final

from actors.dashboard.top.rows.table import Column, Row, Table
from actors.dashboard.top.rows.words import age, bar, duration
from actors.fleet.view import ApprovalRow, RetryRow, View

BAR: Final = 8

COLUMNS: Final = (
    Column(title="for/in", width=9, right=True),
    Column(title="", width=BAR, rank=1),
    Column(title="session", width=14, grow=1),
    Column(title="try", width=5, right=True),
    Column(title="why", width=16, grow=2),
)


def table(view: View) -> Table:
    """The approvals, oldest first, then the retry queue, next due first."""
    return Table(
        title=f"Waiting: {view.approvals_open:,} approvals, {view.states['retrying']:,} retries",
        columns=COLUMNS,
        rows=(*map(_approval, view.approvals), *map(_retry, view.retrying)),
        empty="nobody waits for a decision or a retry",
    )


def _approval(row: ApprovalRow) -> Row:
    return Row(
        (
            (f"for {age(row.age)}", "busy"),
            ("", ""),
            (row.session, "name"),
            ("", ""),
            (f"approval of {row.tool}, call {row.call}", "busy"),
        ),
        (row.run, row.session),
    )


def _retry(row: RetryRow) -> Row:
    left = row.retry_in / row.delay if row.delay > 0 else 0.0
    return Row(
        (
            (f"in {duration(row.retry_in)}" if row.retry_in > 0 else "due", "warn"),
            (bar(min(left, 1.0), BAR), "warn"),
            (row.session, "name"),
            (f"{row.attempt + 1}/{row.retry_max + 1}", ""),
            (row.reason, "bad"),
        ),
        (row.run, row.session),
    )
