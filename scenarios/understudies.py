"""Understudies: in three companies the second of three players falls for good, and each has a strategy of its own.

    greenroom run scenarios/understudies.py
    greenroom run scenarios/understudies.py --set falls=2

With `one_for_one` an understudy takes the part of who fell; with `rest_for_one` those who came on after them have
theirs, too; with `one_for_all` all three. The others play on as if nothing had been. A company whose players fall more
often than it allows ends, typed.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Literal

from actors import EventStream, Intensity, Session
from actors.events import ChildStarted, Event, SessionEnded
from actors.provider import Reply
from actors.scenario import Says, Stage, scenario

LINE = Reply("I know every part in this company.")
PLAYERS = ("first", "second", "third")
NEW = {"one_for_one": ("second",), "rest_for_one": ("second", "third"), "one_for_all": PLAYERS}
"""By strategy, whose part an understudy takes when the second falls."""


@scenario(sessions=12, tags=("company", "crash"))
async def understudies(stage: Stage, *, falls: int = 1) -> None:
    """A player falls for good: the strategy of each company says who plays on, and who begins anew."""
    for strategy in NEW:
        await an_evening(stage, strategy, falls)  # type: ignore[arg-type]
    await a_bad_evening(stage)


async def an_evening(
    stage: Stage, strategy: Literal["one_for_one", "rest_for_one", "one_for_all"], falls: int
) -> None:
    """The second player of a company falls so many times."""
    company = stage.spawn(strategy, LINE, strategy=strategy)
    seen: list[Event] = []
    watching = asyncio.ensure_future(watch(company.events(), seen))
    for player in PLAYERS:
        name = f"{strategy}-{player}"
        stage.provider.script(name, LINE)
        company.spawn(id=name, restart="transient", intensity=Intensity(restarts=0))
    for fall in range(1, falls + 1):
        stage.crash(find(company, f"{strategy}-second"))
        await soon(functools.partial(have_begun, seen, len(PLAYERS) + fall * len(NEW[strategy])))
    for player in PLAYERS:
        stage.send(find(company, f"{strategy}-{player}"), "Your line?", Says(LINE.text))
    lives = {event.child: event.incarnation for event in seen if isinstance(event, ChildStarted)}
    new = {f"{strategy}-{player}": falls if player in NEW[strategy] else 0 for player in PLAYERS}
    stage.check(lives == new, "those begin anew whom the strategy names, and nobody else", where=strategy)
    await stage.settled()
    company.close()
    await watching


async def a_bad_evening(stage: Stage) -> None:
    """A company that allows no fall at all."""
    company = stage.spawn("strict", LINE, child_intensity=Intensity(restarts=0))
    stage.provider.script("strict-player", LINE)
    player = company.spawn(id="strict-player", restart="permanent", intensity=Intensity(restarts=0))
    stage.crash(player)
    end = await company.ended
    stage.check(end.reason == "child_intensity", "a company whose players fall too often ends")


def find(company: Session, name: str) -> Session:
    """The player of that name who lives."""
    return next(child for child in company.children() if child.id == name)


def have_begun(seen: list[Event], lives: int) -> bool:
    """Whether so many lives have."""
    return sum(isinstance(event, ChildStarted) for event in seen) == lives


async def watch(events: EventStream, seen: list[Event]) -> None:
    """Keep what a company is told."""
    async for event in events:
        seen.append(event)
        if isinstance(event, SessionEnded):
            return


async def soon(holds: Callable[[], bool]) -> bool:
    """Wait until something holds, for some seconds at most; gives whether it does."""
    for _ in range(500):
        if holds():
            return True
        await asyncio.sleep(0.02)
    return False


if __name__ == "__main__":
    understudies.main()
