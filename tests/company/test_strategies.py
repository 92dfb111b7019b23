"""Who is started anew with a child that failed, who is not, and how often that goes on."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.carried import EndReason
from actors.config import Intensity, Strategy
from actors.core.kinship import FAILURES, Restarts, comes_again, go_with
from actors.events import ChildEnded, ChildStarted, Event
from actors.sim import Simulation
from tests.company.troupe import BRITTLE, broken, check_that_nothing_is_left, check_the_laws

pytestmark = pytest.mark.usefixtures("_breakable")

NAMES = ("a", "b", "c")
End = Literal["breaks", "is closed"]


def company(
    seed: int,
    strategy: Strategy,
    ends: dict[str, End],
    restart: dict[str, Restarts] | None = None,
    **settings: Any,
) -> dict[str, int]:
    """Have some of three children end, one after the other; gives how many lives those have had that live then."""
    sim = Simulation(seed)
    runtime = sim.runtime()

    async def main() -> dict[str, int]:
        async with runtime:
            root = runtime.spawn(id="root", strategy=strategy, **settings)
            for name in NAMES:
                kind = "transient" if restart is None else restart[name]
                root.spawn(id=name, restart=kind, intensity=BRITTLE)
            for name, how in ends.items():
                if how == "breaks":
                    await broken(runtime, name)
                else:
                    next(child for child in root.children() if child.id == name).close()
                await asyncio.sleep(1)
            if root.closed:
                return {}
            return {child.id: _incarnation(child) for child in root.children()}

    lived = sim.run(main)
    assert not sim.leftovers()
    check_that_nothing_is_left(runtime)
    return lived


def _incarnation(session: Any) -> int:
    ledger = session._ledger
    return int(ledger.parent.family.find(ledger).incarnation)


@pytest.mark.parametrize(
    ("strategy", "lived"),
    [
        ("one_for_one", {"a": 0, "b": 1, "c": 0}),
        ("one_for_all", {"a": 1, "b": 1, "c": 1}),
        ("rest_for_one", {"a": 0, "b": 1, "c": 1}),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_child_that_fails(strategy: Strategy, lived: dict[str, int], seed: int, told: list[Event]) -> None:
    assert company(seed, strategy, {"b": "breaks"}) == lived
    check_the_laws(told)


def test_they_stop_the_newest_first_and_start_the_oldest_first(told: list[Event]) -> None:
    company(1, "one_for_all", {"b": "breaks"})
    mine = [event for event in told if isinstance(event, ChildStarted | ChildEnded)]
    again = mine[3:9]
    assert [(type(event).__name__, event.child) for event in again] == [
        ("ChildEnded", "b"),
        ("ChildEnded", "c"),
        ("ChildEnded", "a"),
        ("ChildStarted", "a"),
        ("ChildStarted", "b"),
        ("ChildStarted", "c"),
    ]
    reasons = [event.reason for event in again if isinstance(event, ChildEnded)]
    assert reasons == ["restart_intensity", "sibling_failed", "sibling_failed"]


def test_the_types_decide_who_comes_again(told: list[Event]) -> None:
    types: dict[str, Restarts] = {"a": "permanent", "b": "transient", "c": "temporary"}
    assert company(1, "one_for_one", dict.fromkeys(NAMES, "breaks"), types) == {"a": 1, "b": 1}
    assert company(2, "one_for_one", dict.fromkeys(NAMES, "is closed"), types) == {"a": 1}
    check_the_laws(told)


def test_a_temporary_child_goes_with_the_others_and_does_not_come_again() -> None:
    types: dict[str, Restarts] = {"a": "temporary", "b": "transient", "c": "temporary"}
    assert company(1, "one_for_all", {"b": "breaks"}, types) == {"b": 1}


def test_a_temporary_child_that_fails_takes_nobody_along() -> None:
    types: dict[str, Restarts] = {"a": "permanent", "b": "temporary", "c": "permanent"}
    assert company(1, "one_for_all", {"b": "breaks"}, types) == {"a": 0, "c": 0}


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
def test_past_its_intensity_the_parent_ends(strategy: Strategy, told: list[Event]) -> None:
    allowed = Intensity(restarts=1, within=100)
    ends: dict[str, End] = {"a": "breaks", "b": "breaks"}
    assert company(1, strategy, ends, child_intensity=allowed) == {}
    check_the_laws(told)
    end = told[-1]
    assert (end.session, getattr(end, "reason", "")) == ("root", "child_intensity")
    assert "'b' ended: restart_intensity" in getattr(end, "error", "")


def test_restarts_that_lie_far_apart_are_not_counted_together() -> None:
    allowed = Intensity(restarts=1, within=0.5)
    ends: dict[str, End] = {"a": "breaks", "b": "breaks", "c": "breaks"}
    assert company(1, "one_for_one", ends, child_intensity=allowed) == {"a": 1, "b": 1, "c": 1}


def test_a_new_life_begins_as_the_first_did() -> None:
    sim = Simulation(1)
    runtime = sim.runtime()

    async def main() -> None:
        async with runtime:
            root = runtime.spawn(id="root")
            begun = ({"role": "user", "content": "Earlier."}, {"role": "assistant", "content": "Yes."})
            child = root.spawn(
                "worker",
                id="child",
                restart="transient",
                intensity=BRITTLE,
                system="Be brief.",
                messages=begun,
            )
            await child.send("hello")
            await broken(runtime, "child")
            await asyncio.sleep(1)
            (again,) = root.children()
            assert child.closed
            assert again._ledger.agent == "worker"
            assert await again.history() == ({"role": "system", "content": "Be brief."}, *begun)
            assert (await again.send("hello")).turn == 1

    sim.run(main)


NAME = st.text("abcdef", min_size=1, max_size=2)
REASON: st.SearchStrategy[EndReason] = st.sampled_from(
    ["closed", "runtime_closed", "restart_intensity", "child_intensity", "parent_ended", "sibling_failed"]
)


@given(st.lists(NAME, min_size=1, unique=True), st.data())
def test_the_strategies_are_nested(children: list[str], data: st.DataObject) -> None:
    ended = data.draw(st.sampled_from(children))
    none, some, everyone = (
        go_with(strategy, children, ended) for strategy in ("one_for_one", "rest_for_one", "one_for_all")
    )
    assert none == ()
    assert everyone == tuple(name for name in children if name != ended)
    assert some == tuple(children[children.index(ended) + 1 :])


@given(REASON)
def test_the_types_are_nested(reason: EndReason) -> None:
    assert comes_again("permanent", reason)
    assert not comes_again("temporary", reason)
    assert comes_again("transient", reason) == (reason in FAILURES)
