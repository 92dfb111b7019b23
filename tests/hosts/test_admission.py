"""How many turns run, how many wait, in which order; and the end of taking new ones."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from actors import (
    ConfigError,
    DrainingError,
    QueueFullError,
    Runtime,
    RuntimeClosedError,
    RuntimeConfig,
    SessionClosedError,
    TurnCancelledError,
    TurnError,
)
from actors.events import Event, TurnCancelled, TurnCompleted, TurnFailed, TurnStarted
from actors.ledger import Ledger
from actors.messages import FreeSlot, WantSlot
from actors.provider import Gate, Pause, Reply, ScriptedProvider
from actors.supervisor import Supervisor
from actors.turn import Turn

TERMINAL = (TurnCompleted, TurnFailed, TurnCancelled)
ONE = RuntimeConfig(max_active_turns=1, stall_after=None)


def held(gate: Gate, text: str = "held") -> Reply:
    return Reply(text, faults=(Pause(after=0, gate=gate),))


def order(events: list[Event]) -> list[str]:
    return [event.session for event in events if isinstance(event, TurnStarted)]


def most_at_once(events: list[Event]) -> int:
    running = most = 0
    for event in events:
        running += isinstance(event, TurnStarted)
        running -= isinstance(event, TERMINAL)
        most = max(most, running)
    return most


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Every event in the order of the loop, across sessions."""
    events: list[Event] = []
    deliver = Ledger._deliver

    def recording(self: Ledger, event: Event, turn: Turn | None) -> None:
        deliver(self, event, turn)
        events.append(event)

    monkeypatch.setattr(Ledger, "_deliver", recording)
    return events


@pytest.mark.parametrize("limit", [1, 2])
def test_sessions_take_turns_however_many_one_has_queued(
    provider: ScriptedProvider, recorded: list[Event], limit: int
) -> None:
    gate = Gate()
    provider.script("first", held(gate))
    config = RuntimeConfig(max_active_turns=limit, stall_after=None)
    with Runtime(provider.endpoint(), config=config) as runtime:
        first = runtime.spawn(id="first").send("hold the door")
        others = [first] if limit == 1 else []
        greedy, modest = runtime.spawn(id="greedy"), runtime.spawn(id="modest")
        if limit == 1:
            others += [greedy.send("again") for _ in range(4)]
            greedy.history().get(timeout=5)
            others += [modest.send("please") for _ in range(2)]
            modest.history().get(timeout=5)
            gate.set()
        else:
            others += [session.send("go") for _ in range(3) for session in (greedy, modest)]
        for handle in others:
            handle.wait(timeout=5)
        gate.set()
        first.wait(timeout=5)
    assert most_at_once(recorded) == limit
    if limit == 1:
        assert order(recorded) == ["first", *["greedy", "modest"] * 2, "greedy", "greedy"]


def test_a_turn_that_is_cancelled_leaves_the_line(provider: ScriptedProvider, recorded: list[Event]) -> None:
    gate = Gate()
    provider.script("first", held(gate))
    with Runtime(provider.endpoint(), config=ONE) as runtime:
        first = runtime.spawn(id="first").send("hold")
        gone = runtime.spawn(id="gone").send("never mind")
        last = runtime.spawn(id="last").send("after that")
        gone.cancel()
        with pytest.raises(TurnCancelledError):
            gone.wait(timeout=5)
        assert not last.done()
        gate.set()
        assert last.wait(timeout=5).text == "fine"
        first.wait(timeout=5)
    assert order(recorded) == ["first", "last"]


def test_a_session_that_ends_gives_its_slot_back(provider: ScriptedProvider) -> None:
    gate = Gate()
    provider.script("first", held(gate))
    with Runtime(provider.endpoint(), config=ONE) as runtime:
        first = runtime.spawn(id="first")
        handle = first.send("hold")
        second = runtime.spawn().send("and I?")
        first.close()
        with pytest.raises(TurnCancelledError):
            handle.wait(timeout=5)
        assert second.wait(timeout=5).text == "fine"
        gate.set()


@pytest.mark.parametrize("message", [WantSlot, FreeSlot])
def test_a_supervisor_that_fails_gives_its_slot_back(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch, message: type
) -> None:
    failed: list[int] = []
    to_root = Supervisor._to_root

    def broken(self: Supervisor, said: Any) -> None:
        if type(said) is message and not failed:
            failed.append(1)
            raise ValueError("on the way to the root")
        to_root(self, said)

    monkeypatch.setattr(Supervisor, "_to_root", broken)
    with Runtime(provider.endpoint(), config=ONE) as runtime:
        session = runtime.spawn()
        with contextlib.suppress(TurnError):
            session.send("broken").wait(timeout=5)
        assert session.send("again").wait(timeout=5).text == "fine"
        assert runtime.spawn().send("another").wait(timeout=5).text == "fine"
    assert failed


