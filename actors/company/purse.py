"""What a turn pays from: each of its steps, tool calls and attempts, by what was reported or is estimated."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias

from actors.company.accounts import Account, Hold
from actors.company.spend import Spend
from actors.core.aggregate import attempt_usage
from actors.core.retry import keys_of
from actors.events import AttemptUsage
from actors.outcome import BudgetExceeded, Failure

GRAIN = 16
"""So many tokens more an answer has to have before it is priced again while it streams; that takes 0.15 ms."""

_NOT_READ = frozenset(
    {
        "http_error",
        "transport:connect",
        "transport:dns",
        "transport:pool",
        "transport:proxy",
        "transport:tls",
        "transport:url",
    }
)
"""Where an attempt ended so and no usage was reported, no model has read the request."""

Pricing: TypeAlias = Callable[[int, int, int], int]
"""From tokens of input, those among them that were cached, and tokens of output, to nanodollars."""


class Quote(NamedTuple):
    """What an attempt of a step may use."""

    input_tokens: Callable[[], int]
    """Estimates them."""
    max_output: int
    """The most that was asked for, in tokens; 0 where it is open."""
    pricing: Pricing | None = None
    """None: no price is known, or none is needed."""
    unpriced: str = ""
    """What to say where one is needed."""

    def spend(self, usage: AttemptUsage) -> Spend:
        """What an attempt has used, where the request was read."""
        input_tokens, cached, output = _counted(usage, self.input_tokens)
        price = 0 if self.pricing is None else self.pricing(input_tokens, cached, output)
        return Spend(tokens=input_tokens + output, nanodollars=price)


class _Timer(Protocol):
    def cancel(self) -> None: ...


class Purse:
    """What one turn pays from, up to its end."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.timer: _Timer | None = None
        """Goes off when the time of the turn, or of anything above, is over."""
        self._quote: Quote | None = None
        self._hold: Hold | None = None
        self._priced_at = 0

    def step(self) -> BudgetExceeded | None:
        """Pay for a model step; gives why that can't be."""
        return self.account.spend(Spend(steps=1))

    def tool_call(self) -> BudgetExceeded | None:
        """Pay for a tool call; gives why that can't be."""
        return self.account.spend(Spend(tool_calls=1))

    def attempt(self, quote: Quote) -> BudgetExceeded | None:
        """Reserve what an attempt may use; gives why that can't be."""
        if self.account.priced and quote.pricing is None:
            return _unpriced(self.account, quote.unpriced)
        amount = Spend()
        if self.account.metered:
            most = AttemptUsage(step=0, attempt=0, source="estimated", output_tokens=quote.max_output)
            amount = quote.spend(most)
        held = self.account.reserve(amount)
        if isinstance(held, BudgetExceeded):
            return held
        self._quote, self._hold, self._priced_at = quote, held, 0
        return None

    def saw(self, received: int) -> BudgetExceeded | None:
        """So many code points of the attempt have come by now; gives why it has to stop."""
        if self._hold is None or self._quote is None or not self.account.metered:
            return None
        known = attempt_usage(None, received, step=0, attempt=0)
        output = known.output_tokens or 0
        if output < self._priced_at:
            return None
        self._priced_at = output + GRAIN
        return self._hold.observe(self._quote.spend(known))

    def settle(self, usage: AttemptUsage, outcome: Failure | None = None) -> BudgetExceeded | None:
        """The attempt that runs is over; gives why there can't be another one. Does nothing if none runs."""
        hold, quote = self._hold, self._quote
        if hold is None or quote is None:
            return None
        self._hold = None
        not_read = outcome is not None and not _NOT_READ.isdisjoint(keys_of(outcome))
        free = not_read and usage.source == "unknown"
        return hold.settle(Spend() if free else quote.spend(usage))

    def close(self, last: AttemptUsage | None) -> None:
        """The turn has ended; an attempt that it cut off cost so much."""
        if last is not None:
            self.settle(last)
        if self.timer is not None:
            self.timer.cancel()
        self.account.close()


def _counted(usage: AttemptUsage, estimate: Callable[[], int]) -> tuple[int, int, int]:
    """Tokens of input, those among them that were cached, and tokens of output.

    Some endpoints count thoughts in the total alone, so what it has beyond the input is output.
    """
    output, total = usage.output_tokens or 0, usage.total_tokens
    sent = usage.input_tokens
    if sent is None:
        sent = estimate() if total is None else min(estimate(), max(0, total - output))
    if total is not None:
        output = max(output, total - sent)
    return sent, min(usage.cached_input_tokens or 0, sent), output


def _unpriced(account: Account, why: str) -> BudgetExceeded:
    """A limit on the cost can't be kept where a cost is unknown."""
    for above in account.chain:
        if above.budget is not None and above.budget.cost is not None:
            break
    allowed = 0.0 if above.budget is None else above.budget.cost or 0.0
    return BudgetExceeded(
        limit="cost", spent=above.spent.cost, allowed=allowed, where=above.name, message=why
    )
