"""First night: fifty sessions go on stage at once, and their provider fails in every way it knows.

    greenroom run scenarios/first_night.py

The provider is a real HTTP server on this machine that follows a script. The PROGRAMME below is that script: who is on
stage, what the provider does at each request, and what must come of it. Whatever happens in between, each session's
text must be right to the letter, nothing may be shown twice, and what can't be mended must fail with its own name.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from actors.config import Deadlines, RetryPolicy
from actors.events import Event, RetryScheduled
from actors.provider import (
    BadJson,
    BadStatusLine,
    Call,
    Delay,
    Door,
    Eof,
    Fault,
    InBandError,
    InvalidUtf8,
    KeepAlives,
    Play,
    RawBody,
    Redirect,
    Reply,
    Reset,
    Stall,
    Status,
    ToolShape,
)
from actors.scenario import Fails, Says, Stage, scenario

# Tonight's lines.


def line(text: str, **more: Any) -> Reply:
    """What a model says, four letters a delta."""
    return Reply(text, delta_chars=4, **more)


HAMLET = line(
    "To be, or not to be: that is the question: whether 'tis nobler in the mind to suffer the slings and arrows "
    "of outrageous fortune, or to take arms against a sea of troubles, and by opposing end them."
)
FIRST_QUARTO = line(  # the same line, as another printer has it
    "To be, or not to be, I there's the point, to die, to sleep, is that all? I all: no, to sleep, to dream, "
    "I mary there it goes, for in that dream of death, when we awake, and borne before an everlasting judge."
)
MACBETH = line(
    "To-morrow, and to-morrow, and to-morrow, creeps in this petty pace from day to day to the last syllable of "
    "recorded time, and all our yesterdays have lighted fools the way to dusty death."
)
PUCK = line(
    "If we shadows have offended, think but this, and all is mended, that you have but slumber'd here while "
    "these visions did appear. Give me your hands, if we be friends, and Robin shall restore amends."
)
JAQUES = line(
    "All the world's a stage, and all the men and women merely players: they have their exits and their "
    "entrances; and one man in his time plays many parts, his acts being seven ages."
)
CYRANO = line(
    "Ah\N{NO-BREAK SPACE}! non\N{NO-BREAK SPACE}! c'est un peu court, jeune homme\N{NO-BREAK SPACE}! "
    "On pouvait dire… Oh\N{NO-BREAK SPACE}! Dieu\N{NO-BREAK SPACE}!… bien des choses en somme… 🎭"
)
PROSPERO = line(
    "Our revels now are ended. These our actors, as I foretold you, were all spirits and are melted into air.",
    thoughts="The revels are over, then. Say so gently, and mind the pause before the last of it.",
)
OPHELIA = Reply(
    deltas=("There's rosemary, ", "that's for ", "remembrance; ", "pray, ", "love, ", "remember.")
)
CUES = line(
    "Lights, then curtain.",
    tool_calls=(Call("dim_lights", '{"level": 0.2, "seconds": 3}'), Call("raise_curtain", '{"act": 1}')),
)

# What must come of them.


def says(reply: Reply, *after: str) -> Says:
    """The whole reply arrives, after these failures in between, each of which is retried."""
    calls = tuple((f"call_{n}", call.name, call.arguments) for n, call in enumerate(reply.tool_calls, 1))
    return Says(reply.text, thoughts=reply.thoughts, calls=calls, after=after)


def breaks(reply: Reply, fault: Fault) -> tuple[Play, ...]:
    """At the first request it breaks, at the second it is whole."""
    return (reply.but(fault), reply)


def cues(shape: ToolShape) -> Reply:
    """The tool calls, as endpoints that are not quite OpenAI's send them."""
    return msgspec.structs.replace(CUES, tool_shape=shape)


SMUDGED = OPHELIA.full_text.replace("that's", "\N{REPLACEMENT CHARACTER}that's")
FIRST = "stalled:first_event"
ASKED_S = 0.9
BUSY = Status(429, {"retry-after-ms": f"{ASKED_S * 1000:g}"}, message="Rate limit reached.")
DOWN = Status(503, message="The service is down for a moment.")
IMPATIENT = {"deadlines": Deadlines(first_event=2, idle=2)}  # in life, silence is borne for minutes
TWO_RETRIES = {"retry": RetryPolicy(max_retries=2)}


class Part(NamedTuple):
    """One row of the programme."""

    name: str
    script: tuple[Play, ...]
    """What the provider does at each request; the last one repeats."""
    expect: Says | Fails
    settings: Mapping[str, Any] = {}


