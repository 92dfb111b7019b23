"""Cancel everything: the curtain falls in the middle of everything, for everyone at once.

    greenroom run scenarios/cancel_everything.py --sessions 1000

Some sessions stream, some wait for the first word, some wait between two attempts; each has a further turn in its
queue. All of them are cancelled in one moment. Every turn must end as cancelled, at once; the provider must see every
one of its clients go; and the sessions must be as good as new: the next thing they are asked, they answer.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

from actors.config import RetryPolicy
from actors.events import AttemptStarted, Event, RetryScheduled, TextDelta
from actors.provider import Play, Reply, Stall, Status
from actors.scenario import Cancelled, Says, Stage, scenario

LINE = Reply("The play's the thing wherein I'll catch the conscience of the king.")
AN_HOUR = RetryPolicy(backoff_ms=3_600_000, jitter="none")
CURTAIN = Cancelled("curtain")
PARTS: tuple[tuple[Play, type[Event]], ...] = (
    (LINE.but(Stall("in_text")), TextDelta),
    (LINE.but(Stall("before_headers")), AttemptStarted),
    (Status(503), RetryScheduled),
)
"""What a session gets at first, and the event by which it is where it should be when the curtain falls."""


@scenario(sessions=100, tags=("cancel",))
async def cancel_everything(stage: Stage, *, queued: int = 1) -> None:
    """Everything is cancelled at once: it ends at once, nothing is left of it, and the show can go on."""
    parts = itertools.cycle(PARTS)
    sessions, turns = [], []
    there: set[str] = set()

    for number in range(1, stage.sessions + 1):
        play, moment = next(parts)
        session = stage.spawn(f"session-{number}", play, LINE, retry=AN_HOUR)
        arrives = arriving(session.id, moment, there)
        turns.append(stage.send(session, "Your line?", CURTAIN, on_event=arrives))
        turns += [stage.send(session, "And then?", CURTAIN) for _ in range(queued)]
        sessions.append(session)

    on = stage.sessions
    await soon(lambda: len(there) == on and len(stage.provider.requests) == on)
    fell = stage.now()
    for turn in turns:
        turn.cancel("curtain")
    await stage.settled()
    stage.check(stage.now() - fell < 1, "everything has ended a second later")
    gone = await soon(lambda: all(request.ended for request in stage.provider.requests))
    stage.check(gone, "the provider has seen every client go")

    for session in sessions:
        stage.send(session, "Once more?", Says(LINE.text))


def arriving(name: str, moment: type[Event], there: set[str]) -> Callable[[Event], None]:
    """Notes who has come to that event."""

    def on_event(event: Event) -> None:
        if isinstance(event, moment):
            there.add(name)

    return on_event


async def soon(holds: Callable[[], bool]) -> bool:
    """Wait until something holds, for some seconds at most; gives whether it does."""
    for _ in range(500):
        if holds():
            return True
        await asyncio.sleep(0.02)
    return False


if __name__ == "__main__":
    cancel_everything.main()
