"""Irregular tool deltas: the same two calls, as endpoints send them that are not quite OpenAI's.

    greenroom run scenarios/irregular_tool_deltas.py

Some send no index, some index 0 for each call, some the id and the name in every fragment. Whatever the shape, and
however the bytes are cut, the same two calls must come of it. And when a stream breaks off inside a call, even one
whose arguments happen to parse by then, that call is never run: the attempt is tried again.
"""

from __future__ import annotations

import itertools
from typing import get_args

import msgspec

from actors.config import RetryPolicy
from actors.provider import Call, Eof, Fault, Reply, Reset, ToolShape, slicer
from actors.scenario import Says, Stage, completed, scenario, share

CUES = Reply(
    "Lights, then curtain.",
    tool_calls=(Call("cue", '{"what": "lights", "level": 0.2}'), Call("cue", '{"what": "curtain"}')),
    delta_chars=5,
)
DONE = Reply("Both are done.")
CALLS = tuple((f"call_{number}", call.name, call.arguments) for number, call in enumerate(CUES.tool_calls, 1))
RESULTS = [{"role": "tool", "tool_call_id": call_id, "content": "done"} for call_id, _, _ in CALLS]
BREAKS: tuple[tuple[Fault | None, tuple[str, ...]], ...] = (
    (None, ()),
    (Eof("in_tool_call"), ("truncated",)),
    (Reset("in_tool_call"), ("transport:read",)),
)


@scenario(sessions=54, tags=("tools", "drops"))
async def irregular_tool_deltas(stage: Stage, *, slice_bytes: int = 40) -> None:
    """Tool calls in every shape there is, whole or broken off: the same two calls come of each."""
    acts = itertools.cycle(itertools.product(get_args(ToolShape), BREAKS))
    stage.fault(slicer(average_size=slice_bytes, size_variation=slice_bytes // 2))

    async def player(name: str) -> None:
        shape, (fault, after) = next(acts)
        cues = msgspec.structs.replace(CUES, tool_shape=shape)
        plays = (cues, DONE) if fault is None else (cues.but(fault), cues, DONE)
        session = stage.spawn(name, *plays, retry=RetryPolicy(backoff_ms=20))
        stage.send(session, "Your cue?", Says(CUES.text, calls=CALLS, after=after))
        stage.send(session, RESULTS, Says(DONE.text))

    await stage.each(player)

    stage.expect(share(completed) == 1)


if __name__ == "__main__":
    irregular_tool_deltas.main()
