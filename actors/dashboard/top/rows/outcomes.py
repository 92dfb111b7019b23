"""How turns ended, and how attempts failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from actors.dashboard.top.rows.table import Column, Row, Style, Table
from actors.dashboard.top.rows.words import bar
from actors.fleet.view import View

BAR: Final = 12

COLUMNS: Final = (
    Column(title="of", width=8),
    Column(title="ended as", width=20, grow=2),
    Column(title="count", width=9, right=True),
    Column(title="share", width=5, right=True),
    Column(title="", width=BAR, rank=1),
)


def table(view: View) -> Table:
    """Outcomes of turns, then error types of attempts, most frequent first."""
    turns = sorted(view.outcomes.items(), key=lambda it: -it[1])
    return Table(
        title="Outcomes and errors",
        columns=COLUMNS,
        rows=(*_rows("turns", dict(turns)), *_rows("attempts", view.errors)),
        empty="no turn has ended, and no attempt has failed",
    )


def _rows(what: str, counts: Mapping[str, int]) -> Iterator[Row]:
    total = sum(counts.values())
    for name, count in counts.items():
        style: Style = "good" if what == "turns" and name == "complete" else "bad"
        if name == "cancelled":
            style = "warn"
        share = count / total
        yield Row(
            ((what, "dim"), (name, style), (f"{count:,}", ""), (f"{share:.0%}", ""), (bar(share, BAR), style))
        )
