"""Accounts in a tree: what is spent in one is spent in all above it, and a limit of one holds for all below it.

What a request may use is reserved before it is made, and settled by what it did use. Nothing is reserved past a limit:
so at most what was under way takes an account past one, which only happens where it uses more than was reserved for
it. An account that is past a limit, or was asked for more than it has left, is out for good, with all below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import msgspec

from actors.budget import Budget
from actors.outcome import BudgetExceeded, BudgetLimit

NANO = 1_000_000_000
"""A dollar; prices are counted as integers, so that sums are exact."""

Tell: TypeAlias = Callable[[BudgetExceeded], None]


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


class Account:
    """What a session, a turn or a runtime has spent, and may spend.

    Args:
        name: says in an outcome where the limit was.
        budget: None: no limit of its own.
        parent: where its spend counts too.
        is_session: whether it is one level of the tree; else it is a turn, or the runtime.
        tell: called when it is out by what another account did.
    """

    def __init__(
        self,
        name: str,
        budget: Budget | None = None,
        parent: Account | None = None,
        *,
        is_session: bool = False,
        tell: Tell | None = None,
    ) -> None:
        self.name = name
        self.budget = budget
        self.is_session = is_session
        self.spent = Spend()
        """Replaced as a whole, so that any thread may read it."""
        self.reserved = Spend()
        self.began: float | None = None
        """When its first turn began."""
        self._own_end: BudgetExceeded | None = None
        self._tell = tell
        self._parent = parent
        self._chain: tuple[Account, ...] = (self, *(() if parent is None else parent._chain))
        self._below: dict[Account, None] = {}
        self._closed = False
        limits = [account.budget for account in self._chain if account.budget is not None]
        self.priced = any(limit.cost is not None for limit in limits)
        """Whether a limit on the cost holds for it."""
        self.metered = self.priced or any(limit.tokens is not None for limit in limits)
        """Whether a limit on tokens or their cost holds for it."""

    def open(
        self,
        name: str,
        budget: Budget | None = None,
        *,
        is_session: bool = False,
        tell: Tell | None = None,
    ) -> Account:
        """An account below this one."""
        account = Account(name, budget, self, is_session=is_session, tell=tell)
        self._below[account] = None
        return account

    def close(self) -> None:
        """Nothing more begins here; it is forgotten as soon as there is nothing below it."""
        self._closed = True
        self._tell = None
        if not self._below and self._parent is not None:
            self._parent._below.pop(self, None)
            if self._parent._closed:
                self._parent.close()

    @property
    def out(self) -> BudgetExceeded | None:
        """Why nothing more may be spent here; None: something may."""
        ends = (account._own_end for account in reversed(self._chain))
        return next((end for end in ends if end is not None), None)

    # Spending

    def reserve(self, amount: Spend) -> Hold | BudgetExceeded:
        """Set aside what a request may use, here and in all accounts above; or why that can't be."""
        if self.out is not None:
            return self.out
        refusal: BudgetExceeded | None = None
        for account in reversed(self._chain):
            passed = account._passed(account.spent + amount)
            if passed is not None:
                return account._end(passed, by=self)
            if refusal is None:  # it would fit, but for what is under way
                refusal = account._passed(account.spent + account.reserved + amount)
        return Hold(self, amount) if refusal is None else refusal

    def spend(self, amount: Spend) -> BudgetExceeded | None:
        """Spend what is known before; or why that can't be."""
        held = self.reserve(amount)
        return held if isinstance(held, BudgetExceeded) else held.settle(amount)

    # Time

    def begin(self, now: float) -> None:
        """A turn begins."""
        for account in self._chain:
            if account.began is None:
                account.began = now

    def due(self) -> float | None:
        """When its time, or that of an account above it, is over; None: never."""
        ends = [account._ends_at() for account in self._chain]
        return min((end for end in ends if end is not None), default=None)

    def check_time(self, now: float) -> BudgetExceeded | None:
        """Why nothing more may be spent here by now: that time is over, or it is out already."""
        if self.out is not None:
            return self.out
        for account in reversed(self._chain):
            ends_at = account._ends_at()
            if account.budget is not None and ends_at is not None and now >= ends_at:
                allowed, spent = account.budget.seconds or 0.0, now - (account.began or 0.0)
                return account._end(account._exceeded("seconds", spent, allowed), by=self)
        return None

    def _ends_at(self) -> float | None:
        if self.budget is None or self.budget.seconds is None or self.began is None:
            return None
        return self.began + self.budget.seconds

    # The tree

    def admit(self) -> BudgetExceeded | None:
        """Why no session may be opened below; None: one may."""
        if self.out is not None:
            return self.out
        level = 1
        for account in self._chain:
            budget = account.budget
            if budget is not None and budget.depth is not None and level > budget.depth:
                return account._exceeded("depth", level, budget.depth)
            if budget is not None and budget.children is not None:
                there = sum(below.is_session and not below._closed for below in account._all_below())
                if there >= budget.children:
                    return account._exceeded("children", there + 1, budget.children)
            level += account.is_session
        return None

    def left(self, now: float) -> dict[BudgetLimit, float]:
        """What is left of each limit that holds here, those above included: by the limit's name, at least 0."""
        left: dict[BudgetLimit, float] = {}
        for account in self._chain:
            for name, spent, allowed in account._limits(account.spent + account.reserved):
                left[name] = min(left.get(name, allowed), max(0, allowed - spent))
        due = self.due()
        if due is not None:
            left["seconds"] = max(0.0, due - now)
        return left

    # Inside

    def _limits(self, spent: Spend) -> Iterator[tuple[BudgetLimit, float, float]]:
        budget = self.budget
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

    def _passed(self, spent: Spend) -> BudgetExceeded | None:
        """The limit that so much is past."""
        for name, used, allowed in self._limits(spent):
            if used > allowed:
                return self._exceeded(name, used, allowed)
        return None

    def _exceeded(self, limit: BudgetLimit, spent: float, allowed: float) -> BudgetExceeded:
        message = f"past what {self.name} may spend: {spent:.10g} of {allowed:.10g} {limit}"
        return BudgetExceeded(limit=limit, spent=spent, allowed=allowed, where=self.name, message=message)

    def _end(self, end: BudgetExceeded, by: Account) -> BudgetExceeded:
        """It is out from now on, and all below it; whoever found out knows already."""
        self._own_end = end
        for account in (self, *self._all_below()):
            if account is not by and account._tell is not None:
                account._tell(end)
        return end

    def _all_below(self) -> Iterator[Account]:
        waiting = list(self._below)  # a copy, made at once: sessions are opened by any thread
        while waiting:
            account = waiting.pop()
            yield account
            waiting += list(account._below)

    def _move(self, spent: Spend, reserved: Spend) -> BudgetExceeded | None:
        """Add to what is spent and reserved, here and above; gives why this is out now, if it is."""
        out: BudgetExceeded | None = None
        for account in self._chain:
            account.spent += spent
            account.reserved += reserved
        for account in reversed(self._chain):
            passed = None if account._own_end is not None else account._passed(account.spent)
            if passed is not None:
                out = account._end(passed, by=self)
        return self.out if out is None else out


class Hold:
    """What is reserved for one request that is under way."""

    def __init__(self, account: Account, amount: Spend) -> None:
        self._account = account
        self._amount = amount
        self._seen = Spend()
        self._settled = False
        account._move(Spend(), amount)

    def observe(self, seen: Spend) -> BudgetExceeded | None:
        """So much of it is known to be used by now; gives why the account is out by it, if it is."""
        return None if self._settled else self._to(seen, self._amount.beyond(seen))

    def settle(self, actual: Spend) -> BudgetExceeded | None:
        """It is over, and has used so much; a second time does nothing."""
        if self._settled:
            return None
        self._settled = True
        return self._to(actual, Spend())

    def _to(self, spent: Spend, reserved: Spend) -> BudgetExceeded | None:
        before, self._seen = self._seen, spent
        return self._account._move(spent - before, reserved - self._amount.beyond(before))
