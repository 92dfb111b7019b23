"""Whatever the model asks for, and whatever cuts in: one terminal event, one result a call, a history to be sent."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actors import (
    Approvals,
    Hooks,
    Invocation,
    Place,
    Repeats,
    RetryPolicy,
    Rule,
    Session,
    ToolContext,
    TurnHandle,
    tool,
)
from actors.messages import Steer
from actors.provider import Call, Eof, Play, Reply, Status
from tests.turns.acting import act

ran: list[tuple[int, int, str]] = []


def note(context: ToolContext) -> None:
    ran.append((context.turn, context.step, context.call))


@tool
async def work(seconds: float, context: ToolContext) -> str:
    """Work."""
    note(context)
    await asyncio.sleep(seconds)
    return "worked"


@tool
def crash(context: ToolContext) -> None:
    """Crash."""
    note(context)
    raise ZeroDivisionError


@tool(timeout=2)
async def hang(context: ToolContext) -> None:
    """Hang."""
    note(context)
    await asyncio.Event().wait()


class Broken(Hooks):
    """Raises now and then."""

    def on_tool_call(self, call: Invocation, place: Place) -> None:
        if call.arguments.get("seconds") == 4:
            raise ZeroDivisionError


SECONDS = st.integers(0, 5)
CALLS = st.one_of(
    SECONDS.map(lambda seconds: Call("work", f'{{"seconds": {seconds}}}')),
    st.sampled_from(
        [Call("crash"), Call("hang"), Call("nowhere"), Call("work", "{"), Call("work", '{"x": 1}')]
    ),
    st.just(Call("work", '{"seconds": 1}', id="same")),
)
ASKS = st.lists(CALLS, max_size=4).map(lambda calls: Reply("Hm.", tool_calls=tuple(calls)))
PLAYS: st.SearchStrategy[Play] = st.one_of(
    ASKS,
    ASKS,
    ASKS.filter(lambda reply: reply.tool_calls).map(lambda reply: reply.but(Eof("in_tool_call"))),
    st.just(Reply("")),
    st.just(Status(503)),
)
CUTS = st.sampled_from(["cancel", "after_step", "steer", "approve", "reject", "break"])


def driven(cuts: list[tuple[str, int]]) -> Any:
    async def drive(session: Session, handle: TurnHandle) -> None:
        for cut, after in cuts:
            await asyncio.sleep(after)
            match cut:
                case "cancel":
                    session.cancel()
                case "after_step":
                    session.cancel(after_step=True)
                case "steer":
                    await session.steer("And then?")
                case "break":
                    session.ref.tell(Steer(None))  # type: ignore[arg-type]  # what makes a request of it raises
                case _:
                    await session.approve("unknown")
        await handle

    return drive


@settings(max_examples=150)
@given(
    st.lists(PLAYS, min_size=1, max_size=5),
    st.lists(st.tuples(CUTS, SECONDS), max_size=3),
    st.sampled_from([None, Approvals(rules=(Rule("crash", "deny"), Rule("hang")), timeout=1)]),
    st.sampled_from([None, Broken()]),
    st.integers(1, 3),
    st.integers(0, 3),
)
def test_the_laws_hold(
    plays: list[Play],
    cuts: list[tuple[str, int]],
    approvals: Approvals | None,
    hooks: Hooks | None,
    parallel: int,
    seed: int,
) -> None:
    ran.clear()
    act(
        *plays,
        Reply("Done."),
        tools=[work, crash, hang],
        drive=driven(cuts),
        seed=seed,
        approvals=approvals,
        hooks=hooks,
        parallel_tools=parallel,
        repeats=Repeats(warn=2, stop=4),
        retry=RetryPolicy(backoff_ms=100, max_retries=2),
    )
    assert len(set(ran)) == len(ran), "no tool runs twice for a call"
