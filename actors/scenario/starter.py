"""Starter: what it shows, in a few sentences.

greenroom run FILE                                 # over real sockets, on this machine
greenroom run FILE --mode sim --seeds 1..100       # in simulated time, a hundred times otherwise
greenroom run FILE --sessions 1000 --set drops=2   # more of it
"""

from __future__ import annotations

from actors.config import RetryPolicy
from actors.provider import Reply, Reset, Status, latency
from actors.scenario import Says, Stage, completed, first_chunk, p99, scenario, share

# What the model says. The provider is a server on this machine that follows a script: it says what it is told to.
LINE = Reply("All the world's a stage, and all the men and women merely players.", pace_s=0.01)

# How a session runs its turns: anything that `Runtime.spawn` takes.
PATIENT = RetryPolicy(max_retries=9, backoff_ms=50)


@scenario(sessions=10, tags=("starter",))
async def starter(stage: Stage, *, drops: int = 1, busy: float = 0.2) -> None:
    """Every session loses its connection, some are turned away, and every line arrives whole."""
    # What goes wrong. Also by pattern (`of="session-1*"`), and for a while (`at=`, `lasting=`, both in seconds).
    stage.fault(Reset(after=3), times=drops)  # each session's first requests break off after three deltas
    stage.fault(Status(429), chance=busy)  # one in five requests is turned away: which ones, the seed decides
    stage.fault(latency(latency_ms=20, jitter_ms=10))  # and everything comes a little late

    # What must hold of all turns together, at the end.
    stage.expect(share(completed) == 1)
    stage.expect(p99(first_chunk) < 2)

    # Who is on stage, and what must come of each turn. `after=None`: however often it was retried.
    async def player(name: str) -> None:
        session = stage.spawn(name, LINE, retry=PATIENT)
        await stage.send(session, "Your line?", Says(LINE.text, after=None))
        stage.send(session, "And again?", Says(LINE.text, after=None))

    await stage.each(player)

    # What must hold besides: anything that you can work out here.
    stage.check(
        len(stage.provider.requests) >= 2 * stage.sessions, "each turn asked the provider at least once"
    )


if __name__ == "__main__":
    starter.main()
