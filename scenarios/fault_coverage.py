"""Fault coverage: every fault that the provider knows, at every place where it can strike, and what comes of it.

    greenroom run scenarios/fault_coverage.py                  # prints the table
    greenroom run scenarios/fault_coverage.py --out DIR        # and leaves it in DIR/report.html
    greenroom run scenarios/fault_coverage.py --set tools=true  # runs the call, and counts its effects

Each cell of the table is a session of its own. Its first request is struck by one fault in one phase of the reply, its
second goes well. The cell says how the first attempt ended, and whether it was tried again: nothing is written down
beforehand. No cell may hang, and none may come of a fault that nobody has thought of.

With tools, the reply's call is carried out: whatever struck the stream, its effect happens once where the turn
completes, and never where it fails.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import TypeAlias

from actors import Tool, ToolContext, tool
from actors.config import Deadlines, RetryPolicy
from actors.errors import ConfigError
from actors.events import Event, RetryScheduled, Terminal, TurnCompleted, TurnFailed
from actors.provider import (
    BadChunk,
    BadJson,
    BadStatusLine,
    Call,
    Delay,
    Eof,
    Fault,
    InBandError,
    Inject,
    InvalidUtf8,
    KeepAlives,
    Phase,
    Play,
    RawBody,
    Redirect,
    Reply,
    Reset,
    Stall,
    Status,
    Toxic,
    bandwidth,
    latency,
    limit_data,
    reset_peer,
    slicer,
    slow_close,
    timeout,
)
from actors.provider.actions import Send
from actors.provider.chunks import Asked
from actors.provider.render import render
from actors.scenario import (
    Completes,
    Expectation,
    Fails,
    Says,
    SideEffects,
    Stage,
    maximum,
    scenario,
    turn_time,
)

LINE = Reply(
    "Lights, then curtain.",
    thoughts="What comes first?",
    tool_calls=(Call("raise_curtain", '{"act": 1}'),),
    delta_chars=5,
)
DONE = Reply("It is up.")
RIGHT = Says(LINE.text, LINE.thoughts, (("call_1", "raise_curtain", '{"act": 1}'),), after=None)
ACTED = Says(LINE.text + DONE.text, LINE.thoughts, after=None, tools={"raise_curtain": "ok"})

PHASES: dict[str, int | Phase] = {
    "before headers": "before_headers",
    "before first delta": 0,
    "in thought": "in_thought",
    "in text": "in_text",
    "in tool call": "in_tool_call",
    "after finish": "after_finish",
}
"""Where a fault can strike, and how the provider says so."""
ALL_ALONG = "all along"
COLUMNS = (*PHASES, ALL_ALONG)
NOWHERE = "-"
NOTE = (
    "How the first attempt ended. ↻: it was tried again, and then the turn was complete; ✘: it was not, and the turn "
    "failed; -: there is no such thing, as a status behind the headers."
)

What: TypeAlias = Play | Toxic | None
"""None: connections are refused until one was."""
At: TypeAlias = Callable[[str], What]
"""What a fault is in a phase; `KeyError` or `ConfigError`: it can't be there."""
EXPECTED: dict[str, Expectation] = {
    "bad UTF-8": Completes(),  # with a smudged letter, if it strikes in what is shown
    "error, the request's": Fails("in_band_error", text=None),
    "status 400": Fails("http_error:400"),
    "status 401": Fails("http_error:401"),
    "status 429, quota": Fails("http_error:429"),
    "redirect": Fails("http_error:307"),
}
"""What must come of a cell, if not the right answer, at the first attempt or the second: what no retry would help."""


def fault(kind: Callable[..., Fault], **fields: object) -> At:
    """A fault of the reply."""
    return lambda phase: LINE.but(kind(PHASES[phase], **fields))


def instead(what: What) -> At:
    """Something that takes the place of the whole response."""
    return lambda phase: {"before headers": what}[phase]


def throughout(toxic: Toxic) -> At:
    """Something that lies over the whole response."""
    return lambda phase: {ALL_ALONG: toxic}[phase]


def cut_off(phase: str) -> What:
    """Toxiproxy's limit, at just as many bytes as come before that phase."""
    asked = Asked(stream=True, include_usage=True, response_id=f"chatcmpl-{'0' * 24}")
    before = render(LINE.but(Eof(PHASES[phase], terminated=False)), asked)
    return limit_data(bytes=sum(len(action.data) for action in before if isinstance(action, Send)))


