"""Children: who belongs to whom, what is told of it, and who ends with whom."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

import actors
from actors import Runtime, RuntimeConfig, ToolContext, tool
from actors.events import ChildEnded, ChildStarted, Event, SessionEnded, TurnCancelled, TurnStarted
from actors.provider import Call, Gate, Pause, Reply, ScriptedProvider
from tests.company.troupe import check_the_laws

PATIENCE = 5
"""Seconds; nothing here takes them."""


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider(default=Reply("hello")) as provider:
        yield provider


def test_a_child_is_its_parents(provider: ScriptedProvider) -> None:
    with Runtime(provider.endpoint()) as runtime:
        parent = runtime.spawn(id="parent")
        child = parent.spawn("worker", id="child")
        assert child.run("hello?").text == "hello"
        assert [each.id for each in parent.children()] == ["child"]
        assert child.parent is not None
        assert child.parent.id == "parent"
        assert parent.parent is None
        assert [each.id for each in runtime.sessions()] == ["parent", "child"]


def test_a_parent_learns_of_its_children(provider: ScriptedProvider) -> None:
    with Runtime(provider.endpoint()) as runtime:
        parent = runtime.spawn(id="parent")
        events = parent.events()
        parent.spawn("worker", id="child").close()
        begun, ended = next(events), next(events)
        parent.close()
        assert [type(event) for event in events] == [SessionEnded]
    assert isinstance(begun, ChildStarted)
    assert (begun.child, begun.agent, begun.turn) == ("child", "worker", 0)
    assert isinstance(ended, ChildEnded)
    assert (ended.child, ended.agent, ended.reason) == ("child", "worker", "closed")


def ends(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.session, event.reason) for event in events if isinstance(event, SessionEnded)]


def test_children_end_before_their_parent_the_newest_first(
    provider: ScriptedProvider, told: list[Event]
) -> None:
    with Runtime(provider.endpoint()) as runtime:
        root = runtime.spawn(id="root")
        for name in ("a", "b"):
            child = root.spawn(id=name)
            for number in (1, 2):
                child.spawn(id=f"{name}{number}")
        root.close()
        assert root.ended.get(timeout=PATIENCE).reason == "closed"
        assert runtime.sessions() == ()
    check_the_laws(told)
    names = ["b2", "b1", "b", "a2", "a1", "a"]
    assert ends(told) == [*((name, "parent_ended") for name in names), ("root", "closed")]


def test_no_child_is_born_to_a_session_that_has_ended(provider: ScriptedProvider) -> None:
    with Runtime(provider.endpoint()) as runtime:
        parent = runtime.spawn()
        child = parent.spawn()
        parent.close()
        parent.ended.get(timeout=PATIENCE)
        for session in (parent, child):
            with pytest.raises(actors.SessionClosedError):
                session.spawn()
        assert runtime.sessions() == ()


def test_a_tool_spawns_children_of_its_session(provider: ScriptedProvider) -> None:
    @tool
    async def delegate(context: ToolContext) -> str:
        """Have someone else do it."""
        child = context.here.spawn("worker", id="child", tools=())
        return str((await child.send("do it")).text)

    provider.script("parent", Reply("", tool_calls=(Call("delegate"),)), Reply("done"))
    with Runtime(provider.endpoint()) as runtime:
        parent = runtime.spawn(id="parent", tools=[delegate])
        with parent.stream("go") as stream:
            told = list(stream)
            assert stream.result().text == "done"
    started = [event for event in told if isinstance(event, ChildStarted)]
    assert [(event.child, event.turn, bool(event.call_id)) for event in started] == [("child", 1, True)]


def test_what_a_turn_has_begun_is_cancelled_with_it(provider: ScriptedProvider) -> None:
    gate = Gate()

    @tool
    async def delegate(context: ToolContext) -> str:
        """Have someone else do it."""
        return str((await context.here.spawn(id="child").send("do it")).text)

    provider.script("parent", Reply("", tool_calls=(Call("delegate"),)))
    provider.script("child", Reply("a long story", delta_chars=2, faults=(Pause(after=1, gate=gate),)))
    with Runtime(provider.endpoint()) as runtime:
        parent = runtime.spawn(id="parent", tools=[delegate])
        events = runtime.events()
        handle = parent.send("go")
        cancelled = []
        for event in events:
            if isinstance(event, TurnStarted) and event.session == "child":
                handle.cancel()
            if isinstance(event, TurnCancelled):
                cancelled.append(event.session)
                if len(cancelled) == 2:
                    break
        assert set(cancelled) == {"parent", "child"}
        assert [child.id for child in parent.children()] == ["child"]


def test_an_async_runtime_ends_its_trees(provider: ScriptedProvider) -> None:
    async def host() -> list[str]:
        async with Runtime(provider.endpoint()) as runtime:
            root = runtime.spawn()
            sessions = [root, root.spawn(), root.spawn().spawn()]
        return [session.ended.get(timeout=0).reason for session in sessions]

    assert asyncio.run(host()) == ["runtime_closed"] * 3


def test_a_drain_lets_a_turn_have_its_children(provider: ScriptedProvider) -> None:
    begun, drains = threading.Event(), threading.Event()

    @tool
    def delegate(context: ToolContext) -> str:
        """Have someone else do it."""
        begun.set()
        assert drains.wait(PATIENCE)
        return str(context.here.spawn().run("do it").text)

    provider.script("parent", Reply("", tool_calls=(Call("delegate"),)), Reply("done"))
    with Runtime(provider.endpoint(), config=RuntimeConfig(max_active_turns=1)) as runtime:
        handle = runtime.spawn(id="parent", tools=[delegate]).send("go")
        assert begun.wait(PATIENCE)
        drained = runtime.drain()
        with pytest.raises(actors.DrainingError):
            runtime.spawn()
        drains.set()
        assert handle.wait(timeout=PATIENCE).text == "done"
        drained.get(timeout=PATIENCE)
