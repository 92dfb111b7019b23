"""A day in the life: people come and go by the hour, and the provider has its ordinary troubles, and one bad noon.

    greenroom run scenarios/a_day_in_the_life.py --mode sim                  # 24 hours, in virtual time
    greenroom run scenarios/a_day_in_the_life.py                             # on the wire, where a day takes seconds
    greenroom run scenarios/a_day_in_the_life.py --mode sim --sessions 2000 --seeds 1..20

Each session is a person: who comes at some hour, mostly in the day, asks a few things, thinks in between, and now and
then has seen enough. Most requests go well. Some are turned away, break off, stall or carry an error inside a 200,
about as often as they do in life; at noon the provider is overloaded, and in the night it is gone for some minutes.

What must hold is what a person would notice: next to nobody is left without an answer, no answer is cut short or shown
twice, and the first word comes soon.
"""

from __future__ import annotations

import functools
import operator
import random
from collections.abc import Iterator

import msgspec

from actors.config import Deadlines, RetryPolicy
from actors.provider import (
    Call,
    Delay,
    Eof,
    InBandError,
    KeepAlives,
    Play,
    Reply,
    Reset,
    Stall,
    Status,
    latency,
)
from actors.scenario import (
    Cancelled,
    Fails,
    Says,
    Stage,
    completed,
    failed,
    first_chunk,
    p50,
    scenario,
    share,
)

HURRY = 1 / 20_000
"""What a second of the day takes on the wire, in seconds."""
DELTA_S = 0.04
LINES = (
    Reply("Sit, and I'll tell you a tale by the fire.", thoughts="A short one will do."),
    Reply("Brevity is the soul of wit."),
    Reply("Let me look.", tool_calls=(Call("look", '{"where": "in the book"}'),)),
)
OVERLOADED = Status(503, message="Overloaded.")
REASONS = (
    *("http_error:429", "http_error:500", "http_error:503", "in_band_error", "truncated"),
    *("transport:connect", "transport:reset", "transport:read", "stalled:first_event", "stalled:idle"),
)
NO_ANSWER = functools.reduce(operator.or_, (Fails(reason, text=None, after=None) for reason in REASONS))
"""A turn may fail for the provider's reasons. There are none of our own."""


@scenario(sessions=200, tags=("load", "outage", "retry"))
async def a_day_in_the_life(stage: Stage, *, trouble: float = 1.0, changes_mind: float = 0.02) -> None:
    """People come and go by the hour while the provider has its troubles, and they hardly notice."""
    second = 1 if stage.mode == "sim" else HURRY
    hour = 3600 * second
    for what, often in troubles(second):
        stage.fault(what, chance=min(1, often * trouble))
    stage.fault(latency(latency_ms=300 * second, jitter_ms=200 * second))
    stage.fault(OVERLOADED, chance=0.5, at=12 * hour, lasting=hour / 3)
    stage.outage(at=3 * hour, lasting=hour / 12)

    patience = Deadlines(first_event=max(1, 60 * second), idle=max(1, 30 * second))
    retry = RetryPolicy(max_retries=6, backoff_ms=max(1, round(500 * second)))

    async def person(name: str) -> None:
        rng = random.Random(stage.rng.getrandbits(64))  # noqa: S311 - a person's whims
        await stage.sleep(comes_at(rng) * hour)
        line = rng.choice(LINES)
        answer = says(line) | NO_ANSWER
        session = stage.spawn(name, at_a_pace(line, second), retry=retry, deadlines=patience)
        for _ in range(rng.randint(1, 4)):
            turn = stage.send(session, "And what then?", answer | Cancelled("seen enough"))
            if rng.random() < changes_mind:
                await stage.sleep(rng.uniform(0, 1) * second)
                turn.cancel("seen enough")
            await turn
            await stage.sleep(rng.expovariate(1 / 60) * second)
        session.close()

    await stage.each(person)

    if stage.sessions >= 100:  # of fewer, one is too many
        stage.expect(share(completed) >= 0.95)
        stage.expect(share(failed) <= 0.01 * trouble)
        stage.expect(share(first_chunk < 15 * second + 2) >= 0.95)
    stage.expect(p50(first_chunk) < 2 * second + 1)


def troubles(second: float) -> Iterator[tuple[Play, float]]:
    """What goes wrong all day long, and with how many requests."""
    yield Status(429, {"retry-after-ms": f"{4000 * second:g}"}, message="Rate limit reached."), 0.02
    yield OVERLOADED, 0.01
    yield Status(500, message="Something went wrong."), 0.004
    yield Reset(after="before_headers"), 0.004
    yield Reset(after=3), 0.004
    yield Eof(after=2), 0.003
    yield InBandError(after=2), 0.003
    yield Stall(after="after_headers"), 0.002
    yield Stall(after=3), 0.002
    yield KeepAlives(after="after_headers", every_s=10 * second, times=3), 0.01
    yield Delay(after="before_headers", seconds=8 * second), 0.02


def comes_at(rng: random.Random) -> float:
    """The hour at which somebody comes: most in the day, a few at any time."""
    return rng.triangular(7, 23, 14) if rng.random() < 0.85 else rng.uniform(0, 24)


def at_a_pace(line: Reply, second: float) -> Reply:
    """The line, spoken as fast as a model does."""
    return msgspec.structs.replace(line, pace_s=DELTA_S * second)


def says(line: Reply) -> Says:
    """What comes of it, however often it is tried."""
    calls = tuple(
        (f"call_{number}", call.name, call.arguments) for number, call in enumerate(line.tool_calls, 1)
    )
    return Says(line.text, line.thoughts, calls, after=None)


if __name__ == "__main__":
    a_day_in_the_life.main()
