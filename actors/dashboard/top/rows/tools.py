"""What the tools do."""

from __future__ import annotations

from typing import Final

from actors.dashboard.top.rows.table import Column, Row, Table
from actors.dashboard.top.rows.words import UNKNOWN, duration, number
from actors.fleet.view import ToolRow, View

COLUMNS: Final = (
    Column(title="tool", width=16, grow=2),
    Column(title="calls", width=6, right=True, grow=1),
    Column(title="failed", width=6, right=True, grow=1),
    Column(title="share", width=5, right=True),
    Column(title="running", width=7, right=True, grow=1),
    *(Column(title=title, width=6, right=True, grow=1) for title in ("p50", "p95", "max")),
)


def table(view: View) -> Table:
    """A row a tool, the most called first."""
    return Table(
        title=_title(view),
        columns=COLUMNS,
        rows=tuple(_row(it) for it in view.tools),
        empty="no tool has run",
    )


def _title(view: View) -> str:
    ends = ", ".join(f"{count:,} {name}" for name, count in view.tool_outcomes.items())
    return f"Tools: {ends}" if ends else "Tools"


def _row(row: ToolRow) -> Row:
    return Row(
        (
            (row.tool, "name"),
            (number(row.calls), ""),
            (number(row.failed) if row.failed else UNKNOWN, "bad" if row.failed else ""),
            (f"{row.failed / row.calls:.0%}" if row.failed else UNKNOWN, "bad" if row.failed else ""),
            (number(row.running) if row.running else UNKNOWN, "busy" if row.running else ""),
            (duration(row.took.p50), ""),
            (duration(row.took.p95), "strong"),
            (duration(row.took.max), "dim"),
        )
    )
