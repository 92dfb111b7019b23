"""Which panels there are, in the order of their numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from actors.dashboard.top.rows import latency, notices, outcomes, runs, sessions, tools, tree, waits
from actors.dashboard.top.rows.table import Table
from actors.fleet.view import Query, View


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A panel's name, and what it shows."""

    id: str
    name: str
    table: Callable[[View, Query], Table]
    alarming: Callable[[View], int] = lambda _: 0
    """How much of what it shows should not have happened."""


KINDS: Final = (
    Kind(id="sessions", name="Sessions", table=sessions.table),
    Kind(
        id="tree", name="Tree", table=lambda view, _: tree.table(view), alarming=lambda it: it.totals.restarts
    ),
    Kind(id="waits", name="Waits", table=lambda view, _: waits.table(view)),
    Kind(
        id="outcomes",
        name="Errors",
        table=lambda view, _: outcomes.table(view),
        alarming=lambda it: it.totals.turns_failed,
    ),
    Kind(id="latency", name="Times", table=lambda view, _: latency.table(view)),
    Kind(
        id="letters",
        name="Dead",
        table=lambda view, _: notices.dead_letters(view),
        alarming=lambda it: it.totals.dead_letters,
    ),
    Kind(
        id="stalls",
        name="Stall",
        table=lambda view, _: notices.stalls(view),
        alarming=lambda it: it.totals.stalls,
    ),
    Kind(
        id="problems",
        name="Warn",
        table=lambda view, _: notices.problems(view),
        alarming=lambda it: sum(notice.level != "WARNING" for notice in it.problems) + it.totals.bad_lines,
    ),
    Kind(id="runs", name="Runs", table=lambda view, _: runs.table(view)),
    Kind(id="tools", name="Tools", table=lambda view, _: tools.table(view)),
)
