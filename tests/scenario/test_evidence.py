"""What the laws are judged by comes from where turns come in, from the provider's own bytes, and from the loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import uvloop

from actors import (
    Hooks,
    Intensity,
    QueueFullError,
    RetryPolicy,
    Runtime,
    SessionClosedError,
    Tool,
    ToolContext,
    tool,
)
from actors.events import Event, SessionEnded, TextDelta
from actors.provider import Call, Eof, Gate, Pause, Reply, ScriptedProvider
from actors.scenario.evidence import Register, exchanges
from actors.scenario.laws import Leftovers, SessionFacts
from actors.scenario.laws.evidence import by_attempt
from actors.scenario.leftovers import left_on_the_loop
from actors.scenario.slow_reader import BUFFERING, read_slowly
from actors.sim import Simulation

SOON = RetryPolicy(backoff_ms=1, jitter="none")
LINE = Reply("A line.", tool_calls=(Call("look"),))
Loop = Callable[[], asyncio.AbstractEventLoop]


def test_only_what_was_accepted_counts() -> None:
    gate, register = Gate(), Register()
    with ScriptedProvider(default=Reply("held", faults=(Pause(after=0, gate=gate),))) as provider:
        with Runtime(provider.endpoint()) as runtime:
            register.open(runtime)
            session = runtime.spawn(id="ada", max_queued_turns=1, intensity=Intensity(restarts=1))
            first = session.send("runs", retry=SOON)
            session.send("waits")
            with pytest.raises(QueueFullError):
                session.send("is refused")
            gate.set()
            first.wait(timeout=30)
            session.close()
            session.ended.get(timeout=30)
            with contextlib.suppress(SessionClosedError):
                session.send("comes too late").wait(timeout=30)
        facts = register.facts()
    (life,) = facts["ada"]
    assert life.accepted == 2
    assert life.intensity == Intensity(restarts=1)
    assert life.retry[1] == SOON


def test_each_life_of_a_name_is_known() -> None:
    register = Register()
    with ScriptedProvider() as provider, Runtime(provider.endpoint()) as runtime:
        register.open(runtime)
        for turns in (1, 2):
            session = runtime.spawn(id="ada")
            for _ in range(turns):
                session.run("Your line?")
            session.close()
            session.ended.get(timeout=30)
    assert [life.accepted for life in register.facts()["ada"]] == [1, 2]
    assert all(isinstance(life, SessionFacts) for life in register.facts()["ada"])


def test_each_request_is_told_by_its_attempt_and_by_whether_it_was_finished() -> None:
    with ScriptedProvider() as provider:
        provider.script("ada", LINE.but(Eof(after=1)), LINE)
        with Runtime(provider.endpoint()) as runtime:
            session = runtime.spawn(id="ada", retry=SOON)
            session.run("Your line?")
            session.run("And again?")
            runtime.spawn(provider.endpoint(session_header=None), id="unnamed").run("Who am I?")
        found = by_attempt(exchanges(provider.requests))
    assert {place: one.finished for place, (one,) in found.items()} == {
        ("ada", 1, 1, 1): False,
        ("ada", 1, 1, 2): True,
        ("ada", 2, 1, 1): True,
    }
    assert found["ada", 1, 1, 2][0].headers["content-type"] == "text/event-stream"


class Shelf:
    """Tools that are known only once a turn has begun."""

    def __init__(self, *tools: Tool) -> None:
        self._tools = tools
        self._known: tuple[Tool, ...] = ()

    async def settled(self) -> None:
        self._known = self._tools

    def current(self) -> tuple[Tool, ...]:
        return self._known


@tool
async def look() -> str:
    """Look."""
    return "stars"


@tool(idempotent=True, retries=1)
def peek(context: ToolContext) -> str:
    """Peek."""
    if context.attempt == 1:
        raise OSError("too dark")
    return "moon"


BY_HAND = {"type": "function", "function": {"name": "ring", "parameters": {"type": "object"}}}


def test_what_runs_is_counted_by_the_tools_whoever_spawned_the_session() -> None:
    register, simulation = Register(), Simulation(seed=1)
    calls = Reply(tool_calls=(Call("look"), Call("peek"), Call("fly"), Call("look", "[")))
    simulation.provider.script("ada", calls, Reply("Done."))

    async def host() -> None:
        async with simulation.runtime() as runtime:
            register.open(runtime)
            session = runtime.spawn(id="ada", tools=[Shelf(look), peek, BY_HAND])
            await session.send("Look!")
            await session.step([{"role": "user", "content": "By hand."}])

    simulation.run(host)
    (life,) = register.facts()["ada"]
    runs = sorted((run.turn, run.step, run.call, run.name, run.idempotent) for run in life.tool_runs)
    peeked = (1, 1, "call_2", "peek", True)
    assert runs == [(1, 1, "call_1", "look", False), peeked, peeked]
    acting = life.acting[1]
    assert acting.runs_any
    assert acting.by_hand == {"ring"}
    assert (acting.typed, acting.rewritten, acting.approvals) == (False, False, None)
    assert 2 not in life.acting


class Rewriter(Hooks):
    def on_request(self, request: Any, place: Any) -> None: ...


class Note(msgspec.Struct):
    text: str


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"hooks": Rewriter()}, (False, True)), ({"returns": Note}, (True, False)), ({}, (False, False))],
)
def test_a_turns_settings_say_how_it_may_act(settings: dict[str, Any], said: tuple[bool, bool]) -> None:
    register, simulation = Register(), Simulation(seed=1)
    simulation.provider.script("ada", Reply('{"text": "done"}'))

    async def host() -> None:
        async with simulation.runtime() as runtime:
            register.open(runtime)
            await runtime.spawn(id="ada").send("Look!", **settings)

    simulation.run(host)
    acting = register.facts()["ada"][0].acting[1]
    assert (acting.typed, acting.rewritten) == said


@pytest.mark.parametrize("make", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_what_is_left_on_a_loop_is_named(make: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.scenario.leftovers.GRACE_S", 0.01)
    threads = frozenset(threading.enumerate())

    async def leave() -> Leftovers:
        loop = asyncio.get_running_loop()
        kept = [loop.call_later(60, print), loop.call_later(0, int)]
        loop.call_later(60, print).cancel()
        task = loop.create_task(asyncio.Event().wait())
        await asyncio.sleep(0)
        left = await left_on_the_loop([], None, threads)
        task.cancel()
        kept[0].cancel()
        return left

    with asyncio.Runner(loop_factory=make) as runner:
        left = runner.run(leave())
        assert runner.run(left_on_the_loop([], None, threads)) == Leftovers()
    assert left.tasks == ("Event.wait",)
    assert len(left.timers) == 1
    assert left.timers[0].startswith("print")


def test_what_is_about_to_go_has_a_moment() -> None:
    async def host() -> Leftovers:
        gone = asyncio.get_running_loop().create_task(asyncio.sleep(0.001))
        left = await left_on_the_loop([], None, frozenset(threading.enumerate()))
        assert gone.done()
        return left

    assert asyncio.run(host()) == Leftovers()


def test_a_slow_reader_is_sent_merged_events() -> None:
    seen: list[Event] = []
    simulation = Simulation(seed=1)
    simulation.provider.script("ada", Reply("All the world's a stage. " * 40, delta_chars=4, pace_s=0.001))

    async def host() -> None:
        async with asyncio.TaskGroup() as group, simulation.runtime() as runtime:
            group.create_task(read_slowly(runtime.events(BUFFERING), seen.append))
            await runtime.spawn(id="ada").send("Your line?")

    simulation.run(host)
    deltas = [event for event in seen if isinstance(event, TextDelta)]
    assert 10 < len(deltas) < 100
    assert max(event.seq - event.first_seq for event in deltas) > 10
    assert isinstance(seen[-1], SessionEnded)
