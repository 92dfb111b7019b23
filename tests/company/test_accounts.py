"""The laws of accounts in a tree, whatever is reserved, seen, settled, opened and closed in it, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from actors.budget import Budget
from actors.company.accounts import Account, Hold
from actors.company.spend import Spend, limits
from actors.outcome import BudgetExceeded

AMOUNTS = st.builds(
    Spend,
    steps=st.integers(0, 2),
    tool_calls=st.integers(0, 2),
    tokens=st.integers(0, 50),
    nanodollars=st.integers(0, 50),
)
LIMITS = st.none() | st.integers(0, 120)
BUDGETS = st.none() | st.builds(
    Budget,
    steps=st.none() | st.integers(0, 8),
    tool_calls=st.none() | st.integers(0, 8),
    tokens=LIMITS,
    cost=LIMITS.map(lambda most: None if most is None else most / 1_000_000_000),
)


class Tree(RuleBasedStateMachine):
    """A tree of accounts in use; what should be true of it is kept beside it, and checked after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: list[Account] = []
        self.parents: dict[Account, Account | None] = {}
        self.told: dict[Account, list[BudgetExceeded]] = {}
        self.holds: dict[Hold, tuple[Account, Spend, Spend]] = {}
        """Those under way: of whom, what is reserved, and what was seen."""
        self.settled: dict[Account, Spend] = {}
        self.excess: dict[Account, Spend] = {}
        """By how much requests went beyond what was reserved for them, as far as is known."""
        self.add(Account("0"), None)

    def add(self, account: Account, parent: Account | None) -> None:
        self.accounts.append(account)
        self.parents[account] = parent
        self.settled[account] = Spend()
        self.excess[account] = Spend()

    def lineage(self, account: Account) -> list[Account]:
        found, at = [], account
        while True:
            found.append(at)
            above = self.parents[at]
            if above is None:
                return found
            at = above

    def one_of(self, data: st.DataObject) -> Account:
        return data.draw(st.sampled_from(self.accounts))

    @rule(data=st.data(), budget=BUDGETS)
    def open(self, data: st.DataObject, budget: Budget | None) -> None:
        parent = self.one_of(data)
        told: list[BudgetExceeded] = []
        account = parent.open(str(len(self.accounts)), budget, tell=told.append)
        self.add(account, parent)
        self.told[account] = told

    @rule(data=st.data(), amount=AMOUNTS)
    def reserve(self, data: st.DataObject, amount: Spend) -> None:
        account = self.one_of(data)
        out = account.out
        held = account.reserve(amount)
        if isinstance(held, BudgetExceeded):
            assert out is None or held == out
            assert held.spent > held.allowed
            return
        assert out is None
        self.holds[held] = account, amount, Spend()
        for above in self.lineage(account):
            assert all(
                spent <= allowed for _, spent, allowed in limits(above.budget, above.spent + above.reserved)
            ), "what was let in fits in, with all that is under way"

    @rule(data=st.data(), more=AMOUNTS)
    def observe(self, data: st.DataObject, more: Spend) -> None:
        if self.holds:
            hold = data.draw(st.sampled_from(list(self.holds)))
            account, amount, seen = self.holds[hold]
            self.holds[hold] = account, amount, seen + more
            assert hold.observe(seen + more) == account.out

    @rule(data=st.data(), actual=AMOUNTS)
    def settle(self, data: st.DataObject, actual: Spend) -> None:
        if self.holds:
            hold = data.draw(st.sampled_from(list(self.holds)))
            account, amount, _ = self.holds.pop(hold)
            assert hold.settle(actual) == account.out
            assert hold.settle(actual) is None
            for above in self.lineage(account):
                self.settled[above] += actual
                self.excess[above] += actual.beyond(amount)

    @invariant()
    def what_is_spent_in_one_is_spent_in_all_above(self) -> None:
        seen = {account: self.settled[account] for account in self.accounts}
        reserved = dict.fromkeys(self.accounts, Spend())
        for account, amount, known in self.holds.values():
            for above in self.lineage(account):
                seen[above] += known
                reserved[above] += amount.beyond(known)
        for account in self.accounts:
            assert account.spent == seen[account]
            assert account.reserved == reserved[account]

    @invariant()
    def only_what_was_under_way_goes_past_a_limit(self) -> None:
        excess = dict(self.excess)
        for account, amount, known in self.holds.values():
            for above in self.lineage(account):
                excess[above] += known.beyond(amount)
        for account in self.accounts:
            for (_, spent, allowed), (_, more, _) in zip(
                limits(account.budget, account.spent), limits(account.budget, excess[account]), strict=True
            ):
                assert spent <= allowed + more + 1e-15

    @invariant()
    def who_is_out_takes_all_below_along_and_each_is_told_or_knows(self) -> None:
        for account in self.accounts:
            own = [above for above in self.lineage(account) if above.end is not None]
            assert (account.out is not None) == bool(own)
            for end in self.told.get(account, ()):
                assert account.out is not None
                assert end.where in {above.name for above in own}

    def teardown(self) -> None:
        for hold, (account, amount, _) in list(self.holds.items()):
            hold.settle(Spend())
            for above in self.lineage(account):
                assert above.reserved == above.reserved.beyond(Spend()), amount
        assert all(account.reserved == Spend() for account in self.accounts)
        for account in reversed(self.accounts[1:]):
            account.close()
        assert not self.accounts[0].below


