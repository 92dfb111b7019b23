"""Budgets of sessions, turns and a runtime: each limit, with its typed end, and what is left to read then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from actors import Budget, BudgetError, Price, Runtime, RuntimeConfig, TurnFailedError, log, tool
from actors.events import AttemptStarted, StepStarted, TextDelta, ToolCallFinished
from actors.outcome import BudgetExceeded
from actors.provider import Call, Eof, Reply, ScriptedProvider, Status
from tests.company.spending import end_of, fails, play
from tests.log.keeping import complaints
from tests.turns.acting import DONE, act, asks

AGAIN = asks(Call("look", "{}"))
DEAR = Price(input=1.0, output=10.0, cached_input=0.5)


@tool
async def look() -> str:
    """Look."""
    return "it is blue"


@tool
async def wait() -> str:
    """Wait."""
    await asyncio.sleep(1000)
    return "it is late"


def test_steps() -> None:
    acted = act(AGAIN, AGAIN, AGAIN, DONE, tools=[look], budget=Budget(steps=2))
    assert acted.failed.outcome == BudgetExceeded(
        limit="steps", spent=3, allowed=2, where="s", message="past what s may spend: 3 of 2 steps"
    )
    assert len(acted.of(StepStarted)) == len(acted.bodies) == 2
    assert acted.results == {"call_1": "ok"}


def test_tool_calls_those_that_never_run_do_not_count() -> None:
    unknown = asks(Call("nobody", "{}"))
    acted = act(unknown, AGAIN, AGAIN, DONE, tools=[look], budget=Budget(tool_calls=1))
    assert acted.failed.outcome.reason == "budget_exceeded:tool_calls"
    assert [(event.result, event.ran) for event in acted.of(ToolCallFinished)] == [
        ("unknown", False),
        ("ok", True),
        ("interrupted", False),
    ]
    assert len(acted.bodies) == 3


def test_tokens_as_reported_and_the_answer_that_goes_past_is_still_given() -> None:
    long = Reply("It is blue.", prompt_tokens=20, completion_tokens=500)

    async def main(runtime: Runtime) -> None:
        session = runtime.spawn(id="s", budget=Budget(tokens=300))
        assert (await session.send("Look.")).text == "It is blue."
        assert session.spent.tokens == 520
        assert session.left == {"tokens": 0}
        end = await fails(session)
        assert (end.limit, end.spent, end.allowed, end.where) == ("tokens", 520, 300, "s")
        assert len(await session.history()) == 2
        assert session.spent.steps == 1

    play(main, {"s": (long,)})


def test_tokens_by_estimate_stop_an_answer_that_runs_on_in_mid_stream() -> None:
    endless = Reply("blue " * 4000, usage=False, pace_s=0.01)
    acted = act(endless, tools=[], budget=Budget(tokens=200))
    assert acted.failed.outcome.reason == "budget_exceeded:tokens"
    assert isinstance(acted.failed.outcome, BudgetExceeded)
    assert 200 < acted.failed.outcome.spent <= 200 + 16 + 2, "by no more than what is priced at once"
    assert acted.failed.text == "".join(event.text for event in acted.of(TextDelta))
    assert 700 < len(acted.failed.text) < 900
    assert acted.failed.usage[0].source == "estimated"


def test_what_a_request_may_use_is_reserved_before_it_is_made() -> None:
    async def main(runtime: Runtime) -> None:
        session = runtime.spawn(id="s", budget=Budget(tokens=300), body={"max_tokens": 400})
        end = await fails(session)
        assert end.limit == "tokens"
        assert end.spent > 400
        assert session.spent.tokens == 0
        assert (await fails(session, body={"max_tokens": 1})) == end, "out is out"

    play(main, {"s": (DONE,)})


def test_each_retry_settles_by_what_it_used() -> None:
    text = "x" * 40
    cut = Reply(text, usage=False).but(Eof(after=5))
    acted_plays = (cut, Status(503), Reply("ok", prompt_tokens=7, completion_tokens=3))

    async def main(runtime: Runtime) -> int:
        session = runtime.spawn(id="s", budget=Budget(tokens=1000))
        await session.send("Go on.")
        return session.spent.tokens

    spent = play(main, {"s": acted_plays})
    estimate = 3 + 3 + 3  # the frame, the message, and "Go on."
    assert spent == estimate + 10 + 10


def test_a_retry_that_does_not_fit_any_more_is_not_made() -> None:
    cut = Reply("x" * 400, usage=False).but(Eof(after=50))
    acted = act(cut, DONE, tools=[], budget=Budget(tokens=90))
    assert acted.failed.outcome.reason == "budget_exceeded:tokens"
    assert len(acted.of(AttemptStarted)) == 1


def test_cost_by_the_endpoints_price() -> None:
    async def main(runtime: Runtime) -> None:
        session = runtime.spawn(id="s", budget=Budget(cost=0.001))
        await session.send("Go on.")
        assert session.spent.cost == pytest.approx(0.00052)
        await session.send("Go on.")
        assert session.left["cost"] == 0
        end = await fails(session)
        assert (end.limit, end.allowed) == ("cost", 0.001)
        assert end.spent == pytest.approx(0.00104)
        assert runtime.spent == session.spent
        assert end.message.endswith("0.00104 of 0.001 USD")

    play(main, {"s": (Reply("ok", prompt_tokens=20, completion_tokens=50),) * 2}, price=DEAR)


def test_a_cost_that_nobody_knows_is_not_spent_where_a_limit_holds() -> None:
    async def main(runtime: Runtime) -> None:
        session = runtime.spawn(id="s", budget=Budget(cost=1.0))
        end = await fails(session)
        assert end.limit == "cost"
        assert "give the endpoint a `price`" in end.message
        assert session.spent.tokens == 0
        assert (await runtime.spawn(id="free").send("Go on.")).text == "It is done."

    play(main, {"s": (DONE,), "free": (DONE,)})


def test_time_runs_out_in_a_tool() -> None:
    acted = act(asks(Call("wait", "{}")), DONE, tools=[wait], budget=Budget(seconds=30))
    assert acted.failed.outcome.reason == "budget_exceeded:seconds"
    assert acted.results == {"call_1": "interrupted"}
    assert acted.failed.timestamp - acted.events[0].timestamp == pytest.approx(30, abs=1)


def test_time_runs_out_in_mid_stream_and_counts_from_the_first_turn() -> None:
    slow = Reply("so slow " * 100, pace_s=1)

    async def main(runtime: Runtime) -> None:
        session = runtime.spawn(id="s", budget=Budget(seconds=30))
        await asyncio.sleep(100)
        assert session.left == {}
        await session.send("Quick.")
        await asyncio.sleep(20)
        assert 9 < session.left["seconds"] < 10
        end = await fails(session)
        assert (end.limit, end.where) == ("seconds", "s")
        assert end.spent == pytest.approx(30, abs=0.01)
        assert session.left["seconds"] == 0
        assert await fails(session) == end

    play(main, {"s": (DONE, slow, DONE)})


def test_a_turns_own_budget_is_within_its_sessions() -> None:
    async def main(runtime: Runtime) -> None:
        session = runtime.spawn(id="s", tools=[look], budget=Budget(steps=5))
        end = await fails(session, budget=Budget(steps=1))
        assert (end.where, end.allowed) == ("s turn 1", 1)
        assert (await session.send("Go on.")).text == "It is done."
        end = await fails(session, budget=Budget(steps=9))
        assert (end.where, end.allowed) == ("s", 5)

    play(main, {"s": (AGAIN, DONE, AGAIN, AGAIN, AGAIN, AGAIN)})


def test_a_runtimes_budget_stops_all_its_sessions() -> None:
    slow = Reply("so slow " * 100, pace_s=1)

    async def main(runtime: Runtime) -> None:
        one, two, three = (runtime.spawn(id=name, tools=[look]) for name in ("one", "two", "three"))
        running, stopped = one.send("Go on."), three.send("Go on.")
        await asyncio.sleep(5)
        end = await fails(two)
        assert (end.limit, end.where, end.allowed) == ("steps", "the runtime", 3)
        assert await end_of(running) == await end_of(stopped) == end
        with pytest.raises(BudgetError, match="no session is spawned: past what the runtime may spend") as no:
            runtime.spawn()
        assert no.value.outcome == end

    config = RuntimeConfig(budget=Budget(steps=3))
    play(main, {"one": (slow,), "two": (AGAIN, DONE), "three": (slow,)}, config=config)


def test_a_runtime_may_have_so_many_sessions() -> None:
    async def main(runtime: Runtime) -> None:
        first = runtime.spawn()
        runtime.spawn()
        with pytest.raises(BudgetError) as no:
            runtime.spawn()
        assert no.value.outcome.reason == "budget_exceeded:children"
        first.close()
        await first.ended
        runtime.spawn()

    play(main, {}, config=RuntimeConfig(budget=Budget(children=2)))


def test_queued_turns_each_end_typed() -> None:
    async def main(runtime: Runtime) -> None:
        session = runtime.spawn(id="s", budget=Budget(steps=1))
        first, *others = [session.send("Go on.") for _ in range(5)]
        assert (await first).text == "It is done."
        for handle in others:
            assert (await end_of(handle)).reason == "budget_exceeded:steps"

    play(main, {"s": (DONE,) * 5})


def test_what_a_cancelled_attempt_has_used_counts_by_estimate() -> None:
    async def main(runtime: Runtime) -> None:
        session = runtime.spawn(id="s")
        handle = session.send("Go on.")
        await asyncio.sleep(10)
        session.cancel()
        with pytest.raises(Exception, match="cancelled"):
            await handle
        assert session.spent.tokens > 15

    play(main, {"s": (Reply("so slow " * 100, pace_s=1, usage=False),)})


def test_the_log_says_what_a_limited_turn_has_spent(tmp_path: Path) -> None:
    """Read where the log is written: by a runtime in real time."""
    path = tmp_path / "log.jsonl"
    answer = Reply("ok", prompt_tokens=20, completion_tokens=50)
    with (
        log.to_file(path),
        ScriptedProvider(default=answer) as provider,
        Runtime(provider.endpoint(price=DEAR)) as runtime,
    ):
        runtime.spawn(id="free").run("Go on.")
        session = runtime.spawn(id="limited", budget=Budget(cost=0.0006))
        session.run("Go on.")
        with pytest.raises(TurnFailedError):
            session.run("Go on.", body={"max_tokens": 50})
    records = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    ends = [one for one in records if one["event.name"] in {"actors.turn.completed", "actors.turn.failed"}]
    assert [complaints(one) for one in ends] == [[], [], []]
    spent = [{name: one[name] for name in one if name.startswith("spent.")} for one in ends]
    assert spent == [
        {},
        {"spent.steps": 1, "spent.tool_calls": 0, "spent.tokens": 70, "spent.cost": pytest.approx(0.00052)},
        {"spent.steps": 1, "spent.tool_calls": 0, "spent.tokens": 0, "spent.cost": 0.0},
    ]
    assert ends[-1]["error.type"] == "budget_exceeded:cost"
    assert "past what limited may spend" in ends[-1]["message"]
