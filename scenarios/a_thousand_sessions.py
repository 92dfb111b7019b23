"""A thousand sessions: they all talk at once, one request in five goes wrong, and nobody gets a word of another's.

    greenroom run scenarios/a_thousand_sessions.py
    greenroom run scenarios/a_thousand_sessions.py --sessions 10000 --concurrency 500

Each has a line of its own and two turns. A request in five is turned away, dropped or cut short. In the end every
turn is complete, each session has said its own line and remembers just what was said to it, and none had to wait long
for the others.
"""

from __future__ import annotations

from actors.config import RetryPolicy
from actors.provider import Eof, InBandError, Reply, Reset, Status
from actors.scenario import Says, Stage, completed, first_chunk, p95, scenario, share

WRONG = (Status(429), Reset(after=2), Eof(after=4), InBandError(after=3))


@scenario(sessions=1000, tags=("load", "retry"))
async def a_thousand_sessions(stage: Stage, *, turns: int = 2, wrong: float = 0.2) -> None:
    """A thousand sessions talk at once, one request in five goes wrong, and nobody gets a word of another's."""
    for what in WRONG:
        stage.fault(what, chance=wrong / len(WRONG))

    async def player(name: str) -> None:
        line = Reply(f"I am {name}, and I speak for nobody else.", delta_chars=4)
        session = stage.spawn(name, line, retry=RetryPolicy(max_retries=8, backoff_ms=50))
        for number in range(1, turns + 1):
            await stage.send(session, f"{name}, {number}?", Says(line.text, after=None))
        said = [message["content"] for message in await session.history()]
        wanted = [text for number in range(1, turns + 1) for text in (f"{name}, {number}?", line.text)]
        stage.check(said == wanted, "each remembers just what was said to it", where=name)

    await stage.each(player)

    stage.expect(share(completed) == 1)
    stage.expect(p95(first_chunk) < 30)


if __name__ == "__main__":
    a_thousand_sessions.main()
