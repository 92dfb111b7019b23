"""Accounts in a tree: what is spent in one is spent in all above it, and a limit of one holds for all below it.

What a request may use is reserved before it is made, and settled by what it did use. Nothing is reserved past a limit:
so at most what was under way takes an account past one, and only by what it uses beyond what was reserved for it. An
account that is past a limit, or was asked for more than it has left, is out for good, with all below it.

They belong to the loop that spends; other threads may open accounts, one at a time, and read what is spent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from actors.budget import Budget
from actors.company.spend import Spend, exceeded, limits, passed
from actors.errors import BudgetError
from actors.outcome import BudgetExceeded, BudgetLimit

Tell: TypeAlias = Callable[[BudgetExceeded], None]


class Account:
    """What a session, a turn or a runtime has spent, and may spend.

    Args:
        name: says in an outcome whose limit it was.
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
        self.end: BudgetExceeded | None = None
        """Why it is out by a limit of its own."""
        self.tell = tell
        self.parent = parent
        self.below: dict[Account, None] = {}
        self.closed = False
        self.limited: bool = budget is not None or (parent is not None and parent.limited)
        """Whether any budget holds for it."""
        self.priced: bool = _limits(budget, "cost") or (parent is not None and parent.priced)
        """Whether a limit on the cost holds for it."""
        self.metered: bool = (
            self.priced or _limits(budget, "tokens") or (parent is not None and parent.metered)
        )
        """Whether a limit on tokens, or on their cost, holds for it."""

    @property
    def chain(self) -> list[Account]:
        """It, and all above it."""
        chain = [self]
        while (above := chain[-1].parent) is not None:
            chain.append(above)
        return chain

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
        self.below[account] = None
        return account

    def close(self) -> None:
        """Nothing more begins here; it is forgotten as soon as nothing is below it."""
        self.closed = True
        self.tell = None
        account = self
        while account.closed and not account.below and account.parent is not None:
            account.parent.below.pop(account, None)
            account = account.parent

    @property
    def out(self) -> BudgetExceeded | None:
        """Why nothing more may be spent here; None: something may."""
        ends = (account.end for account in reversed(self.chain)) if self.limited else ()
        return next((end for end in ends if end is not None), None)

    # Spending

    def reserve(self, amount: Spend) -> Hold | BudgetExceeded:
        """Set aside what a request may use, here and in all accounts above; or why that can't be."""
        if self.out is not None:
            return self.out
        refusal: BudgetExceeded | None = None
        for account in reversed(self.chain) if self.limited else ():
            over = passed(account.name, account.budget, account.spent + amount)
            if over is not None:
                return account.be_out(over, by=self)
            if refusal is None:  # it would fit, but for what is under way
                refusal = passed(account.name, account.budget, account.spent + account.reserved + amount)
        return Hold(self, amount) if refusal is None else refusal

    def spend(self, amount: Spend) -> BudgetExceeded | None:
        """Spend what is known before; or why that can't be."""
        held = self.reserve(amount)
        return held if isinstance(held, BudgetExceeded) else held.settle(amount)

    def move(self, spent: Spend, reserved: Spend) -> BudgetExceeded | None:
        """Add to what is spent and reserved, here and above; gives why nothing more may be spent then, if so."""
        chain = self.chain
        for account in chain:
            account.spent += spent
            account.reserved += reserved
        for account in reversed(chain) if self.limited else ():
            over = passed(account.name, account.budget, account.spent) if account.end is None else None
            if over is not None:
                account.be_out(over, by=self)
        return self.out

    def be_out(self, end: BudgetExceeded, by: Account) -> BudgetExceeded:
        """Nothing more may be spent here and below. All are told, but for the one that knows by what it did."""
        self.end = end
        for account in (self, *self.all_below()):
            if account is not by and account.tell is not None:
                account.tell(end)
        return end

    # Time

    def begin(self, now: float) -> None:
        """A turn begins."""
        for account in self.chain:
            if account.began is None:
                account.began = now

    def due(self) -> float | None:
        """When its time, or that of an account above it, is over; None: never, or no turn has begun."""
        ends = (began + seconds for _, began, seconds in self._clocks())
        return min(ends, default=None)

    def check_time(self, now: float) -> BudgetExceeded | None:
        """Why nothing more may be spent here by now: that time is over, or it was out before."""
        if self.out is not None:
            return self.out
        for account, began, seconds in reversed(tuple(self._clocks())):
            if now >= began + seconds:
                return account.be_out(exceeded(account.name, "seconds", now - began, seconds), by=self)
        return None

    def _clocks(self) -> Iterator[tuple[Account, float, float]]:
        """The accounts whose time is limited and runs: since when, and how long."""
        for account in self.chain:
            budget, began = account.budget, account.began
            if budget is not None and budget.seconds is not None and began is not None:
                yield account, began, budget.seconds

    # The tree

    def admit(self) -> BudgetExceeded | None:
        """Why no session may be opened below; None: one may."""
        if self.out is not None:
            return self.out
        level = 1
        for account in self.chain:
            budget = account.budget
            if budget is not None and budget.depth is not None and level > budget.depth:
                return exceeded(account.name, "depth", level, budget.depth)
            if budget is not None and budget.children is not None:
                there = sum(below.is_session and not below.closed for below in account.all_below())
                if there >= budget.children:
                    return exceeded(account.name, "children", there + 1, budget.children)
            level += account.is_session
        return None

    def all_below(self) -> Iterator[Account]:
        """All accounts below, at any level."""
        waiting = list(self.below)  # a copy, made at once: other threads open accounts
        while waiting:
            account = waiting.pop()
            yield account
            waiting += list(account.below)

    def left(self, now: float) -> dict[BudgetLimit, float]:
        """What is left of each limit that holds here, those above included, what is under way taken off: by name."""
        left: dict[BudgetLimit, float] = {}
        for account in self.chain:
            for name, used, allowed in limits(account.budget, account.spent + account.reserved):
                left[name] = min(left.get(name, allowed), max(0, allowed - used))
        due = self.due()
        if due is not None:
            left["seconds"] = max(0.0, due - now)
        return left


class Hold:
    """What is reserved for one request that is under way."""

    def __init__(self, account: Account, amount: Spend) -> None:
        self._account = account
        self._amount = amount
        self._seen = Spend()
        self._settled = False
        account.move(Spend(), amount)

    def observe(self, seen: Spend) -> BudgetExceeded | None:
        """So much of it is known to be used by now; gives why nothing more may be spent, if so."""
        return None if self._settled else self._to(seen, self._amount.beyond(seen))

    def settle(self, actual: Spend) -> BudgetExceeded | None:
        """It is over, and has used so much; as `observe` else. A second time does nothing."""
        if self._settled:
            return None
        self._settled = True
        return self._to(actual, Spend())

    def _to(self, spent: Spend, reserved: Spend) -> BudgetExceeded | None:
        before, self._seen = self._seen, spent
        return self._account.move(spent - before, reserved - self._amount.beyond(before))


def admit_session(above: Account) -> None:
    """Let one more session be opened below.

    Raises:
        BudgetError: a budget there, or further above, does not allow it.
    """
    refused = above.admit()
    if refused is not None:
        raise BudgetError(refused)


def _limits(budget: Budget | None, name: str) -> bool:
    return budget is not None and getattr(budget, name) is not None
