from __future__ import annotations

from typing import Any

from actors.fleet.tree import CHILDREN, Tree
from tests.fleet.story import record


def actor(urn: str, parent: str | None, event: str = "started", **fields: Any) -> Any:
    return record(f"actor.{event}", actor_urn=urn, actor_parent=parent, actor_class=urn.upper(), **fields)


def grown(*records: Any, limit: int = 100) -> Tree:
    tree = Tree(limit)
    for it in records:
        match type(it).__struct_config__.tag:
            case "actors.actor.failed":
                tree.failed(it)
            case "actors.actor.stopped":
                tree.stopped(it.actor_urn)
            case _:
                tree.lives(it)
    return tree


FAMILY = [actor("root", None), actor("a", "root", session="s"), actor("b", "root"), actor("b1", "b")]


def test_parents_are_above_their_children_and_trouble_comes_first() -> None:
    tree = grown(
        *FAMILY,
        actor("b1", "b", "failed", exception_type="ValueError", exception_message="no"),
        actor("b1", "b", "restarted", actor_restarts=2, actor_state="running"),
    )
    rows = tree.rows(100)
    assert [(it.urn, it.depth) for it in rows] == [("root", 0), ("b", 1), ("b1", 2), ("a", 1)]
    assert (rows[2].restarts, rows[2].failures, rows[2].error) == (2, 1, "ValueError: no")
    assert (rows[2].kind, rows[2].state, rows[3].session) == ("B1", "running", "s")
    assert [it.urn for it in tree.rows(2)] == ["root", "b"]


def test_an_actor_that_stopped_is_gone_with_what_is_beneath_it() -> None:
    tree = grown(*FAMILY, actor("b", "root", "stopped"))
    assert [it.urn for it in tree.rows(100)] == ["root", "a"]
    assert tree.rows(100)[0].children == 1


def test_a_runtime_that_stopped_has_no_actors() -> None:
    tree = grown(*FAMILY, actor("x", None, run_id="other"))
    tree.run_stopped("r")
    assert [it.urn for it in tree.rows(100)] == ["x"]


def test_many_children_are_counted_and_not_all_shown() -> None:
    tree = grown(actor("root", None), *(actor(f"c{n}", "root") for n in range(CHILDREN + 5)))
    assert (tree.rows(100)[0].children, tree.rows(100)[0].hidden) == (CHILDREN + 5, 5)
    assert len(tree.rows(100)) == 1 + CHILDREN


def test_past_the_limit_actors_are_left_out() -> None:
    assert len(grown(*FAMILY, limit=2).rows(100)) == 2


def test_a_log_that_makes_an_actor_its_own_ancestor_hangs_nobody() -> None:
    tree = grown(actor("a", "b"), actor("b", "a"), actor("c", "c"), actor("a", "b", "failed"))
    assert tree.rows(100) == ()
    tree.stopped("a")
    tree.stopped("c")
    assert [it.urn for it in tree.rows(100)] == []


def test_a_chain_of_any_length_ends_somewhere() -> None:
    chain = [actor(f"n{n}", f"n{n - 1}") for n in range(1, 3000)]
    assert 0 < len(grown(*chain, actor("n2999", "n2998", "failed"), limit=5000).rows(9999)) < 100


def test_a_child_may_tell_of_itself_before_its_parent_does() -> None:
    late = [actor("b1", "b", actor_restarts=1), actor("x", "y"), actor("b", "root"), actor("a", "root")]
    tree = grown(*late, actor("root", None))
    assert [(it.urn, it.depth) for it in tree.rows(100)] == [
        ("root", 0), ("b", 1), ("b1", 2), ("a", 1), ("x", 0),
    ]  # fmt: skip
    tree.stopped("x")
    tree.lives(actor("y", None))
    assert [it.children for it in tree.rows(100) if it.urn == "y"] == [0]
