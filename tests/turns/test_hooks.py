"""Hooks see what passes, may change it, and one that raises fails its turn, alone."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from actors import ConfigError, Hooks, Invocation, Place, ToolResult, tool
from actors.events import ToolCallStarted, TurnCompleted
from actors.outcome import HookFailed
from actors.provider import Call, Reply
from actors.sim import Simulation
from tests.turns.acting import DONE, act, asks

ALL = ("on_user_message", "on_request", "on_response", "on_tool_call", "on_tool_result")
CALL = Call("double", '{"n": 2}')


@tool
async def double(n: int) -> int:
    """Double."""
    return 2 * n


class Listening(Hooks):
    """Writes down what it sees, and changes nothing."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def on_user_message(self, messages: Any, place: Place) -> None:
        self.seen.append((f"user {messages[0]['content']}", place.step))

    async def on_request(self, request: Any, place: Place) -> None:
        await asyncio.sleep(1)
        self.seen.append((f"request {len(request.messages)}", place.step))

    def on_response(self, result: Any, place: Place) -> None:
        self.seen.append((f"response {len(result.calls)}", place.step))

    def on_tool_call(self, call: Invocation, place: Place) -> None:
        self.seen.append((f"call {call.name} {call.arguments}", place.step))

    async def on_tool_result(self, result: ToolResult, call: Invocation, place: Place) -> None:
        self.seen.append((f"result {call.call_id} {result.content}", place.step))


def test_they_see_all_that_passes_and_change_nothing() -> None:
    hooks = Listening()
    acted = act(asks(CALL), DONE, tools=[double], hooks=hooks)
    assert hooks.seen == [
        ("user Go on.", 0),
        ("request 1", 1),
        ("response 1", 1),
        ("call double {'n': 2}", 1),
        ("result call_1 4", 1),
        ("request 3", 2),
        ("response 0", 2),
    ]
    assert acted.completed.answer == DONE.text


class Changing(Hooks):
    """Changes everything."""

    def on_user_message(self, messages: Any, place: Place) -> Any:
        return ({**messages[0], "content": "Go on, please."},)

    def on_request(self, request: Any, place: Place) -> Any:
        return msgspec.structs.replace(request, body={"temperature": 0})

    async def on_response(self, result: Any, place: Place) -> Any:
        return msgspec.structs.replace(result, full_text="!") if place.step == 2 else None

    def on_tool_call(self, call: Invocation, place: Place) -> Any:
        return Invocation(call.call_id, call.name, {"n": 21})

    def on_tool_result(self, result: ToolResult, call: Invocation, place: Place) -> Any:
        return ToolResult(f"<{result.content}>")


def test_they_change_what_passes() -> None:
    acted = act(asks(CALL), DONE, tools=[double], hooks=Changing())
    assert acted.history[0]["content"] == "Go on, please."
    assert all(body["temperature"] == 0 for body in acted.bodies)
    assert acted.of(ToolCallStarted)[0].arguments == '{"n":21}'
    assert acted.contents == {"call_1": "<42>"}
    assert (acted.completed.text, acted.completed.answer) == (DONE.text, "!")


def test_a_hook_answers_a_call_in_the_tool_s_place() -> None:
    class Cached(Hooks):
        def on_tool_call(self, call: Invocation, place: Place) -> ToolResult:
            return ToolResult("known")

    acted = act(asks(CALL), DONE, tools=[double], hooks=Cached())
    assert (acted.contents, acted.results) == ({"call_1": "known"}, {"call_1": "ok"})
    assert acted.of(ToolCallStarted) == ()


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("name", ALL)
def test_one_that_raises_fails_its_turn_alone(name: str, asynchronous: bool) -> None:
    def broken(self: Hooks, *_: Any) -> None:
        raise ZeroDivisionError("boom")

    async def broken_later(self: Hooks, *_: Any) -> None:
        raise ZeroDivisionError("boom")

    broken_hooks = type("Broken", (Hooks,), {name: broken_later if asynchronous else broken})()
    sim = Simulation(1)
    sim.provider.script("s", asks(CALL, CALL), DONE)
    sim.provider.script("neighbour", Reply("undisturbed"))

    async def main() -> list[Any]:
        async with sim.runtime() as runtime:
            session = runtime.spawn(id="s", tools=[double])
            neighbour = runtime.spawn(id="neighbour").send("Still there?")
            events = session.events()
            with pytest.raises(Exception, match="boom"):
                await session.send("Go on.", hooks=broken_hooks)
            assert (await neighbour).text == "undisturbed"
            assert (await session.send("Again.")).text == DONE.text
            session.close()
            return [event async for event in events]

    events = sim.run(main)
    assert not sim.leftovers()
    failed = next(
        event for event in events if event.turn == 1 and hasattr(event, "outcome") and hasattr(event, "text")
    )
    assert failed.outcome == HookFailed(hook=name, message=f"{name} raised ZeroDivisionError: boom")
    assert isinstance(events[-2], TurnCompleted)


def test_hooks_are_an_instance() -> None:
    with pytest.raises(ConfigError, match="derived from Hooks"):
        act(DONE, tools=[], hooks=Listening)
