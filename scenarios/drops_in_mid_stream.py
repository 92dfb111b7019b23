"""Drops in mid-stream: connections break in the middle of a sentence, and every sentence arrives once and whole.

    greenroom run scenarios/drops_in_mid_stream.py --set drops=5

Each session loses its stream several times, at any delta and in any way: reset, hung up, or ended as if all were said.
The next attempt begins from the start, so what was shown is compared with it, and only the rest is shown. For some the
first attempt came from another edition: what no longer holds then is taken back, once, and nowhere else is anything.
"""

from __future__ import annotations

from actors.config import RetryPolicy
from actors.provider import Eof, Reply, Reset
from actors.scenario import Says, Stage, completed, retractions, scenario, share, total

FOLIO = Reply(
    "To be, or not to be: that is the question: whether 'tis nobler in the mind to suffer the slings and arrows "
    "of outrageous fortune, or to take arms against a sea of troubles, and by opposing end them.",
    delta_chars=4,
)
QUARTO = Reply(
    "To be, or not to be, I there's the point, to die, to sleep, is that all? I all.", delta_chars=4
)
PARTED = 6
"""After so many deltas the two have said different things."""


@scenario(sessions=60, tags=("drops", "retry", "splice"))
async def drops_in_mid_stream(stage: Stage, *, drops: int = 3, other_edition: float = 0.2) -> None:
    """Every stream breaks off several times, and every text arrives whole, with nothing shown twice."""
    retry = RetryPolicy(max_retries=drops, backoff_ms=20)
    changed = 0

    async def player(name: str) -> None:
        nonlocal changed
        editions = [FOLIO] * drops
        if drops and stage.rng.random() < other_edition:
            editions[0] = QUARTO
            changed += 1
        broken = [drop(stage, edition) for edition in editions]
        session = stage.spawn(name, *(reply for reply, _ in broken), FOLIO, retry=retry)
        stage.send(session, "Your line?", Says(FOLIO.text, after=tuple(reason for _, reason in broken)))

    await stage.each(player)

    stage.expect(share(completed) == 1)
    stage.expect(total(retractions) == changed)


def drop(stage: Stage, line: Reply) -> tuple[Reply, str]:
    """The line, broken off somewhere in some way; and what that is called."""
    after = stage.rng.randint(PARTED, 18)
    fault, reason = stage.rng.choice(
        (
            (Reset(after), "transport:read"),
            (Eof(after, terminated=False), "transport:read"),
            (Eof(after), "truncated"),
        )
    )
    return line.but(fault), reason


if __name__ == "__main__":
    drops_in_mid_stream.main()