PROGRAMME = (
    # All goes well.
    Part("as-rehearsed", (HAMLET,), says(HAMLET)),
    Part("thinks-aloud", (PROSPERO,), says(PROSPERO)),
    Part("late-entrance", (JAQUES.but(Delay(seconds=1.0, after="before_headers")),), says(JAQUES)),
    Part("byte-by-byte", (msgspec.structs.replace(CYRANO, slice=1),), says(CYRANO)),
    # The connection breaks: before the first word, in the middle of one, within a thought, within a tool call.
    Part("reset-at-once", (Reset(after="before_headers"), PUCK), says(PUCK, "transport:reset")),
    Part("reset-in-text", breaks(HAMLET, Reset(after=20)), says(HAMLET, "transport:read")),
    Part("reset-in-thought", breaks(PROSPERO, Reset(after=8)), says(PROSPERO, "transport:read")),
    Part("reset-in-call", breaks(CUES, Reset(after="in_tool_call")), says(CUES, "transport:read")),
    Part("clean-eof", breaks(MACBETH, Eof(after=25)), says(MACBETH, "truncated")),
    Part("bare-fin", breaks(PUCK, Eof(after=15, terminated=False)), says(PUCK, "transport:read")),
    # The understudy knows another edition: what was shown and no longer holds is taken back.
    Part("second-edition", (FIRST_QUARTO.but(Reset(after=20)), HAMLET), says(HAMLET, "transport:read")),
    # It stays open, and nothing comes but comments, if that.
    Part("stall-at-once", (Stall(after="after_headers"), MACBETH), says(MACBETH, FIRST), IMPATIENT),
    Part("stall-in-text", breaks(PUCK, Stall(after=20)), says(PUCK, "stalled:idle"), IMPATIENT),
    Part("keep-alives-only", (KeepAlives(after="after_headers"), HAMLET), says(HAMLET, FIRST), IMPATIENT),
    # Turned away: come back later, or never.
    Part("429-in-900-ms", (BUSY, PUCK), says(PUCK, "http_error:429")),
    Part("503-twice", (DOWN, DOWN, JAQUES), says(JAQUES, "http_error:503", "http_error:503")),
    Part("503-for-good", (DOWN,), Fails("http_error:503", after=("http_error:503",) * 2), TWO_RETRIES),
    Part("401-wrong-key", (Status(401, message="No such key."),), Fails("http_error:401")),
    Part("redirect", (Redirect(),), Fails("http_error:307")),
    Part("refused", (HAMLET,), says(HAMLET, "transport:connect")),
    # A 200 that turns out to be an error, said in three ways.
    Part("error-event", breaks(JAQUES, InBandError(shape="event", after=9)), says(JAQUES, "in_band_error")),
    Part(
        "error-beside",
        breaks(PUCK, InBandError(shape="beside_choices", after=9)),
        says(PUCK, "in_band_error"),
    ),
    Part("error-field", breaks(HAMLET, InBandError(shape="field", after=9)), says(HAMLET, "in_band_error")),
    # Bytes that are not the protocol. A smudged letter is no reason to stop.
    Part("bad-json", breaks(MACBETH, BadJson(after=18)), says(MACBETH, "protocol:bad_json")),
    Part("bad-status-line", (BadStatusLine(), PUCK), says(PUCK, "protocol:bad_http")),
    Part("html-page", (RawBody.html(), HAMLET), says(HAMLET, "protocol:not_a_stream")),
    Part("bad-utf-8", (OPHELIA.but(InvalidUtf8(after=1, data=b"\xff")),), Says(SMUDGED)),
    # Tool calls that nothing but care tells apart.
    Part("calls-no-index", (cues("no_index"),), says(CUES)),
    Part("calls-all-index-0", (cues("index_zero"),), says(CUES)),
    Part("calls-repeat-id", (cues("repeated"),), says(CUES)),
    # And one has a bad night altogether.
    Part(
        "bad-night",
        (BUSY, FIRST_QUARTO.but(Eof(after=12)), HAMLET.but(Reset(after=30)), HAMLET),
        says(HAMLET, "http_error:429", "truncated", "transport:read"),
    ),
)
"""Who is on stage, what the provider does, and what must come of it."""


@scenario(sessions=50)
async def first_night(stage: Stage) -> None:
    """Everyone goes on at once, the provider fails in every way it knows, and every text is right to the letter."""
    for number in range(stage.sessions):
        part = PROGRAMME[number % len(PROGRAMME)]
        name = f"{part.name}-{number // len(PROGRAMME) + 1}"
        script = at_a_pace(part.script, stage.rng.uniform(0.02, 0.06) * stage.pace)
        if part.name == "refused":
            door = stage.provider.door()  # shut: who knocks is refused
            session = stage.spawn(name, *script, endpoint=door.endpoint())
            stage.send(session, "Your line?", part.expect, on_event=opening(door))
        else:
            session = stage.spawn(name, *script, **part.settings)
            stage.send(session, "Your line?", part.expect)

    await stage.settled()
    stage.check(not stage.provider.followed, "no redirect is followed")
    for wait_s in waits(stage, "429-in-900-ms-1"):
        stage.check(wait_s >= ASKED_S, "who is asked to wait 900 ms waits 900 ms")


def at_a_pace(script: tuple[Play, ...], seconds: float) -> list[Play]:
    """The same script with so many seconds between two deltas, so that a person sees them stream."""
    return [
        msgspec.structs.replace(play, pace_s=seconds) if isinstance(play, Reply) else play for play in script
    ]


def opening(door: Door) -> Callable[[Event], None]:
    """Opens the door as soon as somebody was refused at it."""

    def on_event(event: Event) -> None:
        if isinstance(event, RetryScheduled):
            door.open()

    return on_event


def waits(stage: Stage, name: str) -> list[float]:
    """How long a session stayed away between two requests, in seconds."""
    requests = stage.provider.requests_of(name)
    return [
        later.received_at - earlier.ended_at
        for earlier, later in itertools.pairwise(requests)
        if earlier.ended_at is not None
    ]


if __name__ == "__main__":
    first_night.main()
