"""Crash loop: actors of some sessions fail, once or again and again, and their neighbours never notice.

    greenroom run scenarios/crash_loop.py --sessions 1000

A session whose actor fails, or whose supervisor, loses the turn that it is at, typed, and goes on with the next one; it
remembers what was said before, and what its tools have done. One that fails each time it is started anew ends when that
is too often, typed too: no turn is left without its end. All around them the others talk on as if nothing were.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias

from actors import tool
from actors.client import Session
from actors.config import Intensity
from actors.events import Event, TextDelta, ToolCallFinished
from actors.provider import Call, Reply, Stall
from actors.scenario import Fails, Says, Stage, completed, scenario, share

LINE = Reply("Out, out, brief candle! Life's but a walking shadow, a poor player.", delta_chars=4)
HELD = LINE.but(Stall(after=6))
WORK = Reply(tool_calls=(Call("paint"), Call("nail")))
LOST = Fails("internal", text=None)
Who: TypeAlias = Literal["session", "supervisor"]


@scenario(sessions=40, tags=("crash", "supervision"))
async def crash_loop(stage: Stage, *, restarts: int = 2) -> None:
    """Sessions crash, once or without end, and their neighbours never notice."""
    parts = itertools.cycle(PARTS)

    async def player(name: str) -> None:
        role, who = next(parts)
        await role(stage, name, who, restarts)

    await stage.each(player)

    stage.expect(share(completed, of="neighbour-*") == 1)


async def talks_on(stage: Stage, name: str, _: Who, __: int) -> None:
    """Turn after turn, while others crash."""
    session = stage.spawn(f"neighbour-{name}", LINE)
    for question in ("Your line?", "Again?", "Once more?"):
        stage.send(session, question, Says(LINE.text))
    await stage.settled()
    stage.check(await remembers(session, 3), "neighbours remember all that was said", where=session.id)


async def falls_once(stage: Stage, name: str, who: Who, _: int) -> None:
    """In mid-stream, with a turn behind it and one before it."""
    session = stage.spawn(f"unlucky-{name}", LINE, HELD, LINE)
    stage.send(session, "Your line?", Says(LINE.text))
    stage.send(session, "Again?", LOST, on_event=crashing(stage, session, who))
    stage.send(session, "Once more?", Says(LINE.text))
    await stage.settled()
    stage.check(
        await remembers(session, 2),
        "who falls once remembers what was before and after",
        where=session.id,
    )


async def falls_at_work(stage: Stage, name: str, who: Who, _: int) -> None:
    """When one tool is done and another one is not."""
    session = stage.spawn(f"worker-{name}", WORK, LINE, tools=[paint, nail])
    half_done = Fails("internal", text=None, tools={"nail": "ok", "paint": "interrupted"})
    stage.send(session, "Build it.", half_done, on_event=crashing(stage, session, who, ToolCallFinished))
    stage.send(session, "Your line?", Says(LINE.text))
    await stage.settled()
    told = [message["content"] for message in await session.history() if message["role"] == "tool"]
    remembers = len(told) == len(WORK.tool_calls) and "interrupted" in told[0] and told[1] == "nailed"
    stage.check(remembers, "who falls at work remembers what was done, and what was not", where=session.id)


@tool
async def paint() -> None:
    """Paint, which takes for ever."""
    await asyncio.Event().wait()


@tool
async def nail() -> str:
    """Nail."""
    return "nailed"


async def falls_for_good(stage: Stage, name: str, who: Who, restarts: int) -> None:
    """In each turn that it begins, until that is too often."""
    session = stage.spawn(f"doomed-{name}", HELD, intensity=Intensity(restarts=restarts, within=60))
    for _ in range(restarts + 3):
        stage.send(session, "Your line?", LOST, on_event=crashing(stage, session, who))
    await stage.settled()
    begun = len(stage.provider.requests_of(session.id))
    stage.check(session.closed, "who falls too often ends", where=session.id)
    stage.check(
        begun == restarts + 1, f"who falls too often was started anew {restarts} times", where=session.id
    )


def crashing(
    stage: Stage, session: Session, who: Who, at: type[Event] = TextDelta
) -> Callable[[Event], None]:
    """Crashes a session at the first such event of a turn: when it shows its first word."""
    shown = False

    def on_event(event: Event) -> None:
        nonlocal shown
        if isinstance(event, at) and not shown:
            shown = True
            stage.crash(session, who)

    return on_event


async def remembers(session: Session, turns: int) -> bool:
    """Whether a conversation is what was asked and answered, so many times."""
    roles = [message["role"] for message in await session.history()]
    return roles == ["user", "assistant"] * turns


Role: TypeAlias = Callable[[Stage, str, Who, int], Awaitable[None]]
PARTS: tuple[tuple[Role, Who], ...] = (
    (talks_on, "session"),
    (falls_once, "session"),
    (falls_for_good, "session"),
    (falls_at_work, "session"),
    (falls_at_work, "supervisor"),
    (talks_on, "session"),
    (falls_once, "supervisor"),
    (falls_for_good, "supervisor"),
)


if __name__ == "__main__":
    crash_loop.main()
