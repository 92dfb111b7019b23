"""A falling tree: a company of a thousand is at work, all for one turn of its root, and then that turn is cancelled.

    greenroom run scenarios/a_falling_tree.py
    greenroom run scenarios/a_falling_tree.py --sessions 5000 --set width=4

Each session but those at the bottom waits, in a tool, for the sessions that the tool has spawned; those at the bottom
are in mid-stream. Every turn of the tree must end with the root's, at once. Then the root is closed: its children end
before it, the newest first, each behind its own, and nobody is left.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

from actors import EventStream, Session, ToolContext, tool
from actors.events import Event, TextDelta, TurnCancelled
from actors.provider import Call, Reply, Stall
from actors.scenario import Cancelled, Stage, scenario

LINE = Reply("Timber! Timber! Timber!", delta_chars=4, faults=(Stall(after=2),))
SOON_S = 20
"""In seconds, and on the wire with a busy machine: in `sim` it takes next to none."""


@scenario(sessions=1000, tags=("cancel", "company", "load"))
async def a_falling_tree(stage: Stage, *, width: int = 10) -> None:
    """A thousand sessions work for one turn of their root: cancelled, all of it ends at once, and nobody is left."""
    size = max(2, stage.sessions)
    ended: list[int] = []

    def plant(spawn: Callable[..., Session], number: int) -> Session:
        waits = bool(below(number, width, size))
        play = Reply("", tool_calls=(Call("delegate"),)) if waits else LINE
        stage.provider.script(str(number), play)
        session = spawn(id=str(number), tools=[delegate] if waits else [])
        session.ended.add_done_callback(lambda _: ended.append(number))
        return session

    @tool
    async def delegate(context: ToolContext) -> str:
        """Have the sessions below do it."""
        numbers = below(int(context.session), width, size)
        turns = [plant(context.here.spawn, number).send("Your line?") for number in numbers]
        return "".join([(await turn).text for turn in turns])

    seen: defaultdict[type[Event], set[str]] = defaultdict(set)
    watching = asyncio.ensure_future(watch(stage.runtime.events(), seen))
    root = plant(stage.runtime.spawn, 0)
    turn = stage.send(root, "Your lines?", Cancelled("timber"))
    leaves = sum(not below(number, width, size) for number in range(size))
    stage.check(await soon(lambda: len(seen[TextDelta]) == leaves), "all at the bottom speak")

    cut = stage.now()
    turn.cancel("timber")
    await soon(lambda: len(seen[TurnCancelled]) == size)
    fell = stage.now() - cut
    stage.check(len(seen[TurnCancelled]) == size, "every turn ends with the root's")
    stage.check(len(stage.runtime.sessions()) == size, "a session outlives its turn")

    cut = stage.now()
    root.close()
    await root.ended
    ending = stage.now() - cut
    stage.check(ended == felling(width, size), "they end the newest first, each behind its own")
    stage.check(stage.runtime.sessions() == (), "nobody is left")
    watching.cancel()
    row = str(size), f"{fell:.3f} s", f"{ending:.3f} s"
    stage.table("How it fell", ("sessions", "turns ended in", "sessions ended in"), [row])


def below(number: int, width: int, size: int) -> range:
    """A session's children, where they are numbered floor by floor."""
    first = number * width + 1
    return range(min(first, size), min(first + width, size))


def felling(width: int, size: int) -> list[int]:
    """The order in which they must end: the newest child first, and whoever is below before whoever is above."""
    order, rest = [], [0]
    while rest:
        number = rest.pop()
        order.append(number)
        rest += reversed(below(number, width, size))
    return order[::-1]


async def watch(events: EventStream, seen: defaultdict[type[Event], set[str]]) -> None:
    """Note which session has come to which event."""
    async for event in events:
        seen[type(event)].add(event.session)


async def soon(holds: Callable[[], bool]) -> bool:
    """Wait until something holds, for some seconds at most; gives whether it does."""
    for _ in range(50 * SOON_S):
        if holds():
            return True
        await asyncio.sleep(0.02)
    return False


if __name__ == "__main__":
    a_falling_tree.main()
