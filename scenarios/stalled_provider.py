"""Stalled provider: it takes the request, keeps the connection open, and says nothing more.

    greenroom run scenarios/stalled_provider.py
    greenroom run scenarios/stalled_provider.py --mode sim --set patience_s=120    # as patient as in life

It falls silent before the headers, before the first word, in a thought, in the text or in a tool call. Nothing ever
breaks, so only a deadline can end it: the session then hangs up, asks again, and goes on where it was. Silent after it
has said that it is done, a provider has taken nothing from the answer.
"""

from __future__ import annotations

import itertools

from actors.config import Deadlines, RetryPolicy
from actors.provider import Call, Phase, Reply, Stall
from actors.scenario import Says, Stage, completed, maximum, scenario, share, turn_time

LINE = Reply("The rest is silence.", thoughts="What is left to say?", tool_calls=(Call("curtain"),))
CALLS = (("call_1", "curtain", "{}"),)
NO_FIRST_WORD, IDLE = ("stalled:first_event",), ("stalled:idle",)
STALLS: tuple[tuple[Phase, tuple[str, ...]], ...] = (
    ("before_headers", NO_FIRST_WORD),
    ("after_headers", NO_FIRST_WORD),
    ("in_thought", IDLE),
    ("in_text", IDLE),
    ("in_tool_call", IDLE),
    ("after_finish", ()),
)
"""Where it falls silent, and what the attempt is then tried again for."""


@scenario(sessions=30, tags=("stall", "deadlines", "retry"))
async def stalled_provider(stage: Stage, *, patience_s: float = 0.5) -> None:
    """The provider falls silent at every point of a reply; nobody waits for it longer than a deadline."""
    patience = Deadlines(
        first_event=patience_s, idle=patience_s, trailing=patience_s, attempt=10 * patience_s
    )
    stalls = itertools.cycle(STALLS)

    async def player(name: str) -> None:
        place, after = next(stalls)
        session = stage.spawn(
            name, LINE.but(Stall(place)), LINE, deadlines=patience, retry=RetryPolicy(backoff_ms=20)
        )
        stage.send(session, "Your line?", Says(LINE.text, LINE.thoughts, CALLS, after))

    await stage.each(player)

    stage.expect(share(completed) == 1)
    stage.expect(maximum(turn_time) < 4 * patience_s)


if __name__ == "__main__":
    stalled_provider.main()