FAULTS: dict[str, At] = {
    "refused": instead(None),
    "reset": fault(Reset),
    "hung up": fault(Eof, terminated=False),
    "end of file": fault(Eof),
    "stall": fault(Stall),
    "keep-alives only": fault(KeepAlives),
    "a pause": fault(Delay, seconds=0.1),
    "keep-alives, then on": fault(KeepAlives, times=3, every_s=0.02),
    "error, as an event": fault(InBandError, shape="event"),
    "error, beside choices": fault(InBandError, shape="beside_choices"),
    "error, as a field": fault(InBandError, shape="field"),
    "error, plain": fault(InBandError),
    "error, the request's": fault(InBandError, type="invalid_request_error", code="context_length_exceeded"),
    "bad JSON": fault(BadJson),
    "bad chunk": fault(BadChunk),
    "bad UTF-8": fault(InvalidUtf8),
    "stray bytes": fault(Inject, data=b"\x00<html>\xff\r\n\r\n"),
    "bad status line": instead(BadStatusLine()),
    "a web page": instead(RawBody.html()),
    "status 400": instead(Status(400)),
    "status 401": instead(Status(401)),
    "status 408": instead(Status(408)),
    "status 429": instead(Status(429)),
    "status 429, quota": instead(Status(429, code="insufficient_quota")),
    "status 500": instead(Status(500)),
    "status 503": instead(Status(503)),
    "redirect": instead(Redirect()),
    "toxic timeout": instead(timeout(timeout=50)),
    "toxic timeout 0": instead(timeout(timeout=0)),
    "toxic reset_peer": instead(reset_peer(timeout=50)),
    "toxic limit_data": cut_off,
    "toxic latency": throughout(latency(latency_ms=100, jitter_ms=50)),
    "toxic bandwidth": throughout(bandwidth(rate=20)),
    "toxic slicer": throughout(slicer(average_size=20, size_variation=10, delay=100)),
    "toxic slow_close": throughout(slow_close(delay=100)),
}
"""Every fault, and every shape of it that matters."""


def cells() -> Iterator[tuple[str, str, What]]:
    """Each fault in each phase in which it can be."""
    for name, at in FAULTS.items():
        for phase in COLUMNS:
            with contextlib.suppress(KeyError, ConfigError):
                yield name, phase, at(phase)


CELLS = tuple(cells())


@scenario(sessions=len(CELLS), tags=("faults", "retry"))
async def fault_coverage(stage: Stage, *, patience_s: float = 1.0, tools: bool = False) -> None:
    """Every fault strikes at every place where it can, and something known comes of each."""
    left = itertools.cycle(CELLS)
    patience = Deadlines(first_event=patience_s, idle=patience_s, trailing=patience_s / 2)
    effects = SideEffects()
    settings = {"tools": [curtain(stage, effects)]} if tools else {}
    found = {(struck, phase): "not run" for struck, phase, _ in CELLS}

    async def cell(name: str) -> None:
        struck, phase, what = next(left)
        name = f"{struck} {phase} ({name})"
        door = stage.provider.door()
        retried: list[str] = []

        def on_event(event: Event) -> None:
            if isinstance(event, RetryScheduled):
                retried.append(event.outcome.reason)
                door.open()

        if isinstance(what, Toxic):
            stage.fault(what, of=name, times=1)
        plays = (LINE,) if what is None or isinstance(what, Toxic) else (what, LINE)
        session = stage.spawn(
            name,
            *plays,
            endpoint=door.endpoint() if what is None else None,
            deadlines=patience,
            retry=RetryPolicy(backoff_ms=10),
            **settings,
        )
        expected = EXPECTED.get(struck, ACTED if tools else RIGHT)
        turn = await stage.send(session, "Your line?", expected, on_event=on_event)
        found[struck, phase] = said(turn, retried)
        if tools:
            found[struck, phase] += f" x{effects.of(name)}"
            right = effects.of(name) == isinstance(turn, TurnCompleted)
            stage.check(right, "the effect happens once where a turn completes, and else never", where=name)

    await stage.each(cell)

    stage.expect(maximum(turn_time) < 3 * patience_s + 1)
    rows = [(name, *(found.get((name, phase), NOWHERE) for phase in COLUMNS)) for name in FAULTS]
    stage.table("What comes of each fault, by where it strikes", ("fault", *COLUMNS), rows, NOTE)


def curtain(stage: Stage, effects: SideEffects) -> Tool:
    """The tool that the reply calls; once it has run, the model is done."""

    @tool
    async def raise_curtain(
        context: ToolContext, act: int = 1
    ) -> str:  # so that half the arguments would do as well
        """Raise the curtain."""
        effects.add(context)
        stage.provider.script(context.session, DONE)
        return f"act {act}"

    return raise_curtain


def said(turn: Terminal, retried: list[str]) -> str:
    """How the first attempt ended, and what followed."""
    if isinstance(turn, TurnCompleted):
        return " ".join((*retried, "↻")) if retried else "complete"
    return " ".join((*retried, turn.outcome.reason if isinstance(turn, TurnFailed) else turn.reason, "✘"))


if __name__ == "__main__":
    fault_coverage.main()
