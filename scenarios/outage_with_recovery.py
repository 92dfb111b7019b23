"""Outage with recovery: the provider is gone for a while, and everyone who asked meanwhile gets an answer in the end.

    greenroom run scenarios/outage_with_recovery.py
    greenroom run scenarios/outage_with_recovery.py --mode sim --set outage_s=3600

While it is gone nobody even gets a connection. The sessions try again, each time after a longer wait, so that a
provider which comes up again is not met by a hail of requests; what was under way when it went comes to its end. And
once it is back, it is as if it had never been gone: who comes then needs one attempt.
"""

from __future__ import annotations

import asyncio

from actors.config import RetryPolicy
from actors.provider import Reply
from actors.scenario import (
    Says,
    Stage,
    attempts,
    completed,
    count,
    maximum,
    retried,
    scenario,
    share,
    turn_time,
)

LINE = Reply("Sweet are the uses of adversity, which, like the toad, ugly and venomous.", pace_s=0.005)
ANYHOW = Says(LINE.text, after=None)
AT_ONCE = Says(LINE.text, after=())


@scenario(sessions=50, tags=("outage", "retry"))
async def outage_with_recovery(stage: Stage, *, outage_s: float = 1.0) -> None:
    """The provider is gone for a while: nobody gives up, nobody hammers at it, and everyone is answered."""
    gone, back = outage_s / 2, outage_s * 3 / 2
    stage.outage(at=gone, lasting=outage_s)
    sixteenth_ms = max(1, round(outage_s * stage.pace * 1000 / 16))
    retry = RetryPolicy(
        max_retries=10, backoff_ms=sixteenth_ms, max_backoff_ms=4 * sixteenth_ms, jitter="deterministic"
    )

    async def player(name: str) -> None:
        session = stage.spawn(name, LINE, retry=retry)
        for begin, end, expected in (
            (0, gone, ANYHOW),
            (gone, back - outage_s / 4, ANYHOW),
            (back + outage_s / 2, back + outage_s, AT_ONCE),
        ):
            await until(stage, stage.rng.uniform(begin, end))
            await stage.send(session, "Your line?", expected)

    await stage.each(player)

    stage.expect(share(completed) == 1)
    stage.expect(count(retried) >= stage.sessions / 2)
    stage.expect(maximum(attempts) <= 8)
    stage.expect(maximum(turn_time) < 2 * outage_s * stage.pace + 1)


async def until(stage: Stage, moment: float) -> None:
    """Wait for a moment of the run, in seconds times pace."""
    await asyncio.sleep(max(0.0, moment * stage.pace - stage.now()))


if __name__ == "__main__":
    outage_with_recovery.main()
