"""What a scenario expects of a turn, and how what happened differs from it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from actors.events import Terminal, ToolOutcome, TurnCancelled, TurnCompleted, TurnFailed

Reasons: TypeAlias = tuple[str, ...] | None
"""Of a turn's retries (`outcome.reason`), in order; None: whatever they were."""

Results: TypeAlias = Mapping[str, tuple[ToolOutcome, ...]]
"""How a turn's tool calls ended, by the tool's name, in the order of the calls."""
Tools: TypeAlias = Mapping[str, ToolOutcome | tuple[ToolOutcome, ...]] | None
"""The same as expected: a word stands for one call; None: whatever they were."""

_SHOWN = 40
"""So many characters of a text that differs are quoted."""


class _Expected(msgspec.Struct, frozen=True):
    """What expectations share: `Says("...") | Fails("truncated")` holds if either does."""

    def __or__(self, other: Expectation) -> Either:
        return Either((*_alternatives(self), *_alternatives(other)))  # type: ignore[arg-type]  # a subclass


class _OfATurn(_Expected, frozen=True, kw_only=True):
    tools: Tools = None
    """What must come of its tool calls: `{"look": "ok", "dig": ("ok", "rejected")}`, and no others; `{}`: none."""


class Says(_OfATurn, frozen=True):
    """The turn completes, and this is its answer, exactly."""

    text: str
    thoughts: str = ""
    calls: tuple[tuple[str, str, str], ...] = ()
    """The tool calls, each as (id, name, arguments), in order; all of them must be runnable."""
    after: Reasons = ()


class Completes(_OfATurn, frozen=True, kw_only=True):
    """The turn completes, whatever it says."""

    after: Reasons = None


class Fails(_OfATurn, frozen=True):
    """The turn fails for good, and this is why."""

    reason: str
    """`outcome.reason`, such as `http_error:401`."""
    text: str | None = ""
    """What was shown until then, exactly; None: whatever it was, thoughts too."""
    thoughts: str = ""
    after: Reasons = ()


class Cancelled(_OfATurn, frozen=True):
    """The turn is cancelled, whatever it has shown."""

    reason: str | None = None
    """As it was given to `cancel`; None: whatever it was."""
    after: Reasons = None


class Either(_Expected, frozen=True):
    """One of these holds."""

    of: tuple[Says | Completes | Fails | Cancelled, ...]


Expectation: TypeAlias = Says | Completes | Fails | Cancelled | Either


def differences(
    expected: Expectation,
    ended: Terminal,
    retried: tuple[str, ...],
    results: Results = MappingProxyType({}),
) -> Iterator[str]:
    """What is not as expected, a sentence each; of a turn that ended in the wrong way, only that.

    Args:
        expected: of the turn.
        ended: the turn's terminal event.
        retried: the reasons of its retries, in order.
        results: of its tool calls.
    """
    match expected, ended:
        case Either(), _:
            yield from _closest(expected, ended, retried, results)
            return
        case Says(), TurnCompleted():
            yield from _calls(expected, ended)
            yield from _words(expected.text, expected.thoughts, ended)
        case Fails(), TurnFailed():
            if ended.outcome.reason != expected.reason:
                yield f"it failed with {ended.outcome.describe()}, not with {expected.reason}"
            if expected.text is not None:
                yield from _words(expected.text, expected.thoughts, ended)
        case Completes(), TurnCompleted():
            pass
        case Cancelled(), TurnCancelled():
            if expected.reason not in {None, ended.reason}:
                yield f"it was cancelled for {ended.reason!r}, not for {expected.reason!r}"
        case _:
            yield f"it should {_wanted(expected)}, but it {_described(ended)}"
            return
    yield from _on_the_way(expected, retried, results)


def _on_the_way(
    expected: Says | Completes | Fails | Cancelled, retried: tuple[str, ...], results: Results
) -> Iterator[str]:
    if expected.after is not None and retried != expected.after:
        yield f"it was retried after {_listed(retried)}, not after {_listed(expected.after)}"
    if expected.tools is not None:
        yield from _tools(expected.tools, results)


def _alternatives(expected: Expectation) -> tuple[Says | Completes | Fails | Cancelled, ...]:
    return expected.of if isinstance(expected, Either) else (expected,)


def _closest(expected: Either, ended: Terminal, retried: tuple[str, ...], results: Results) -> Iterator[str]:
    """Nothing if one of them holds; else what differs from the one that ends in the same way, if there is one."""
    found = [list(differences(one, ended, retried, results)) for one in expected.of]
    if [] in found:
        return
    for one, differs in zip(expected.of, found, strict=True):
        if isinstance(ended, _ENDS[type(one)]):
            yield from differs
            return
    wanted = " or ".join(_wanted(one) for one in expected.of)
    yield f"it should {wanted}, but it {_described(ended)}"


_ENDS: dict[type[Expectation], type[Terminal]] = {
    Says: TurnCompleted,
    Completes: TurnCompleted,
    Fails: TurnFailed,
    Cancelled: TurnCancelled,
}


def _wanted(expected: Expectation) -> str:
    match expected:
        case Fails(reason):
            return f"fail with {reason}"
        case Cancelled():
            return "be cancelled"
        case _:
            return "complete"


def _words(text: str, thoughts: str, ended: Terminal) -> Iterator[str]:
    yield from _text("text", text, ended.text)
    yield from _text("thoughts", thoughts, ended.thoughts)


def _calls(expected: Says, ended: TurnCompleted) -> Iterator[str]:
    if ended.tool_calls != expected.calls:
        yield f"it asks for the calls {ended.tool_calls!r}, not {expected.calls!r}"
    for call in ended.calls:
        if not call.runnable:
            yield f"the call {call.id!r} is not runnable"


def _tools(expected: Mapping[str, ToolOutcome | tuple[ToolOutcome, ...]], results: Results) -> Iterator[str]:
    for name in {**expected, **results}:
        wanted, got = expected.get(name, ()), results.get(name, ())
        wanted = (wanted,) if isinstance(wanted, str) else wanted
        if wanted != got:
            yield f"its calls of {name!r} ended as {_listed(got)}, not as {_listed(wanted)}"


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


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words) if words else "nothing"
