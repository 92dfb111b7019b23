"""What a model's tokens cost: by the endpoint's own price, else by genai-prices, where that is installed.

The library's list of prices comes with it, as of its release: nothing is fetched for it.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import math
from datetime import UTC, datetime

from actors.budget import Budget, Price
from actors.company.purse import Pricing
from actors.company.spend import NANO
from actors.endpoint import Endpoint

_A_MILLION = 1_000_000


def pricing(endpoint: Endpoint, model: str, now: float) -> Pricing | None:
    """How tokens are priced; None: no price is known.

    Args:
        endpoint: where the request goes. The library knows it by its URL, and never goes by the model's name alone.
        model: what is asked for.
        now: Unix seconds; some prices depend on the time.
    """
    if endpoint.price is not None:
        return functools.partial(_by_price, endpoint.price)
    if not is_installed():
        return None
    by_list = functools.partial(_by_list, endpoint.base_url, model, now)
    try:
        by_list(1, 0, 1)
    except LookupError:
        return None
    return by_list


def load_for(budget: Budget | None) -> None:
    """Load the list where a budget needs it: it takes a third of a second, which a running turn should not."""
    if budget is not None and budget.cost is not None and is_installed():
        importlib.import_module("genai_prices.data")


def unpriced(endpoint: Endpoint, model: str) -> str:
    """What to say where no price is known."""
    hint = "" if is_installed() else ", or pip install 'greenroom[prices]'"
    why = f"no price is known of {model!r} at {endpoint.base_url}, so no limit on the cost can hold"
    return f"{why}: give the endpoint a `price`{hint}"


@functools.cache
def is_installed() -> bool:
    """Whether genai-prices is."""
    return importlib.util.find_spec("genai_prices") is not None


def _by_price(price: Price, tokens_in: int, cached: int, tokens_out: int) -> int:
    cached_price = price.input if price.cached_input is None else price.cached_input
    dollars = (tokens_in - cached) * price.input + cached * cached_price + tokens_out * price.output
    return math.ceil(dollars * (NANO // _A_MILLION))


def _by_list(url: str, model: str, now: float, tokens_in: int, cached: int, tokens_out: int) -> int:
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - an extra, and 0.3 s to import

    usage = Usage(input_tokens=tokens_in, cache_read_tokens=cached, output_tokens=tokens_out)
    when = datetime.fromtimestamp(now, UTC)
    found = calc_price(usage, model, provider_api_url=url, genai_request_timestamp=when)
    return math.ceil(found.total_price * NANO)
