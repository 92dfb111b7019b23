"""What of a conversation goes along when it is handed over to somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from actors.core.conversation import Message, settle
from actors.core.units import running_turn

Filter: TypeAlias = Callable[[tuple[Message, ...]], Sequence[Message]]
"""Takes the conversation without its system message, up to the hand-off's result; gives what goes along, of
which calls and results are left out that miss one another."""
Kept: TypeAlias = Literal["all", "last_turn", "none"]
"""`all`: the whole conversation; `last_turn`: the turn that runs; `none`: what the one who hands it over writes."""


class Moved(NamedTuple):
    """A conversation as the next one has it."""

    earlier: tuple[Message, ...]
    """What was said before the turn that runs."""
    added: tuple[Message, ...]
    """What the turn has added."""


def move(
    earlier: tuple[Message, ...],
    added: tuple[Message, ...],
    *,
    keep: Kept | Filter,
    message: str,
    system: tuple[str | None, str | None],
) -> Moved:
    """What goes along, under the new system message.

    Args:
        earlier: the conversation before the turn that runs.
        added: what the turn has added; calls without a result are forgotten.
        keep: what goes along.
        message: what the one who hands over wrote to the next one.
        system: the system message that the conversation begins with, and the next one's; None: none.
    """
    before, after = system
    head = _system(after)
    talk = earlier[1:] if before is not None and earlier[:1] == _system(before) else earlier
    settled = settle(added, ())
    match keep:
        case "all":
            return Moved((*head, *talk), settled)
        case "last_turn":
            answers = (
                bool(settled) and settled[0].get("role") == "tool"
            )  # and what it answers is of the turn before
            return Moved((*head, *(talk[running_turn(talk) :] if answers else ())), settled)
        case "none":
            return Moved(head, ({"role": "user", "content": message},))
    chosen = tuple(_mended(tuple(keep((*talk, *settled)))))
    at = running_turn(chosen)
    return Moved((*head, *chosen[:at]), chosen[at:])


def _system(text: str | None) -> tuple[Message, ...]:
    return () if text is None else ({"role": "system", "content": text},)


def _mended(messages: tuple[Message, ...]) -> Iterator[Message]:
    """What can be sent of a choice: a result goes with its call, and a call with its result, or both are left out."""
    at = 0
    while at < len(messages):
        end = at + 1
        while end < len(messages) and messages[end].get("role") == "tool":
            end += 1
        if messages[at].get("role") != "tool":
            said, results = messages[at], {m.get("tool_call_id"): m for m in messages[at + 1 : end]}
            yield from settle((said,), tuple(results.values()))
            asked = (call.get("id") for call in said.get("tool_calls") or ())
            yield from (results[call] for call in asked if call in results)
        at = end
