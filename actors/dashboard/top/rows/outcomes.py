"""How turns ended, how attempts failed, and how approvals were decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from actors.dashboard.top.rows.table import Column, Row, Style, Table
from actors.dashboard.top.rows.words import bar
from actors.fleet.view import View

BAR: Final = 12

COLUMNS: Final = (
    Column(title="of", width=9),
    Column(title="ended as", width=20, grow=2),
    Column(title="count", width=9, right=True),
    Column(title="share", width=5, right=True),
    Column(title="", width=BAR, rank=1),
)

STYLES: Final[Mapping[tuple[str, str], Style]] = MappingProxyType(
    {
        ("turns", "complete"): "good",
        ("turns", "cancelled"): "warn",
        **{("approvals", decision): "good" for decision in ("approved", "modified", "always")},
        ("approvals", "rejected"): "warn",
        ("approvals", "withdrawn"): "dim",
    }
)
"""What is not said here is bad."""


def table(view: View) -> Table:
    """Outcomes of turns, error types of attempts, decisions; each most frequent first."""
    turns = sorted(view.outcomes.items(), key=lambda it: -it[1])
    return Table(
        title="Outcomes and errors",
        columns=COLUMNS,
        rows=(
            *_rows("turns", dict(turns)),
            *_rows("attempts", view.errors),
            *_rows("approvals", view.decisions),
        ),
        empty="no turn has ended, and no attempt has failed",
    )


def _rows(what: str, counts: Mapping[str, int]) -> Iterator[Row]:
    total = sum(counts.values())
    for name, count in counts.items():
        style: Style = STYLES.get((what, name), "bad")
        share = count / total
        yield Row(
            ((what, "dim"), (name, style), (f"{count:,}", ""), (f"{share:.0%}", ""), (bar(share, BAR), style))
        )
