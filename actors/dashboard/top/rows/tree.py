"""The supervision tree."""

from __future__ import annotations

from typing import Final

from actors.dashboard.top.rows.table import Column, Row, Style, Table
from actors.dashboard.top.rows.words import UNKNOWN
from actors.fleet.view import ActorRow, View

COLUMNS: Final = (
    Column(title="actor", width=24, grow=2),
    Column(title="session", width=14, grow=1),
    Column(title="state", width=10),
    Column(title="restarts", width=8, right=True),
    Column(title="failures", width=8, right=True, rank=1),
    Column(title="last failure", width=20, grow=4, rank=2),
)


def table(view: View) -> Table:
    """Each actor beneath its parent; who has most trouble comes first."""
    restarts = view.totals.restarts
    return Table(
        title=f"Supervision, {restarts:,} restart{'' if restarts == 1 else 's'}",
        columns=COLUMNS,
        rows=tuple(_row(it, branch) for it, branch in zip(view.tree, branches(view.tree), strict=True)),
        empty="no actor lives",
    )


def branches(tree: tuple[ActorRow, ...]) -> list[str]:
    """The lines that lead to each row, by the rows' depths."""
    lines: list[str] = []
    goes_on: dict[int, bool] = {}
    for row in reversed(tree):
        depth = row.depth
        stem = "".join("│ " if goes_on.get(it) else "  " for it in range(1, depth))
        lines.append(stem + ("" if depth == 0 else "├╴" if goes_on.get(depth) else "└╴"))
        goes_on = {it: on for it, on in goes_on.items() if it < depth} | {depth: True}
    return lines[::-1]


def _row(row: ActorRow, branch: str) -> Row:
    hidden = f" (+{row.hidden:,})" if row.hidden else ""
    return Row(
        (
            (f"{branch}{row.kind}{hidden}", "name" if row.depth == 0 else ""),
            (row.session, ""),
            (row.state or UNKNOWN, "bad" if row.state == "failed" else "dim"),
            _count(row.restarts),
            _count(row.failures),
            (row.error, "bad"),
        ),
        (row.run, row.session) if row.session else None,
    )


def _count(count: int) -> tuple[str, Style]:
    return (f"{count:,}", "bad") if count else (UNKNOWN, "dim")
