"""Budgets down the tree: a child's spend is its ancestors' too, and what stops one stops all below it."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

from actors import (
    Budget,
    BudgetError,
    Runtime,
    Session,
    ToolContext,
    TurnCancelledError,
    tool,
)
from actors.events import ChildStarted, StepFinished, ToolCallFinished, TurnFailed
from actors.outcome import BudgetExceeded
from actors.provider import Call, Reply
from tests.company.spending import end_of, fails, play
from tests.turns.acting import DONE, asks

SLOW = Reply("so slow " * 100, pace_s=1)
SHORT = Reply("short", prompt_tokens=10, completion_tokens=5)


def delegate(*names: str, **settings: Any) -> Any:
    """A tool that leaves its work to children, and is done when the last of them is."""

    @tool(name="delegate", timeout=None)
    async def delegating(context: ToolContext) -> str:
        """Leave it to others."""
        children = [context.here.spawn(id=name, **settings) for name in names]
        ends = await asyncio.gather(*(child.send("You do it.") for child in children))
        return " ".join(end.text for end in ends)

    return delegating


DELEGATES = asks(Call("delegate", "{}"))


def test_what_a_child_spends_its_ancestors_have_spent() -> None:
    async def main(runtime: Runtime) -> None:
        root = runtime.spawn(id="root")
        child = root.spawn(id="child")
        grandchild = child.spawn(id="grandchild")
        for session in (root, child, grandchild, grandchild):
            await session.send("Go on.")
        spent = [session.spent for session in (root, child, grandchild)]
        assert [one.tokens for one in spent] == [60, 45, 30]
        assert [one.steps for one in spent] == [4, 3, 2]
        grandchild.close()
        await grandchild.ended
        assert child.spent.tokens == 45

    play(main, {"root": (SHORT,), "child": (SHORT,), "grandchild": (SHORT, SHORT)})


def test_a_budget_that_runs_out_in_mid_stream_stops_everything_below_it_and_nothing_else() -> None:
    """The other child, which streams, and the root itself, which waits for both of them, end with the same outcome."""
    long = Reply("word " * 2000, usage=False, pace_s=0.05)

    async def main(runtime: Runtime) -> None:
        above = runtime.spawn(id="above", budget=Budget(tokens=100_000))
        root = above.spawn(id="root", tools=[delegate("one", "two")], budget=Budget(tokens=500))
        neighbour = above.spawn(id="neighbour")
        told = runtime.events()
        working, untouched = root.send("Go on."), neighbour.send("Go on.")
        end = await end_of(working)
        assert (end.limit, end.where, end.allowed) == ("tokens", "root", 500)
        failed = {}
        async for event in told:
            if isinstance(event, TurnFailed):
                failed[event.session] = event.outcome
            if len(failed) == 3:
                break
        assert failed == dict.fromkeys(("root", "one", "two"), end)
        assert root.spent.tokens <= 500 + 2 * 32, "no more than what came at once in two streams"
        assert above.spent.tokens >= root.spent.tokens
        for session in (root, *root.children()):
            assert await fails(session) == end
        assert (await untouched).text == SLOW.full_text
        assert (await above.send("Go on.")).text == "short"

    play(
        main,
        {
            "root": (DELEGATES,),
            "one": (long,),
            "two": (long,),
            "neighbour": (SLOW,),
            "above": (SHORT,),
        },
    )


def test_a_child_that_is_out_by_its_own_budget_is_an_error_to_its_parent_which_goes_on() -> None:
    async def main(runtime: Runtime) -> None:
        root = runtime.spawn(id="root", tools=[delegate("child", budget=Budget(steps=0))])
        events = root.events()
        assert (await root.send("Go on.")).text == "It is done."
        root.close()
        (result,) = [event async for event in events if isinstance(event, ToolCallFinished)]
        assert result.result == "crashed"
        assert "past what child may spend: 1 of 0 steps" in result.content

    play(main, {"root": (DELEGATES, DONE)})


def test_what_is_spawned_in_a_turn_spends_from_that_turns_budget() -> None:
    async def main(runtime: Runtime) -> None:
        root = runtime.spawn(id="root", tools=[delegate("child")])
        end = await fails(root, budget=Budget(steps=1))
        assert (end.where, end.limit) == ("root turn 1", "steps")
        (child,) = root.children()
        assert await fails(child) == end, "also behind the turn: it was spawned on that budget"
        assert (await root.send("Go on.")).text == "It is done."
        other = root.spawn(id="other")
        assert (await other.send("Go on.")).text == "It is done."

    play(main, {"root": (DELEGATES, DONE), "child": (DONE, DONE), "other": (DONE,)})


def test_a_runaway_that_spawns_without_end_is_refused_by_depth_and_by_number() -> None:
    async def run_away(session: Session, born: list[str]) -> None:
        while len(born) < 100:
            try:
                child = session.spawn()
            except BudgetError as error:
                born.append(error.outcome.limit)
                return
            born.append("a child")
            await run_away(child, born)

    async def main(runtime: Runtime) -> None:
        deep: list[str] = []
        await run_away(runtime.spawn(budget=Budget(depth=5)), deep)
        assert deep[:6] == ["a child"] * 5 + ["depth"]
        many: list[str] = []
        root = runtime.spawn(budget=Budget(children=7))
        await run_away(root, many)
        assert many[:8] == ["a child"] * 7 + ["children"]
        assert many.count("a child") == 7
        with pytest.raises(BudgetError, match="8 of 7 children"):
            root.spawn()
        root.children()[0].close()
        await root.children()[0].ended
        root.spawn()

    play(main, {})


def test_nothing_is_spawned_where_a_budget_is_out() -> None:
    async def main(runtime: Runtime) -> None:
        root = runtime.spawn(id="root", budget=Budget(steps=0))
        child = root.spawn(id="child")
        end = await fails(child)
        with pytest.raises(BudgetError) as no:
            child.spawn()
        assert no.value.outcome == end

    play(main, {})


def test_time_stops_the_whole_tree_at_once() -> None:
    async def main(runtime: Runtime) -> None:
        root = runtime.spawn(id="root", tools=[delegate("one", "two")], budget=Budget(seconds=30))
        told = runtime.events()
        end = await end_of(root.send("Go on."))
        assert (end.limit, end.where) == ("seconds", "root")
        failed = {}
        async for event in told:
            if isinstance(event, TurnFailed):
                failed[event.session] = event
            if len(failed) == 3:
                break
        assert {one.outcome for one in failed.values()} == {end}
        times = [one.timestamp for one in failed.values()]
        assert max(times) == min(times)

    play(main, {"root": (DELEGATES,), "one": (SLOW,), "two": (SLOW,)})


def test_each_life_of_a_child_has_its_budget_anew_within_its_ancestors() -> None:
    async def main(runtime: Runtime) -> None:
        root = runtime.spawn(id="root", budget=Budget(steps=2))
        first = root.spawn(id="child", restart="permanent", budget=Budget(steps=1))
        events = root.events()
        assert (await first.send("Go on.")).text == "It is done."
        first.close()
        async for event in events:
            if isinstance(event, ChildStarted) and event.incarnation == 1:
                break
        (again,) = root.children()
        assert again.left == {"steps": 1}
        assert (await again.send("Go on.")).text == "It is done."
        assert root.spent.steps == 2
        assert (await fails(again)).where == "root"

    play(main, {"child": (DONE, DONE)})


def test_cancelling_the_turn_leaves_nothing_reserved() -> None:
    async def main(runtime: Runtime) -> None:
        root = runtime.spawn(
            id="root", tools=[delegate("child", body={"max_tokens": 5000})], budget=Budget(tokens=9000)
        )
        handle = root.send("Go on.")
        await asyncio.sleep(20)
        assert root.left["tokens"] < 4000
        root.cancel()
        with pytest.raises(TurnCancelledError):
            await handle
        (child,) = root.children()
        await child.send("Go on.")
        assert root.left["tokens"] == 9000 - root.spent.tokens

    play(main, {"root": (DELEGATES,), "child": (SLOW, SHORT)})


def test_the_exactly_allowed_is_allowed() -> None:
    async def main(runtime: Runtime) -> None:
        root = runtime.spawn(id="root", tools=[delegate("child")], budget=Budget(steps=3, tool_calls=1))
        events = root.events()
        assert (await root.send("Go on.")).text == "It is done."
        root.close()
        assert len([event async for event in events if isinstance(event, StepFinished)]) == 2
        assert root.left == {"steps": 0, "tool_calls": 0}

    play(main, {"root": (DELEGATES, DONE), "child": (DONE,)})


def test_the_errors_can_be_pickled() -> None:
    async def main(runtime: Runtime) -> BudgetExceeded:
        root = runtime.spawn(budget=Budget(depth=0))
        with pytest.raises(BudgetError) as no:
            root.spawn()
        again = pickle.loads(pickle.dumps(no.value))  # noqa: S301 - our own
        assert str(again) == str(no.value)
        assert isinstance(again.outcome, BudgetExceeded)
        return again.outcome

    assert play(main, {}).where
