"""What can be measured of a turn, and what it can be asked. Pure.

A metric compared with a number is a condition of a turn: `share(first_chunk < 2) >= 0.99`. So are the names below that
say how a turn ended.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final, TypeAlias

from actors.errors import ScriptError
from actors.events import AttemptUsage, ToolOutcome, TurnCompleted, TurnFailed
from actors.scenario.tally import TurnTally

Holds: TypeAlias = Callable[[float, float], bool]

RELATIONS: Final[dict[str, tuple[Holds, str]]] = {
    "<": (operator.lt, "below"),
    "<=": (operator.le, "at most"),
    ">": (operator.gt, "above"),
    ">=": (operator.ge, "at least"),
    "==": (operator.eq, "exactly"),
}
"""What a figure is compared by, and how that is said."""


class Condition:
    """Something that a turn is or is not.

    Args:
        name: how it is said of turns, such as `failed`.
        holds: whether a turn is it; None: that can't be said of this one, and it does not count.
    """

    def __init__(self, name: str, holds: Callable[[TurnTally], bool | None]) -> None:
        self.name = name
        self.holds = holds

    def __bool__(self) -> bool:
        raise ScriptError(
            f"`{self.name}` is said of a single turn: count it, as in share({self.name}) >= 0.99"
        )


class Metric:
    """A figure that a turn has.

    Args:
        name: as the script writes it.
        unit: such as `s`; empty for a number of things.
        of: the figure of a turn; None: it has none (yet).
    """

    def __init__(self, name: str, unit: str, of: Callable[[TurnTally], float | None]) -> None:
        self.name = name
        self.unit = unit
        self.of = of

    def __lt__(self, bound: float) -> Condition:
        return self._compared("<", bound)

    def __le__(self, bound: float) -> Condition:
        return self._compared("<=", bound)

    def __gt__(self, bound: float) -> Condition:
        return self._compared(">", bound)

    def __ge__(self, bound: float) -> Condition:
        return self._compared(">=", bound)

    def _compared(self, relation: str, bound: float) -> Condition:
        holds, _ = RELATIONS[relation]

        def of(turn: TurnTally) -> bool | None:
            value = self.of(turn)
            return None if value is None else holds(value, bound)

        return Condition(f"{self.name} {relation} {bound:g}", of)


def _first_chunk(turn: TurnTally) -> float | None:
    if turn.first_delta is None or turn.started is None:
        return None
    return turn.first_delta - turn.started


def _turn_time(turn: TurnTally) -> float | None:
    if turn.ended is None or turn.started is None:
        return None
    return turn.ended.timestamp - turn.started


def _tokens(of: Callable[[AttemptUsage], int | None]) -> Callable[[TurnTally], float | None]:
    def total(turn: TurnTally) -> float | None:
        known = [
            tokens for usage in (turn.ended.usage if turn.ended else ()) if (tokens := of(usage)) is not None
        ]
        return sum(known) if known else None

    return total


first_chunk = Metric("first_chunk", "s", _first_chunk)
"""From a turn's start to the first thing that it shows, in seconds."""
turn_time = Metric("turn_time", "s", _turn_time)
"""From a turn's start to its end, in seconds."""
attempts = Metric("attempts", "", lambda turn: turn.attempts)
retries = Metric("retries", "", lambda turn: len(turn.retries))
retry_wait = Metric("retry_wait", "s", lambda turn: sum(retry.backoff_ms for retry in turn.retries) / 1000)
"""What a turn waited between attempts, all in all, in seconds."""
deltas = Metric("deltas", "", lambda turn: turn.deltas)
retractions = Metric("retractions", "", lambda turn: turn.retractions)
input_tokens = Metric("input_tokens", "", _tokens(lambda usage: usage.input_tokens))
output_tokens = Metric("output_tokens", "", _tokens(lambda usage: usage.output_tokens))
"""Of all attempts of a turn; estimated for those that broke off."""

tool_calls = Metric("tool_calls", "", lambda turn: len(turn.answered))
"""How many tool calls of a turn have a result."""
tool_time = Metric(
    "tool_time", "s", lambda turn: max((call.duration for call in turn.answered), default=None)
)
"""What a turn's slowest tool call took from its step's end to its result, in seconds."""
approvals = Metric("approvals", "", lambda turn: len(turn.decisions))
"""How many calls of a turn have waited for a decision."""
approval_wait = Metric(
    "approval_wait", "s", lambda turn: max((one.waited for one in turn.decisions), default=None)
)
"""What the slowest of them waited, in seconds."""


def tool_results(result: ToolOutcome) -> Metric:
    """How many tool calls of a turn ended so: `total(tool_results("crashed")) == 0`."""
    return Metric(
        f"tool_results({result!r})", "", lambda turn: sum(call.result == result for call in turn.answered)
    )


completed = Condition("completed", lambda turn: isinstance(turn.ended, TurnCompleted))
failed = Condition("failed", lambda turn: isinstance(turn.ended, TurnFailed))
cancelled = Condition("cancelled", lambda turn: turn.state == "cancelled")
retried = Condition("retried", lambda turn: bool(turn.retries))
