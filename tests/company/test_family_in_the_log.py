"""The log says whose child a session is, and a dashboard draws the tree from that alone."""

from __future__ import annotations

from pathlib import Path

import actors.log
from actors import Runtime
from actors.dashboard.top.rows import sessions
from actors.fleet.fold import Fleet
from actors.fleet.view import Query
from actors.log.decode import decode
from actors.provider import Reply, ScriptedProvider


def test_the_tree_is_drawn_from_the_log(tmp_path: Path) -> None:
    path = tmp_path / "company.jsonl"
    fleet = Fleet()
    with ScriptedProvider(default=Reply("hello")) as provider, actors.log.to_file(path, level="DEBUG"):
        with Runtime(provider.endpoint()) as runtime:
            root = runtime.spawn(id="root")
            child = root.spawn("worker", id="child")
            child.spawn(id="leaf").run("hello")
            child.run("hello")
            root.run("hello")
            lines = path.read_bytes().splitlines()
        ended = path.read_bytes().splitlines()[len(lines) :]
    for line in lines:
        fleet.apply(decode(line))
    view = fleet.view(fleet.newest or 0.0, Query())
    assert {row.session: (row.parent, row.agent) for row in view.sessions} == {
        "root": ("", ""),
        "child": ("root", "worker"),
        "leaf": ("child", ""),
    }
    depths = {row.session: row.depth for row in view.tree if row.kind == "Supervisor"}
    assert depths == {"root": 2, "child": 4, "leaf": 6}
    assert [row.session for row in view.tree if row.kind == "Nursery"] == ["root", "child"]
    names = [row.cells[0][0] for row in sessions.table(view, Query()).rows]
    assert sorted(names) == ["child ↑root", "leaf ↑child", "root"]
    for line in ended:
        fleet.apply(decode(line))
    assert fleet.view(fleet.newest or 0.0, Query()).tree == ()