def test_a_session_takes_no_more_than_may_wait(provider: ScriptedProvider) -> None:
    gate = Gate()
    provider.script("busy", held(gate))
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="busy", max_queued_turns=1)
        running, waiting = session.send("run"), session.send("wait")
        with pytest.raises(QueueFullError, match="'busy' has 2 turns"):
            session.send("no room")
        with pytest.raises(QueueFullError):
            session.stream("no room", max_queued_turns=0)
        waiting.cancel()
        with pytest.raises(TurnCancelledError):
            waiting.wait(timeout=5)
        again = session.send("room again", max_queued_turns=1)
        gate.set()
        again.wait(timeout=5)
        running.wait(timeout=5)


def test_a_runtime_takes_no_more_than_may_wait(provider: ScriptedProvider) -> None:
    gate = Gate()
    provider.script("busy", held(gate))
    config = RuntimeConfig(max_active_turns=1, max_queued_turns=1)
    with Runtime(provider.endpoint(), config=config) as runtime:
        running = runtime.spawn(id="busy").send("run")
        waiting = runtime.spawn().send("wait")
        late = runtime.spawn(max_queued_turns=0)
        with pytest.raises(QueueFullError, match="the runtime has 2 turns"):
            late.send("no room")
        gate.set()
        running.wait(timeout=5)
        waiting.wait(timeout=5)
        assert late.send("room again").wait(timeout=5).text == "fine"
        for _ in range(3):  # what a session refuses does not count for the runtime
            late.close()
            late.ended.get(timeout=5)
            with pytest.raises(SessionClosedError):
                late.send("too late")
        assert runtime.spawn().run("still room").text == "fine"


def test_a_bound_on_what_waits_needs_a_limit_to_wait_for() -> None:
    with pytest.raises(ConfigError, match="max_active_turns"):
        RuntimeConfig(max_queued_turns=3)


def test_draining_ends_what_was_accepted_and_takes_no_more(provider: ScriptedProvider) -> None:
    gate = Gate()
    provider.script("busy", held(gate), Reply("fine"))
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="busy")
        running, queued = session.send("run"), session.send("wait")
        drained = runtime.drain()
        assert runtime.drain(1) is drained
        with pytest.raises(DrainingError):
            session.send("too late")
        with pytest.raises(DrainingError):
            runtime.spawn()
        assert not drained.done()
        gate.set()
        drained.get(timeout=5)
        assert (running.wait(0).text, queued.wait(0).text) == ("held", "fine")
        assert session.closed
        with pytest.raises(RuntimeClosedError):
            runtime.spawn()


def test_draining_cancels_what_takes_too_long(provider: ScriptedProvider) -> None:
    gate = Gate()
    provider.script("busy", held(gate))
    with Runtime(provider.endpoint()) as runtime:
        running = runtime.spawn(id="busy").send("run")
        runtime.drain(timeout=0.02).get(timeout=5)
        with pytest.raises(TurnCancelledError):
            running.wait(0)
    gate.set()


def test_an_idle_runtime_drains_at_once() -> None:
    with Runtime() as runtime:
        runtime.drain(timeout=60).get(timeout=5)


def test_leaving_the_block_waits_for_the_drain(provider: ScriptedProvider) -> None:
    with Runtime(provider.endpoint()) as runtime:
        handle = runtime.spawn().send("finish this")
        runtime.drain()
    assert handle.wait(0).text == "fine"


def test_an_error_in_the_block_does_not_wait_for_the_drain(provider: ScriptedProvider) -> None:
    gate = Gate()
    provider.script("busy", held(gate))
    with pytest.raises(ValueError, match="out"), Runtime(provider.endpoint()) as runtime:
        handle = runtime.spawn(id="busy").send("never")
        runtime.drain()
        raise ValueError("out")
    with pytest.raises(TurnCancelledError):
        handle.wait(0)
    gate.set()


def test_draining_on_the_hosts_own_loop(provider: ScriptedProvider) -> None:
    async def host() -> None:
        async with Runtime(provider.endpoint()) as runtime:
            handle = runtime.spawn().send("finish this")
            await runtime.drain(timeout=5)
            assert handle.wait(0).text == "fine"

    asyncio.run(host())


def test_what_map_could_not_begin_is_kept_with_its_item(provider: ScriptedProvider) -> None:
    gate = Gate()
    provider.script("busy", held(gate))
    config = RuntimeConfig(max_active_turns=1, max_queued_turns=1)
    with Runtime(provider.endpoint(), config=config) as runtime:
        runtime.spawn(id="busy").send("run")
        results = runtime.map(["waits", "no room", "no room"])
        refused = [next(results), next(results)]
        assert [(item.index, type(item.error)) for item in refused] == [
            (1, QueueFullError),
            (2, QueueFullError),
        ]
        gate.set()
        assert [item.result.text for item in results if item.result is not None] == ["fine"]


def test_cancel_without_a_number_finds_the_turn_that_waits_for_a_slot() -> None:
    gate = Gate()
    with ScriptedProvider() as provider, Runtime(provider.endpoint(), config=ONE) as runtime:
        provider.script("runs", held(gate))
        running = runtime.spawn(id="runs").send("go")
        provider.reached("runs")
        waits = runtime.spawn(id="waits")
        waiting = waits.send("go")
        waits.cancel()
        with pytest.raises(TurnCancelledError):
            waiting.wait(5)
        gate.set()
        assert running.wait(5).text == "held"
        assert provider.requests_of("waits") == ()
