"""Trees that are wide, deep, or both: they end in order, at once, and without Python's stack."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import Runtime, ToolContext, tool
from actors.core.kinship import Restarts
from actors.events import ChildEnded, Event, SessionEnded, TurnCancelled
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.loop_actor import LoopActor
from actors.provider import Call, Gate, Pause, Reply
from actors.sim import Simulation
from tests.company.troupe import (
    BREAK,
    BRITTLE,
    check_that_nothing_is_left,
    check_the_laws,
    make_breakable,
    record,
)

DEPTH = 2_000
"""More than Python's stack has frames."""


def test_a_chain_ends_from_its_far_end(told: list[Event]) -> None:
    sim = Simulation(1)
    runtime = sim.runtime()

    async def main() -> None:
        async with runtime:
            root = last = runtime.spawn(id="0")
            for number in range(1, 300):
                last = last.spawn(id=str(number))
            root.close()
            await root.ended

    sim.run(main)
    ends = [int(event.session) for event in told if isinstance(event, SessionEnded)]
    assert ends == list(range(299, -1, -1))
    check_that_nothing_is_left(runtime)


def test_a_chain_that_nobody_ends_in_order_is_ended_all_the_same() -> None:
    class Link(LoopActor):
        def on_stop(self) -> None:
            stopped.append(self.actor_ref)

    stopped: list[object] = []
    dispatcher = Dispatcher.in_thread()
    chain = [dispatcher.spawn(Link)]
    for _ in range(DEPTH):
        chain.append(dispatcher.spawn(Link, parent=chain[-1]))
    chain[-1].ask("are you there?", block=False)
    chain[0].stop()
    dispatcher.close()
    assert dispatcher.actors == 0
    assert stopped == chain[::-1]


@pytest.mark.parametrize("seed", range(2))
def test_cancelling_the_root_ends_all_turns_beneath_it(seed: int, told: list[Event]) -> None:
    """A tree whose every session but the leaves waits, in a tool, for those below."""
    width, depth = 3, 3
    gate = Gate()

    @tool
    async def delegate(context: ToolContext) -> str:
        """Have others do it."""
        level = int(context.session.count(".")) + 1
        tools = [delegate] if level < depth else []
        children = [
            context.here.spawn(id=f"{context.session}.{number}", tools=tools) for number in range(width)
        ]
        return "".join([(await handle).text for handle in [child.send("do it") for child in children]])

    def script(name: str, level: int) -> None:
        if level == depth:
            sim.provider.script(
                name, Reply("a long story", delta_chars=2, faults=(Pause(after=1, gate=gate),))
            )
            return
        sim.provider.script(name, Reply("", tool_calls=(Call("delegate"),)))
        for number in range(width):
            script(f"{name}.{number}", level + 1)

    sim = Simulation(seed)
    script("root", 0)
    runtime = sim.runtime()

    async def main() -> None:
        async with runtime:
            handle = runtime.spawn(id="root", tools=[delegate]).send("go")
            await asyncio.sleep(60)
            sessions = runtime.sessions()
            assert len(sessions) == sum(width**level for level in range(depth + 1))
            handle.cancel()
            await asyncio.sleep(1)
            assert len(runtime.sessions()) == len(sessions)
            cancelled = [event.session for event in told if isinstance(event, TurnCancelled)]
            assert sorted(cancelled) == sorted(session.id for session in sessions)

    sim.run(main)
    check_the_laws(told)
    check_that_nothing_is_left(runtime)


def a_tree(seed: int, said: list[str]) -> str:
    """The trace of a tree that is built, broken and ended."""
    sim = Simulation(seed)
    runtime = sim.runtime()

    async def main() -> None:
        async with runtime:
            root = runtime.spawn(id="root", strategy="rest_for_one")
            stream = root.events()
            children = [root.spawn(id=name, restart="permanent") for name in "abc"]
            await asyncio.gather(*(child.send("hello") for child in children))
            children[1].close()
            await asyncio.sleep(1)
            root.close()
            said.extend([repr(event) async for event in stream])

    sim.run(main)
    return sim.trace


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second, other = list[str](), list[str](), list[str]()
    assert a_tree(7, first) == a_tree(7, second)
    assert first == second
    assert a_tree(8, other) != a_tree(7, [])


RESTARTS: st.SearchStrategy[Restarts] = st.sampled_from(["permanent", "transient", "temporary"])
STEP = st.tuples(
    st.sampled_from(["spawn", "spawn", "spawn", "close", "cancel", "break"]), st.integers(0, 30), RESTARTS
)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**16),
    st.lists(STEP, max_size=25),
    st.sampled_from(["one_for_one", "one_for_all", "rest_for_one"]),
)
def test_whatever_is_done_to_a_tree_the_laws_hold(
    seed: int, steps: list[tuple[str, int, Restarts]], strategy: str
) -> None:
    sim = Simulation(seed)
    runtime = sim.runtime()
    with pytest.MonkeyPatch.context() as patch:
        told = record(patch)
        make_breakable(patch)
        sim.run(lambda: drive(runtime, steps, strategy))
    check_the_laws(told)
    check_that_nothing_is_left(runtime)
    if any(isinstance(event, ChildEnded) for event in told):
        assert told[-1].session == "root"


async def drive(runtime: Runtime, steps: list[tuple[str, int, Restarts]], strategy: str) -> None:
    async with runtime:
        runtime.spawn(id="root", strategy=strategy)
        for what, which, restart in steps:
            sessions = runtime.sessions()
            if not sessions:
                return
            session = sessions[which % len(sessions)]
            if what == "spawn":
                session.spawn(restart=restart, strategy=strategy, intensity=BRITTLE).send("hello")
            elif what == "cancel":
                session.cancel()
            elif what == "break":
                session.send(BREAK)
            elif session.id != "root":
                session.close()
            if which % 3 == 0:
                await asyncio.sleep(0.2)
