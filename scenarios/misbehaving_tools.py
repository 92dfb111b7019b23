"""Misbehaving tools: they hang, crash, flood and block, and models call them wrongly in every way there is.

    greenroom run scenarios/misbehaving_tools.py

Each session's model calls one tool that does its worst beside one that does well. Whatever happens, the call has a
result that says so, the other one is none the worse for it, and the turn has its answer; what is wrong in a call itself
is told to the model, and nothing runs for it.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from typing import Any, NamedTuple, get_args

from actors import Tool, ToolContext, ToolError, tool
from actors.events import Event, ToolCallFinished, ToolOutcome, ToolProgress
from actors.provider import Call, Reply, ToolShape
from actors.scenario import Says, SideEffects, Stage, maximum, scenario, tool_time

DONE = Reply("The show goes on.")
WELL = Call("behave", '{"how": "well"}')
FLOOD = 1_000_000
MOST_OUTPUT = 1_000
MOST_PROGRESS = 50


class Act(NamedTuple):
    """A call that goes wrong, and how it ends."""

    call: Call
    result: ToolOutcome
    runs: int = 1
    shape: ToolShape = "regular"


ACTS = (
    Act(Call("hang"), "timeout"),
    Act(Call("crash"), "crashed"),
    Act(Call("crash_in_a_thread"), "crashed"),
    Act(Call("refuse"), "error"),
    Act(Call("stumble"), "ok", runs=2),
    Act(Call("flood"), "ok"),
    Act(Call("gossip"), "ok"),
    Act(Call("vanish"), "unknown", runs=0),
    Act(Call("behave", '{"how": "we'), "invalid", runs=0),
    Act(Call("behave", '["well"]'), "invalid", runs=0),
    Act(Call("behave", '{"how": 7}'), "invalid", runs=0),
    Act(Call("behave", '{"who": "you"}'), "invalid", runs=0),
    *(Act(Call("behave", '{"how": "oddly"}'), "ok", shape=shape) for shape in get_args(ToolShape)),
)
IN_A_THREAD = Act(Call("block"), "timeout")
"""Needs a real thread, which simulated time does not have."""


@scenario(sessions=2 * len(ACTS) + 2, tags=("tools",))
async def misbehaving_tools(stage: Stage, *, patience_s: float = 0.5) -> None:
    """Tools do their worst, and models call them wrongly: every call has its result, and every turn its answer."""
    acts = itertools.cycle(ACTS if stage.mode == "sim" else (*ACTS, IN_A_THREAD))
    effects = SideEffects()
    tools = [*steady(effects), *silent(effects, patience_s), *falling(effects), *loud(effects)]

    async def player(name: str) -> None:
        act = next(acts)
        name = f"{act.call.name} {act.shape} ({name})"
        seen: Counter[type[Event]] = Counter()
        longest = 0

        def on_event(event: Event) -> None:
            nonlocal longest
            seen[type(event)] += 1
            if isinstance(event, ToolCallFinished):
                longest = max(longest, len(event.content))

        plays = Reply(tool_calls=(act.call, WELL), tool_shape=act.shape), DONE
        results: dict[str, Any] = {act.call.name: act.result, "behave": "ok"}
        if act.call.name == "behave":
            results["behave"] = (act.result, "ok")
        session = stage.spawn(name, *plays, tools=tools)
        await stage.send(session, "Your cue!", Says(DONE.text, tools=results), on_event=on_event)
        stage.check(effects.of(name) == act.runs + 1, "each tool runs as often as it should", where=name)
        stage.check(longest <= 2 * MOST_OUTPUT, "no result is longer than it may be", where=name)
        stage.check(seen[ToolProgress] <= MOST_PROGRESS, "a flood of progress is thinned", where=name)

    await stage.each(player)

    stage.expect(maximum(tool_time) < 3 * patience_s + 1)


def steady(effects: SideEffects) -> tuple[Tool, ...]:
    """What does well."""

    @tool
    async def behave(how: str, context: ToolContext) -> str:
        """Do as one should."""
        effects.add(context)
        return f"behaved {how}"

    return (behave,)


def silent(effects: SideEffects, patience_s: float) -> tuple[Tool, ...]:
    """What does not come back."""

    @tool(timeout=patience_s)
    async def hang(context: ToolContext) -> None:
        """Never come back."""
        effects.add(context)
        await asyncio.Event().wait()

    @tool(timeout=patience_s)
    def block(context: ToolContext) -> None:
        """Keep a thread until nobody waits any more."""
        effects.add(context)
        while not context.cancelled:
            time.sleep(0.01)

    return (hang, block)


def falling(effects: SideEffects) -> tuple[Tool, ...]:
    """What fails."""

    @tool
    async def crash(context: ToolContext) -> None:
        """Fall over."""
        effects.add(context)
        raise ZeroDivisionError("the floor gave way")

    @tool
    def crash_in_a_thread(context: ToolContext) -> None:
        """Fall over in the wings."""
        effects.add(context)
        raise SystemExit("exit, pursued by a bear")

    @tool
    async def refuse(context: ToolContext) -> None:
        """Say no."""
        effects.add(context)
        raise ToolError("not without my coffee")

    @tool(idempotent=True, retries=1)
    async def stumble(context: ToolContext) -> str:
        """Fall over once."""
        effects.add(context)
        if context.attempt == 1:
            raise LookupError("where was I?")
        return "found it"

    return (crash, crash_in_a_thread, refuse, stumble)


def loud(effects: SideEffects) -> tuple[Tool, ...]:
    """What says too much."""

    @tool(max_output=MOST_OUTPUT)
    async def flood(context: ToolContext) -> str:
        """Say far too much."""
        effects.add(context)
        return "blah " * FLOOD

    @tool
    async def gossip(context: ToolContext) -> str:
        """Report far too often."""
        effects.add(context)
        for number in range(10 * MOST_PROGRESS):
            context.progress({"heard": number})
            await asyncio.sleep(0)
        return "heard it all"

    return (flood, gossip)


if __name__ == "__main__":
    misbehaving_tools.main()
