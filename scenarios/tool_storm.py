"""Tool storm: everyone's model asks for very many calls at once, step after step.

    greenroom run scenarios/tool_storm.py --sessions 1000

Half of the tools are coroutines, half are plain functions for the runtime's threads. Each call must run once and have
its own result, in the order of the calls; and no session has more tools under way than it may.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter

from actors import ToolContext, tool
from actors.provider import Call, Play, Reply
from actors.scenario import Says, SideEffects, Stage, scenario, tool_calls, tool_results, total

DONE = Reply("All cues are called.")


def storm(step: int, calls: int) -> Reply:
    """A step's calls, half of each tool, no two the same."""
    names = itertools.cycle(("light", "sound"))
    return Reply(
        tool_calls=tuple(
            Call(next(names), json.dumps({"cue": f"{step}.{number}"}), id=f"call_{step}_{number}")
            for number in range(calls)
        ),
        delta_chars=64,
    )


@scenario(sessions=50, tags=("tools", "load"))
async def tool_storm(stage: Stage, *, steps: int = 3, calls: int = 16, at_once: int = 4) -> None:
    """Calls come by the dozen: each runs once, in its place, and no more at once than may."""
    effects = SideEffects()
    under_way: Counter[str] = Counter()
    most: Counter[str] = Counter()

    @tool
    async def light(cue: str, context: ToolContext) -> str:
        """Call a cue to the lights."""
        effects.add(context)
        under_way[context.session] += 1
        most[context.session] = max(most[context.session], under_way[context.session])
        await asyncio.sleep(0.01)
        under_way[context.session] -= 1
        return f"light {cue}"

    @tool
    def sound(cue: str, context: ToolContext) -> str:
        """Call a cue to the sound."""
        effects.add(context)
        return f"sound {cue}"

    plays: tuple[Play, ...] = (*(storm(step, calls) for step in range(steps)), DONE)

    async def player(name: str) -> None:
        session = stage.spawn(name, *plays, tools=[light, sound], parallel_tools=at_once)
        await stage.send(session, "Call the cues!", Says(DONE.text))
        results = [message["content"] for message in await session.history() if message["role"] == "tool"]
        cues = [call for play in plays if isinstance(play, Reply) for call in play.tool_calls]
        wanted = [f"{call.name} {json.loads(call.arguments)['cue']}" for call in cues]
        stage.check(results == wanted, "each call has its own result, in the order of the calls", where=name)
        stage.check(effects.of(name) == len(cues), "each call has run", where=name)
        stage.check(most[name] <= at_once, f"no more than {at_once} of a session run at once", where=name)

    await stage.each(player)

    stage.check(not effects.twice, "none has run twice")
    stage.expect(total(tool_calls) == stage.sessions * steps * calls)
    stage.expect(total(tool_results("ok")) == stage.sessions * steps * calls)


if __name__ == "__main__":
    tool_storm.main()
