"""A row a session."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from actors.dashboard.top.rows.table import Column, Row, Style, Table
from actors.dashboard.top.rows.words import UNKNOWN, age, duration, number, rate
from actors.fleet.view import Query, SessionRow, State, View

LOOKS: Final[Mapping[State, tuple[str, Style]]] = MappingProxyType(
    {
        "streaming": ("▶", "good"),
        "waiting": ("◌", "busy"),
        "retrying": ("↻", "warn"),
        "idle": ("○", ""),
        "ended": ("■", "dim"),
    }
)
"""How a state is shown, the busiest first."""

COLUMNS: Final = (
    Column(title="session", width=15, grow=2, sort="session"),
    Column(title="state", width=11, sort="state"),
    Column(title="turn", width=4, right=True, sort="turn"),
    Column(title="try", width=3, right=True, sort="attempt"),
    Column(title="tokens", width=6, right=True, sort="tokens"),
    Column(title="tok/s", width=5, right=True, sort="rate", rank=2),
    Column(title="first", width=6, right=True, sort="first_chunk", rank=1),
    Column(title="idle", width=5, right=True, sort="idle"),
    Column(title="retries", width=8, right=True, sort="retries", rank=5),
    Column(title="restarts", width=9, right=True, sort="restarts", rank=6),
    Column(title="agent", width=10, grow=1, rank=8),
    Column(title="model", width=12, grow=1, rank=7),
    Column(title="last error", width=14, grow=6, rank=3),
)


def table(view: View, query: Query) -> Table:
    """The sessions that the query asks for."""
    known = sum(view.states.values())
    which = "" if view.matching == known else f"{view.matching:,} of "
    return Table(
        title=f"Sessions {which}{known:,}, by {query.sort.replace('_', ' ')}",
        columns=COLUMNS,
        rows=tuple(_row(it) for it in view.sessions),
        empty="no session that says so: press / to change the filter" if query.text else "no session yet",
        sort=query.sort,
        reverse=query.reverse,
    )


def _row(row: SessionRow) -> Row:
    mark, style = LOOKS[row.state]
    quiet: Style = "dim" if row.state == "ended" else ""
    state = row.state if row.retry_in is None else f"in {duration(row.retry_in)}"
    return Row(
        (
            (f"{row.session} ↑{row.parent}" if row.parent else row.session, quiet or "name"),
            (f"{mark} {state}", style),
            (_some(row.turn), quiet),
            (_some(row.attempt), "warn" if row.attempt > 1 and not quiet else quiet),
            (number(row.input_tokens + row.output_tokens), quiet),
            (_rate(row), quiet),
            (duration(row.first_chunk), quiet),
            (age(row.idle), quiet),
            (_some(row.retries), quiet),
            (_some(row.restarts), "bad" if row.restarts else quiet),
            (row.agent or UNKNOWN, quiet),
            (row.model or UNKNOWN, quiet),
            (row.last_error, "dim" if quiet else "bad"),
        ),
        (row.run, row.session),
    )


def _rate(row: SessionRow) -> str:
    # While it streams the log tells of chunks alone, which are about a token each.
    return rate(row.tokens_per_s) if row.chunks_per_s is None else f"~{rate(row.chunks_per_s)}"


def _some(count: int) -> str:
    return number(count) if count else UNKNOWN