TestTree = Tree.TestCase


def test_the_account_nearest_the_root_is_the_one_that_is_out() -> None:
    told: list[BudgetExceeded] = []
    root = Account("root", Budget(steps=1))
    worker = root.open("worker", Budget(steps=1))
    other = root.open("other", tell=told.append)
    assert worker.spend(Spend(steps=1)) is None
    end = worker.spend(Spend(steps=1))
    assert end == BudgetExceeded(
        limit="steps",
        spent=2,
        allowed=1,
        where="root",
        message="past what root may spend: 2 of 1 steps",
    )
    assert told == [end]
    assert other.reserve(Spend()) == end


def test_what_only_waits_for_others_is_refused_and_nothing_is_out() -> None:
    account = Account("a", Budget(tokens=10))
    held = account.reserve(Spend(tokens=8))
    refused = account.reserve(Spend(tokens=5))
    assert isinstance(held, Hold)
    assert isinstance(refused, BudgetExceeded)
    assert account.out is None
    held.settle(Spend(tokens=2))
    assert isinstance(account.reserve(Spend(tokens=5)), Hold)


def test_the_answer_that_goes_past_a_limit_stops_the_others_and_not_itself() -> None:
    told: dict[str, list[BudgetExceeded]] = {"own": [], "other": []}
    root = Account("root", Budget(tokens=10))
    own, _ = (root.open(name, tell=told[name].append) for name in ("own", "other"))
    held = own.reserve(Spend(tokens=5))
    assert isinstance(held, Hold)
    assert held.settle(Spend(tokens=11)) == root.out
    assert told == {"own": [], "other": [root.out]}


def test_time_counts_from_the_first_turn_and_the_shortest_limit_holds() -> None:
    root = Account("root", Budget(seconds=60))
    child = root.open("child", Budget(seconds=10))
    assert child.due() is None
    root.begin(100.0)
    child.begin(130.0)
    assert (root.due(), child.due()) == (160.0, 140.0)
    assert child.left(135.0) == {"seconds": 5.0}
    assert child.check_time(139.9) is None
    end = child.check_time(140.0)
    assert end is not None
    assert (end.reason, end.where, end.spent) == ("budget_exceeded:seconds", "child", 10.0)
    assert root.check_time(140.0) is None


@pytest.mark.parametrize(("depth", "allowed"), [(0, 0), (1, 1), (3, 3)])
def test_depth_is_counted_in_sessions(depth: int, allowed: int) -> None:
    at = Account("root", Budget(depth=depth), is_session=True)
    levels = 0
    while at.admit() is None:
        at = at.open("turn").open(f"level {levels}", is_session=True)
        levels += 1
    assert levels == allowed
    refused = at.admit()
    assert refused is not None
    assert (refused.limit, refused.where, at.out) == ("depth", "root", None)


def test_children_are_those_that_live_at_any_level_below() -> None:
    root = Account("root", Budget(children=2), is_session=True)
    child = root.open("turn").open("child", is_session=True)
    grandchild = child.open("grandchild", is_session=True)
    refused = child.admit()
    assert refused is not None
    assert (refused.limit, refused.spent, refused.allowed, refused.where) == ("children", 3, 2, "root")
    grandchild.close()
    assert child.admit() is None


def test_what_is_left_is_the_least_of_all_above() -> None:
    root = Account("root", Budget(tokens=10, steps=3))
    child = root.open("child", Budget(tokens=50))
    held = child.reserve(Spend(steps=1, tokens=4))
    assert isinstance(held, Hold)
    assert child.left(0.0) == {"tokens": 6, "steps": 2}


def test_a_tree_may_be_as_deep_as_it_likes_and_is_forgotten_from_any_end() -> None:
    root = at = Account("root", Budget(tokens=10))
    deep = [at := at.open(str(level), is_session=True) for level in range(5000)]
    assert at.spend(Spend(tokens=7)) is None
    assert (root.spent.tokens, deep[2500].left(0.0)) == (7, {"tokens": 3})
    for account in deep:
        account.close()
    assert not root.below
