"""What is spent, in the units of a budget's limits, and which of them so much is past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import msgspec

from actors.budget import Budget
from actors.outcome import BudgetExceeded, BudgetLimit

NANO = 1_000_000_000
"""Of a dollar; money is counted in whole billionths, so that sums are exact."""

_UNITS: Mapping[str, str] = MappingProxyType(
    {"cost": "USD", "tool_calls": "tool calls", "depth": "levels of sessions"}
)


class Spend(msgspec.Struct, frozen=True, gc=False):
    """What was spent, or is to be."""

    steps: int = 0
    tool_calls: int = 0
    tokens: int = 0
    nanodollars: int = 0

    @property
    def cost(self) -> float:
        """In USD; only what was priced."""
        return self.nanodollars / NANO

    def __add__(self, other: Spend) -> Spend:
        return Spend(
            self.steps + other.steps,
            self.tool_calls + other.tool_calls,
            self.tokens + other.tokens,
            self.nanodollars + other.nanodollars,
        )

    def __sub__(self, other: Spend) -> Spend:
        return Spend(
            self.steps - other.steps,
            self.tool_calls - other.tool_calls,
            self.tokens - other.tokens,
            self.nanodollars - other.nanodollars,
        )

    def beyond(self, other: Spend) -> Spend:
        """What there is of each kind beyond another spend; nothing is below 0."""
        return Spend(
            max(0, self.steps - other.steps),
            max(0, self.tool_calls - other.tool_calls),
            max(0, self.tokens - other.tokens),
            max(0, self.nanodollars - other.nanodollars),
        )


def limits(budget: Budget | None, spent: Spend) -> Iterator[tuple[BudgetLimit, float, float]]:
    """The limits on what is spent: each by name, with how much is spent and how much is allowed."""
    if budget is None:
        return
    if budget.steps is not None:
        yield "steps", spent.steps, budget.steps
    if budget.tool_calls is not None:
        yield "tool_calls", spent.tool_calls, budget.tool_calls
    if budget.tokens is not None:
        yield "tokens", spent.tokens, budget.tokens
    if budget.cost is not None:
        yield "cost", spent.cost, budget.cost


def passed(name: str, budget: Budget | None, spent: Spend) -> BudgetExceeded | None:
    """The first limit of a budget that so much is past; None: it is within all of them."""
    for limit, used, allowed in limits(budget, spent):
        if used > allowed:
            return exceeded(name, limit, used, allowed)
    return None


def exceeded(name: str, limit: BudgetLimit, spent: float, allowed: float) -> BudgetExceeded:
    """The outcome of what went past a limit, or asked to."""
    unit = _UNITS.get(limit, limit)
    message = f"past what {name} may spend: {spent:.10g} of {allowed:.10g} {unit}"
    return BudgetExceeded(limit=limit, spent=spent, allowed=allowed, where=name, message=message)
