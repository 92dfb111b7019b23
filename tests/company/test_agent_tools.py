"""An agent as a tool: a child for each call, its answer as the result, its events among those of the one that calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import msgspec
import pytest

from actors import (
    Agent,
    Buffering,
    Gathered,
    Job,
    Runtime,
    Session,
    ToolContext,
    TurnCancelledError,
    UsageError,
    gather,
    tool,
)
from actors.events import (
    ChildEnded,
    ChildStarted,
    Event,
    HandedOff,
    Nested,
    SessionEnded,
    TextDelta,
    ToolCallFinished,
    TurnCancelled,
    TurnCompleted,
    TurnStarted,
)
from actors.provider import Call, Delay, Reply, Status
from tests.company.cast import company, known
from tests.turns.acting import asks

FOUND = Reply("It is in the cellar.")
DONE = Reply("The wine is in the cellar.")
TO_WORKER = asks(Call("worker", '{"task": "Find the wine."}'))
SLOW = Reply("late").but(Delay(seconds=3600))


class Worked(NamedTuple):
    """What became of a planner's turn."""

    events: tuple[Event, ...]
    """Of its session, up to its end."""
    all: tuple[Event, ...]
    """Of all sessions."""

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def result(self) -> ToolCallFinished:
        (finished,) = self.of(ToolCallFinished)
        return finished  # type: ignore[no-any-return]


async def ask(session: Session) -> None:
    await session.send("Where is the wine?")


def work(
    worker: Any,
    *agents: Agent,
    planner: Any = (TO_WORKER, DONE),
    lines: Any = None,
    drive: Callable[[Session], Coroutine[Any, Any, None]] = ask,
    tools: Any = ("worker",),
) -> Worked:
    async def main(runtime: Runtime) -> Worked:
        everything = runtime.events()
        session = runtime.spawn(id="planner", agent="planner")
        events = session.events()
        await drive(session)
        session.close()
        told = tuple([event async for event in events])
        await runtime.drain()
        return Worked(told, tuple([event async for event in everything]))

    cast = (known("planner", tools=tools), *(agents or (known("worker", description="Finds things."),)))
    worked = company(main, {"planner": planner, "worker": worker} | (lines or {}), *cast)
    started = {event.session for event in worked.all if isinstance(event, TurnStarted)}
    assert started == {event.session for event in worked.all if isinstance(event, SessionEnded)}
    return worked


def test_its_answer_is_the_result() -> None:
    worked = work(FOUND)
    assert (worked.result.result, worked.result.content) == ("ok", "It is in the cellar.")
    assert worked.of(TurnCompleted)[0].answer == "The wine is in the cellar."


def test_each_call_is_a_child_that_ends_with_it() -> None:
    worked = work(FOUND)
    (started,), (ended,) = worked.of(ChildStarted), worked.of(ChildEnded)
    assert (started.agent, started.turn, started.call_id) == ("worker", 1, "call_1")
    assert (ended.child, ended.reason) == (started.child, "closed")
    assert worked.events.index(ended) < worked.events.index(worked.result)


def test_its_events_are_nested_in_the_turn_but_for_deltas() -> None:
    worked = work(FOUND)
    nested = worked.of(Nested)
    own = [event for event in worked.all if event.session == nested[0].child and event.turn]
    assert [one.event for one in nested] == [event for event in own if not isinstance(event, TextDelta)]
    assert {(one.turn, one.step, one.agent) for one in nested} == {(1, 1, "worker")}
    assert isinstance(nested[-1].event, TurnCompleted)
    assert msgspec.json.decode(msgspec.json.encode(nested[-1]), type=Event) == nested[-1]


def test_they_need_not_be() -> None:
    worker = known("worker")
    assert work(FOUND, worker, tools=(worker.as_tool(nested=False),)).of(Nested) == []


def test_the_company_is_shown_down_to_where_it_works() -> None:
    worker = known("worker", tools=("cook",))
    to_cook = asks(Call("cook", '{"task": "Look."}'))
    worked = work((to_cook, FOUND), worker, known("cook"), lines={"cook": Reply("Here.")})
    deep = [one for one in worked.of(Nested) if len(one.path) == 2]
    assert {type(one.innermost) for one in deep} >= {TurnStarted, TurnCompleted}
    assert deep[-1].innermost.answer == "Here."
    assert deep[-1].path == (deep[-1].child, deep[-1].innermost.session)


