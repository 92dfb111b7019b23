"""What a scenario expects of a turn, and how what happened differs from it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from actors.events import Terminal, TurnCancelled, TurnCompleted, TurnFailed

_SHOWN = 40
"""So many characters of a text that differs are quoted."""


class Says(msgspec.Struct, frozen=True):
    """The turn completes, and this is its answer, exactly."""

    text: str
    thoughts: str = ""
    calls: tuple[tuple[str, str, str], ...] = ()
    """The tool calls, each as (id, name, arguments), in order; all of them must be runnable."""
    after: tuple[str, ...] = ()
    """The reasons of its retries (`outcome.reason`), in order."""


class Fails(msgspec.Struct, frozen=True):
    """The turn fails for good, and this is why."""

    reason: str
    """`outcome.reason`, such as `http_error:401`."""
    text: str = ""
    """What was shown until then, exactly."""
    thoughts: str = ""
    after: tuple[str, ...] = ()
    """The reasons of its retries, in order."""


Expectation: TypeAlias = Says | Fails


def differences(expected: Expectation, ended: Terminal, retried: tuple[str, ...]) -> Iterator[str]:
    """What is not as expected, a sentence each; of a turn that ended in the wrong way, only that.

    Args:
        expected: of the turn.
        ended: the turn's terminal event.
        retried: the reasons of its retries, in order.
    """
    match expected, ended:
        case Says(), TurnCompleted():
            yield from _calls(expected, ended)
        case Fails(), TurnFailed():
            if ended.outcome.reason != expected.reason:
                yield f"it failed with {ended.outcome.describe()}, not with {expected.reason}"
        case _:
            wanted = "complete" if isinstance(expected, Says) else f"fail with {expected.reason}"
            yield f"it should {wanted}, but it {_described(ended)}"
            return
    yield from _text("text", expected.text, ended.text)
    yield from _text("thoughts", expected.thoughts, ended.thoughts)
    if retried != expected.after:
        yield f"it was retried after {_listed(retried)}, not after {_listed(expected.after)}"


def _calls(expected: Says, ended: TurnCompleted) -> Iterator[str]:
    if ended.tool_calls != expected.calls:
        yield f"it asks for the calls {ended.tool_calls!r}, not {expected.calls!r}"
    for call in ended.calls:
        if not call.runnable:
            yield f"the call {call.id!r} is not runnable"


def _described(ended: Terminal) -> str:
    match ended:
        case TurnCompleted():
            return "completed"
        case TurnFailed():
            return f"failed: {ended.outcome.describe()}"
        case TurnCancelled():
            return f"was cancelled: {ended.reason}"


def _text(what: str, expected: str, got: str) -> Iterator[str]:
    if got != expected:
        place = next(
            (place for place, (one, other) in enumerate(zip(expected, got, strict=False)) if one != other),
            min(len(expected), len(got)),
        )
        yield f"its {what} at character {place}: {_quoted(got, place)}, expected {_quoted(expected, place)}"


def _quoted(text: str, place: int) -> str:
    if place == len(text):
        return "the end"
    return repr(text[place : place + _SHOWN])


def _listed(reasons: tuple[str, ...]) -> str:
    return ", ".join(reasons) if reasons else "nothing"
