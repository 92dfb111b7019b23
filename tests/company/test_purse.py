"""What an attempt counts as: by what was reported, else by estimate, else nothing where no model has read it."""

from __future__ import annotations

import pytest

from actors import Budget
from actors.company.accounts import Account
from actors.company.purse import GRAIN, Purse, Quote
from actors.company.spend import Spend
from actors.events import AttemptUsage
from actors.outcome import BudgetExceeded, Failure, HttpError, Stalled, Transport, Truncated

INPUT = 100


def usage(source: str = "measured", **counts: int) -> AttemptUsage:
    return AttemptUsage(step=1, attempt=1, source=source, **counts)  # type: ignore[arg-type]


def flat(tokens_in: int, cached: int, tokens_out: int) -> int:
    return tokens_in - cached + 10 * tokens_out


def quote(max_output: int = 0) -> Quote:
    return Quote(lambda: INPUT, max_output, flat)


@pytest.mark.parametrize(
    ("reported", "tokens", "price"),
    [
        (usage(input_tokens=80, output_tokens=20, total_tokens=100), 100, 80 + 200),
        (usage(input_tokens=80, output_tokens=20, cached_input_tokens=50), 100, 30 + 200),
        (usage(input_tokens=80, output_tokens=20, total_tokens=150), 150, 80 + 700),
        (usage(input_tokens=80, cached_input_tokens=90), 80, 0),
        (usage(total_tokens=150), 150, 100 + 500),
        (usage(total_tokens=60), 60, 60),
        (usage(output_tokens=20), 120, 100 + 200),
        (usage("estimated", output_tokens=7), 107, 100 + 70),
        (usage("unknown"), 100, 100),
    ],
)
def test_tokens_and_their_price(reported: AttemptUsage, tokens: int, price: int) -> None:
    purse = Purse(Account("a", Budget(tokens=1000)))
    assert purse.attempt(quote()) is None
    purse.settle(reported)
    assert purse.account.spent == Spend(tokens=tokens, nanodollars=price)
    assert purse.account.reserved == Spend()


@pytest.mark.parametrize(
    ("outcome", "tokens"),
    [
        (HttpError(message="m", status=429), 0),
        (HttpError(message="m", status=500), 0),
        (Transport(message="m", type="connect"), 0),
        (Transport(message="m", type="dns"), 0),
        (Transport(message="m", type="tls"), 0),
        (Transport(message="m", type="reset"), INPUT),
        (Transport(message="m", type="read"), INPUT),
        (Stalled(message="m", deadline="first_event", seconds=1.0), INPUT),
        (Truncated(message="m"), INPUT),
    ],
)
def test_what_no_model_has_read_costs_nothing(outcome: Failure, tokens: int) -> None:
    purse = Purse(Account("a", Budget(tokens=1000)))
    assert purse.attempt(quote()) is None
    purse.settle(usage("unknown"), outcome)
    assert purse.account.spent.tokens == tokens
    assert purse.attempt(quote()) is None
    purse.settle(usage(input_tokens=5, output_tokens=5), outcome)
    assert purse.account.spent.tokens == tokens + 10


def test_what_is_reserved_is_the_input_and_the_most_that_may_come() -> None:
    purse = Purse(Account("a", Budget(tokens=1000)))
    assert purse.attempt(quote(max_output=400)) is None
    assert purse.account.reserved == Spend(tokens=500, nanodollars=100 + 4000)
    assert purse.saw(40) is None
    assert purse.account.spent == Spend(tokens=INPUT + 10, nanodollars=100 + 100)
    assert purse.account.reserved.tokens == 390
    purse.close(usage("estimated", output_tokens=12))
    assert purse.account.spent.tokens == INPUT + 12
    assert purse.account.reserved == Spend()


def test_an_answer_is_priced_again_only_when_it_has_grown() -> None:
    priced: list[int] = []

    def pricing(tokens_in: int, cached: int, tokens_out: int) -> int:
        priced.append(tokens_out)
        return 0

    purse = Purse(Account("a", Budget(tokens=10_000)))
    assert purse.attempt(Quote(lambda: INPUT, 0, pricing)) is None
    for received in range(0, 400, 4):
        assert purse.saw(received) is None
    assert priced == [0, *range(0, 100, GRAIN)], "when it is reserved, and then as it comes"


def test_without_a_limit_nothing_is_estimated_before_the_end() -> None:
    def estimate() -> int:
        raise AssertionError("a request is only counted where that is needed")

    purse = Purse(Account("a", Budget(steps=5)))
    assert purse.attempt(Quote(estimate, 100)) is None
    assert purse.saw(1000) is None
    purse.settle(usage(input_tokens=1, output_tokens=2))
    assert purse.account.spent.tokens == 3


def test_a_cost_that_is_unknown_is_refused_by_name_where_it_is_limited() -> None:
    above = Account("above", Budget(cost=2.5))
    purse = Purse(above.open("below", Budget(tokens=5)))
    refused = purse.attempt(Quote(lambda: INPUT, 0, None, "no price"))
    assert refused == BudgetExceeded(limit="cost", spent=0.0, allowed=2.5, where="above", message="no price")
    assert above.out is None
