"""What of a conversation may be cut, and in which order.

A *unit* is never split: a message and the tool messages behind it, so a call goes with its results. A *turn* begins
with a user's message. Of an older turn first go its steps, the oldest first, and then the question together with its
answer, so that question and answer still alternate in what is left, as some templates insist on. Of the running turn
only steps go. The system's and the developer's messages stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from actors.core.conversation import Message

Unit: TypeAlias = tuple[int, ...]
"""The places of messages in their conversation."""

_PINNED = frozenset({"system", "developer"})


def running_turn(messages: Sequence[Message]) -> int:
    """Where the last turn begins: at the last user message, or the first of several in a row. The end, if none is."""
    at = len(messages) - 1
    while at >= 0 and not is_user(messages[at]):
        at -= 1
    while at > 0 and is_user(messages[at - 1]):
        at -= 1
    return at if at >= 0 else len(messages)


def older_groups(messages: Sequence[Message], end: int, keep_last: int) -> Iterator[Unit]:
    """What may be cut of the turns before `end`, in the order in which it goes: each as a whole, or not at all."""
    for turn in _turns(messages, end):
        users = [unit for unit in turn if is_user(messages[unit[0]])]
        steps = [unit for unit in turn if not is_user(messages[unit[0]])]
        rest = tuple(sorted(at for unit in (*users, *steps[-1:]) for at in unit))
        yield from _uncut((*steps[:-1], rest), len(messages) - keep_last)


def running_groups(messages: Sequence[Message], start: int, keep_last: int) -> Iterator[Unit]:
    """What may be cut of the running turn, which begins at `start`: its steps, the oldest first."""
    units = [unit for unit in _units(messages, start, len(messages)) if not is_user(messages[unit[0]])]
    yield from _uncut(units, len(messages) - keep_last)


def is_user(message: Message) -> bool:
    """Whether a user says it."""
    return message.get("role") == "user"


def is_pinned(message: Message) -> bool:
    """Whether it is never cut."""
    return message.get("role") in _PINNED


def _uncut(units: Sequence[Unit], end: int) -> Iterator[Unit]:
    return (unit for unit in units if unit and unit[-1] < end)


def _turns(messages: Sequence[Message], end: int) -> Iterator[list[Unit]]:
    turn: list[Unit] = []
    for unit in _units(messages, 0, end):
        if is_user(messages[unit[0]]) and turn and not is_user(messages[turn[-1][0]]):
            yield turn
            turn = []
        turn.append(unit)
    if turn:
        yield turn


def _units(messages: Sequence[Message], start: int, end: int) -> Iterator[Unit]:
    """The units that begin from `start` on and before `end`, without the pinned ones."""
    at = start
    while at < end:
        behind = at + 1
        while behind < len(messages) and messages[behind].get("role") == "tool":
            behind += 1
        if not is_pinned(messages[at]):
            yield tuple(range(at, behind))
        at = behind
