"""How long turns, attempts, their first chunks and decisions took."""

from __future__ import annotations

from typing import Final

from actors.dashboard.top.rows.table import Column, Row, Table
from actors.dashboard.top.rows.words import duration, number
from actors.fleet.view import Quantiles, View

COLUMNS: Final = (
    Column(title="", width=11, grow=2),
    *(Column(title=title, width=6, right=True, grow=1) for title in ("count", "p50", "p95", "p99", "max")),
)


def table(view: View) -> Table:
    """Quantiles over the whole log."""
    latency = view.latency
    approval = (_row("approval", latency.approval),) if latency.approval.count else ()
    return Table(
        title="Latency",
        columns=COLUMNS,
        rows=(
            _row("turn", latency.turn),
            _row("attempt", latency.attempt),
            _row("first chunk", latency.first_chunk),
            *approval,
        ),
        empty="",
    )


def _row(what: str, quantiles: Quantiles) -> Row:
    return Row(
        (
            (what, "name"),
            (number(quantiles.count), "dim"),
            (duration(quantiles.p50), ""),
            (duration(quantiles.p95), ""),
            (duration(quantiles.p99), "strong"),
            (duration(quantiles.max), "dim"),
        )
    )
