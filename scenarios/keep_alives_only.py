"""Keep-alives only: the provider sends comments to keep the connection warm, and no word of an answer.

    greenroom run scenarios/keep_alives_only.py

Bytes arrive all the time, so whoever waits for silence waits for ever. Here only what is parsed counts: a session
hangs up on keep-alives that do not end, before the first word or in the middle of the text. Where they only fill a
pause that is shorter than the deadline, as the queue in front of a busy model does, nothing is tried again.
"""

from __future__ import annotations

import itertools

from actors.config import Deadlines, RetryPolicy
from actors.provider import KeepAlives, Phase, Reply
from actors.scenario import Says, Stage, completed, maximum, scenario, share, turn_time

LINE = Reply("Words, words, words.")
EVERY_S = 0.05


@scenario(sessions=30, tags=("stall", "deadlines", "retry"))
async def keep_alives_only(stage: Stage, *, patience_s: float = 0.6) -> None:
    """Nothing comes but keep-alives; where they do not end, the sessions do not wait for ever."""
    patience = Deadlines(first_event=patience_s, idle=patience_s, attempt=10 * patience_s)
    few = max(1, int(patience_s / EVERY_S / 3))
    acts = itertools.cycle(
        (
            (keep_alives("after_headers", few), ()),
            (keep_alives("in_text", few), ()),
            (keep_alives("after_headers"), ("stalled:first_event",)),
            (keep_alives("in_text"), ("stalled:idle",)),
        )
    )

    async def player(name: str) -> None:
        fault, after = next(acts)
        session = stage.spawn(
            name, LINE.but(fault), LINE, deadlines=patience, retry=RetryPolicy(backoff_ms=20)
        )
        stage.send(session, "Your line?", Says(LINE.text, after=after))

    await stage.each(player)

    stage.expect(share(completed) == 1)
    stage.expect(maximum(turn_time) < 4 * patience_s)


def keep_alives(after: Phase, times: int | None = None) -> KeepAlives:
    """Comments as OpenRouter sends them; None: without end."""
    return KeepAlives(after, every_s=EVERY_S, comment="OPENROUTER PROCESSING", times=times)


if __name__ == "__main__":
    keep_alives_only.main()
