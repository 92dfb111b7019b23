"""A turn with tools: its steps, its calls and their results, its bounds, and what the conversation keeps of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import Repeats, RetryPolicy, Session, ToolContext, ToolError, ToolResult, TurnHandle, tool
from actors.events import (
    AnswerRejected,
    LoopNoticed,
    Steered,
    StepStarted,
    ToolCallFinished,
    ToolCallStarted,
    ToolProgress,
    TurnCancelled,
)
from actors.outcome import LimitReached
from actors.provider import Call, Eof, Reply
from tests.turns.acting import DONE, act, asks

LOOK = Call("look", '{"where": "sky"}')
BY_HAND = {"type": "function", "function": {"name": "ask_a_friend", "parameters": {"type": "object"}}}


@tool
async def look(where: str) -> str:
    """Look.

    Args:
        where: the place
    """
    return f"the {where} is blue"


@tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@tool
async def crash() -> None:
    """Crash."""
    raise ZeroDivisionError("boom")


@tool(timeout=5)
async def hang() -> None:
    """Hang."""
    await asyncio.Event().wait()


@tool
async def leave() -> None:
    """Leave."""
    raise SystemExit(1)


@tool(max_output=60)
async def rave() -> None:
    """Rave."""
    raise ValueError("\ud800" + "x" * 1000)


@tool
async def refuse() -> None:
    """Refuse."""
    raise ToolError("the shop is closed")


def test_a_tool_is_run_and_its_result_goes_back() -> None:
    acted = act(asks(LOOK, text="Let me see."), Reply("It is blue."), tools=[look])
    assert acted.completed.text == "Let me see.It is blue."
    assert acted.completed.answer == "It is blue."
    assert (acted.completed.calls, acted.completed.is_tool_call) == ((), False)
    assert acted.contents == {"call_1": "the sky is blue"}
    assert [message["role"] for message in acted.history] == ["user", "assistant", "tool", "assistant"]
    assert acted.bodies[1]["messages"] == list(map(dict, _plain(acted.history[:3])))
    assert acted.bodies[0]["tools"] == [look.definition]


def test_results_go_back_in_the_order_of_the_calls() -> None:
    gates = {"a": asyncio.Event(), "b": asyncio.Event(), "c": asyncio.Event()}
    ended: list[str] = []

    @tool
    async def part(name: str) -> str:
        await gates[name].wait()
        ended.append(name)
        following = {"c": "b", "b": "a"}.get(name)
        if following is not None:
            gates[following].set()
        return name

    async def drive(_: Session, handle: TurnHandle) -> None:
        gates["c"].set()
        await handle

    calls = [Call("part", f'{{"name": "{name}"}}') for name in "abc"]
    acted = act(asks(*calls), DONE, tools=[part], drive=drive)
    assert ended == ["c", "b", "a"]
    assert [m["content"] for m in acted.history if m["role"] == "tool"] == ["a", "b", "c"]


@pytest.mark.parametrize("cap", [1, 3])
def test_no_more_run_at_once_than_may(cap: int) -> None:
    running = most = 0

    @tool
    async def count() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(1)
        running -= 1

    act(asks(*[Call("count", "{}")] * 7), DONE, tools=[count], parallel_tools=cap, repeats=None)
    assert most == cap


@pytest.mark.parametrize("arguments", ["", '{"a": 1, "b'])
def test_a_call_that_the_length_limit_cut_off_is_not_run(arguments: str) -> None:
    whole, cut = Call("add", '{"a": 1, "b": 2}'), Call("crash", arguments)
    acted = act(Reply(tool_calls=(whole, cut), finish="length"), DONE, tools=[add, crash])
    assert acted.results == {"call_1": "ok", "call_2": "invalid"}
    assert acted.contents["call_2"] == "not run: the answer reached its length limit inside this call"


@pytest.mark.parametrize(
    ("call", "result", "said"),
    [
        (Call("add", '{"a": 1, "b": 2}'), "ok", "3"),
        (Call("crash"), "crashed", "the tool crashed: ZeroDivisionError: boom"),
        (Call("hang"), "timeout", "the tool gave no result within 5 s"),
        (Call("refuse"), "error", "the shop is closed"),
        (Call("leave"), "crashed", "the tool crashed: RuntimeError: the tool raised SystemExit(1)"),
        (Call("rave"), "crashed", "are left out"),
        (
            Call("nowhere"),
            "unknown",
            "there is no tool 'nowhere'; there are add, crash, hang, refuse, leave, rave",
        ),
        (Call("add", '{"a": 1, "b": "x"}'), "invalid", "$.b"),
        (Call("add", '{"a": 1, "b'), "invalid", "not valid JSON"),
        (Call("add", "[1, 2]"), "invalid", "must be a JSON object"),
    ],
    ids=lambda value: value.name if isinstance(value, Call) else None,
)
def test_each_call_has_one_result_and_the_turn_goes_on(call: Call, result: str, said: str) -> None:
    acted = act(asks(call), DONE, tools=[add, crash, hang, refuse, leave, rave])
    assert acted.results == {"call_1": result}
    assert said in acted.contents["call_1"]
    assert acted.completed.answer == DONE.text
    assert bool(acted.of(ToolCallStarted)) is (result not in {"unknown", "invalid"})


def test_nothing_runs_from_an_attempt_that_broke_off() -> None:
    broken = asks(LOOK).but(Eof("in_tool_call"))
    acted = act(broken, asks(LOOK), DONE, tools=[look], retry=RetryPolicy(backoff_ms=1))
    assert [event.attempt for event in acted.of(ToolCallStarted)] == [2]


def test_an_idempotent_tool_is_tried_again_and_no_other_is() -> None:
    tries: list[int] = []

    @tool(idempotent=True, retries=2)
    async def flaky(context: ToolContext) -> str:
        tries.append(context.attempt)
        if context.attempt < 3:
            raise OSError("not yet")
        return "here"

    acted = act(asks(Call("flaky"), Call("crash")), DONE, tools=[flaky, crash])
    assert tries == [1, 2, 3]
    assert acted.results == {"call_1": "ok", "call_2": "crashed"}
    assert [event.tool_attempt for event in acted.of(ToolCallStarted) if event.name == "flaky"] == [1, 2, 3]


def test_a_tool_reports_keeps_state_and_knows_its_place() -> None:
    @tool(timeout=10)
    async def work(context: ToolContext) -> list[Any]:
        context.progress("half")
        await asyncio.sleep(4)
        context.state["runs"] = context.state.get("runs", 0) + 1
        return [
            context.session,
            context.turn,
            context.step,
            context.call,
            context.state["runs"],
            round(context.remaining()),
        ]

    acted = act(asks(Call("work")), asks(Call("work", id="again")), DONE, tools=[work])
    assert acted.contents["call_1"] == '["s",1,1,"call_1",1,6]'
    assert acted.contents["again"] == '["s",1,2,"again",2,6]'
    assert [event.payload for event in acted.of(ToolProgress)] == ["half", "half"]


def test_a_flood_of_progress_is_thinned_and_its_last_is_told() -> None:
    @tool
    async def flood(context: ToolContext) -> str:
        for number in range(10_000):
            context.progress(number)
        await asyncio.sleep(0.2)
        context.progress("done")
        return "x" * 100_000

    acted = act(asks(Call("flood")), DONE, tools=[flood])
    told = [event.payload for event in acted.of(ToolProgress)]
    assert told[-1] == "done"
    assert len(told) < 10
    (ended,) = acted.of(ToolCallFinished)
    assert ended.truncated
    assert flood.max_output - 10 < len(ended.content) <= flood.max_output


@pytest.mark.parametrize("how", ["option", "result", "context"])
def test_a_tool_ends_the_turn(how: str) -> None:
    @tool(ends_turn=how == "option")
    async def leave(context: ToolContext) -> Any:
        if how == "context":
            context.end_turn()
        return ToolResult("bye", ends_turn=True) if how == "result" else "bye"

    acted = act(asks(Call("leave"), LOOK, text="Bye."), tools=[leave, look])
    assert acted.completed.text == "Bye."
    assert acted.results == {"call_1": "ok", "call_2": "ok"}
    assert acted.history[-1] == {"role": "tool", "tool_call_id": "call_2", "content": "the sky is blue"}


def test_a_turn_takes_no_more_steps_than_it_may() -> None:
    acted = act(asks(LOOK), tools=[look], max_steps=3, repeats=None)
    assert acted.failed.outcome == LimitReached(limit="max_steps", message="no answer after 3 steps")
    assert len(acted.bodies) == 3
    assert [m["role"] for m in acted.history] == ["user", *["assistant", "tool"] * 3]


def test_the_same_call_again_and_again_is_noticed() -> None:
    acted = act(asks(LOOK), tools=[look], repeats=Repeats(warn=2, stop=4))
    assert [(event.times, event.stopped) for event in acted.of(LoopNoticed)] == [
        (2, False),
        (3, False),
        (4, True),
    ]
    assert isinstance(acted.failed.outcome, LimitReached)
    assert acted.failed.outcome.limit == "repeats"
    said = [m["content"] for m in acted.history if m["role"] == "tool"]
    assert said[0] == "the sky is blue"
    assert "came 2 times" in said[1]
    assert said[3] == "not run: the same call came 4 times"
    assert len(acted.of(ToolCallStarted)) == 3


def test_other_arguments_are_another_call() -> None:
    calls = [asks(Call("add", f'{{"a": {number}, "b": 1}}')) for number in range(9)]
    acted = act(*calls, DONE, tools=[add])
    assert acted.of(LoopNoticed) == ()


def test_an_empty_answer_is_asked_again() -> None:
    acted = act(Reply(""), Reply(""), DONE, tools=[look])
    assert acted.completed.text == DONE.text
    assert [event.rejected for event in acted.of(AnswerRejected)] == [1, 2]
    assert [m["role"] for m in acted.history] == ["user", "assistant"]
    assert [len(body["messages"]) for body in acted.bodies] == [1, 2, 2]


def test_an_empty_answer_is_not_asked_for_without_end() -> None:
    acted = act(Reply(""), tools=[], max_empty_answers=1)
    assert isinstance(acted.failed.outcome, LimitReached)
    assert acted.failed.outcome.limit == "empty_answers"
    assert acted.history == ()


def test_calls_that_are_answered_by_hand_end_the_turn_behind_those_that_are_run() -> None:
    async def drive(session: Session, handle: TurnHandle) -> None:
        turn = await handle
        assert [call.name for call in turn.calls] == ["ask_a_friend"]
        with pytest.raises(ValueError, match="1 calls wait, got 2"):
            session.answer(["yes", "no"])
        assert (await session.answer({"call_2": "a friend"})).answer == DONE.text

    acted = act(asks(LOOK, Call("ask_a_friend")), DONE, tools=[look, BY_HAND], drive=drive)
    assert [m["role"] for m in acted.history] == ["user", "assistant", "tool", "tool", "assistant"]
    assert acted.results == {"call_1": "ok"}


def test_a_call_that_nobody_answers_by_hand_is_forgotten() -> None:
    async def drive(session: Session, handle: TurnHandle) -> None:
        await handle
        await session.send("Never mind.")

    acted = act(asks(LOOK, Call("ask_a_friend")), DONE, tools=[look, BY_HAND], drive=drive)
    assert [call["id"] for call in acted.history[1]["tool_calls"]] == ["call_1"]


def test_cancelling_leaves_what_was_done_and_says_what_was_not() -> None:
    begun = asyncio.Event()

    @tool
    async def slow() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def drive(session: Session, handle: TurnHandle) -> None:
        await begun.wait()
        session.cancel(reason="enough")
        await handle

    acted = act(asks(Call("slow"), LOOK), DONE, tools=[slow, look], drive=drive)
    assert isinstance(acted.terminal, TurnCancelled)
    assert acted.results["call_1"] == "interrupted"
    assert "interrupted" in acted.history[2]["content"]


def test_cancelling_after_the_step_lets_its_tools_end() -> None:
    begun = asyncio.Event()

    @tool
    async def slow() -> str:
        begun.set()
        await asyncio.sleep(3)
        return "at last"

    async def drive(session: Session, handle: TurnHandle) -> None:
        await begun.wait()
        session.cancel(reason="enough", after_step=True)
        await handle

    acted = act(asks(Call("slow")), DONE, tools=[slow], drive=drive)
    assert isinstance(acted.terminal, TurnCancelled)
    assert acted.terminal.reason == "enough"
    assert acted.results == {"call_1": "ok"}
    assert acted.history[-1]["content"] == "at last"
    assert len(acted.bodies) == 1


def test_a_message_in_mid_turn_enters_at_the_next_step() -> None:
    begun = asyncio.Event()

    @tool
    async def slow() -> str:
        begun.set()
        await asyncio.sleep(3)
        return "at last"

    async def drive(session: Session, handle: TurnHandle) -> None:
        await begun.wait()
        assert await session.steer("And be quick.")
        await handle
        assert not await session.steer("Too late.")

    acted = act(asks(Call("slow")), DONE, tools=[slow], drive=drive)
    (steered,) = acted.of(Steered)
    assert steered.messages == ({"role": "user", "content": "And be quick."},)
    assert [m["role"] for m in acted.history] == ["user", "assistant", "tool", "user", "assistant"]
    assert acted.bodies[1]["messages"][-1]["content"] == "And be quick."


def test_an_answer_is_not_the_last_word_where_the_user_has_steered() -> None:
    @tool
    async def never() -> None:
        """Never called."""

    async def drive(session: Session, handle: TurnHandle) -> None:
        async for event in session.events():
            if isinstance(event, StepStarted):
                break
        assert await session.steer("One more thing.")
        await handle

    acted = act(Reply("First."), Reply("Second."), tools=[never], drive=drive)
    assert acted.completed.answer == "Second."
    assert [m["content"] for m in acted.history] == ["Go on.", "First.", "One more thing.", "Second."]


def _plain(messages: Any) -> Any:
    return [{**m, "tool_calls": list(m["tool_calls"])} if "tool_calls" in m else m for m in messages]