def test_an_answer_of_a_type_is_sent_as_json() -> None:
    class Place(msgspec.Struct):
        room: str

    worked = work(Reply('{"room": "cellar"}'), known("worker", returns=Place))
    assert worked.result.content == '{"room":"cellar"}'


def test_its_failure_is_a_result_that_says_so() -> None:
    worked = work(Status(400))
    assert worked.result.result == "error"
    assert worked.result.content.startswith("worker gave no answer: ")
    assert worked.of(TurnCompleted)


def test_cancelled_with_the_call() -> None:
    async def drive(session: Session) -> None:
        handle = session.send("Where is the wine?")
        await asyncio.sleep(60)
        assert len(session.children()) == 1
        handle.cancel()
        with pytest.raises(TurnCancelledError):
            await handle
        await asyncio.sleep(1)
        assert session.children() == ()

    worked = work(SLOW, drive=drive)
    cancelled = {event.session for event in worked.all if isinstance(event, TurnCancelled)}
    assert cancelled == {"planner", worked.of(ChildStarted)[0].child}


def test_past_its_timeout_it_is_given_up() -> None:
    worker = known("worker")
    worked = work(SLOW, worker, tools=(worker.as_tool(timeout=30),))
    assert worked.result.result == "timeout"
    assert [type(event) for event in worked.of(ChildEnded)] == [ChildEnded]


def test_calls_run_beside_each_other() -> None:
    late = Reply("It is late.").but(Delay(seconds=10))
    both = asks(Call("worker", '{"task": "1"}'), Call("worker", '{"task": "2"}'))
    worked = work((late, late), planner=(both, DONE))
    assert [event.content for event in worked.of(ToolCallFinished)] == ["It is late."] * 2
    assert max(event.duration for event in worked.of(ToolCallFinished)) < 15


def test_a_child_can_hand_its_conversation_over() -> None:
    worker = known("worker", handoffs=("cook",))
    to_cook = asks(Call("transfer_to_cook"))
    worked = work(to_cook, worker, known("cook"), lines={"cook": Reply("It is in the pot.")})
    assert worked.result.content == "It is in the pot."
    assert next(type(one.event) for one in worked.of(Nested) if one.agent == "cook") is HandedOff


def test_a_tool_gathers_its_own_sessions_children() -> None:
    gathered: list[Gathered] = []

    @tool
    async def everybody(context: ToolContext) -> str:
        """Ask everybody."""
        gathered.extend(await gather(context.here, ["1", Job("cook", "2")], agent="worker"))
        return "asked"

    worked = work(
        FOUND, known("worker"), known("cook"),
        planner=(asks(Call("everybody")), DONE), tools=(everybody,), lines={"cook": Reply("Here.")},
    )  # fmt: skip
    assert [one.result.answer for one in gathered if one.result] == ["It is in the cellar.", "Here."]
    assert {one.agent for one in worked.of(Nested)} == {"worker", "cook"}
    assert [event.call_id for event in worked.of(ChildStarted)] == ["call_1", "call_1"]


def test_without_a_runtime_it_says_what_it_needs() -> None:
    with pytest.raises(UsageError, match="a session of a runtime"):
        asyncio.run(known("worker").as_tool()({"task": "?"}, ToolContext()))


def test_a_reader_that_falls_behind_holds_up_the_whole_company() -> None:
    """What the root's reader has not taken is bounded, also where it comes from below."""
    many = tuple(asks(Call("look")) for _ in range(40))

    @tool
    async def look() -> str:
        """Look."""
        return "nothing"

    bound = Buffering(max_control=8)

    async def main(runtime: Runtime) -> tuple[int, int]:
        session = runtime.spawn(id="planner", agent="planner", buffering=bound)
        with session.stream("Where is the wine?") as events:
            await asyncio.sleep(60)
            waiting = len(events._outlet.take())
            rest = [event async for event in events]
        assert isinstance(rest[-1], TurnCompleted)
        return waiting, len(rest)

    worker = known("worker", tools=(look,), settings={"repeats": None, "buffering": bound})
    lines = {"planner": (TO_WORKER, DONE), "worker": (*many, FOUND)}
    waiting, rest = company(main, lines, known("planner", tools=("worker",)), worker)
    assert waiting < 30
    assert rest > 200
