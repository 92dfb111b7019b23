"""Prices: the endpoint's own, else those that genai-prices lists for its URL, else none."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from actors import Endpoint, Price, prices

needs_the_list = pytest.mark.skipif(
    importlib.util.find_spec("genai_prices") is None, reason="needs the extra `prices`"
)
NOW = 1_764_000_000.0


def at(base_url: str, model: str, price: Price | None = None) -> Endpoint:
    return Endpoint(base_url=base_url, model=model, price=price)


def test_the_endpoints_own_price_goes_first() -> None:
    endpoint = at("https://api.openai.com/v1", "gpt-4o-mini", Price(input=1.0, output=2.0, cached_input=0.5))
    found = prices.pricing(endpoint, "gpt-4o-mini", NOW)
    assert found is not None
    assert found(100, 40, 10) == 60 * 1000 + 40 * 500 + 10 * 2000


def test_what_is_cached_costs_as_much_unless_told() -> None:
    found = prices.pricing(at("http://127.0.0.1/v1", "m", Price(input=1.0, output=0.0)), "m", NOW)
    assert found is not None
    assert found(100, 40, 7) == 100 * 1000


def test_prices_are_rounded_up() -> None:
    found = prices.pricing(at("http://127.0.0.1/v1", "m", Price(input=0.0001, output=0.0)), "m", NOW)
    assert found is not None
    assert found(1, 0, 0) == 1


@needs_the_list
@pytest.mark.parametrize(
    ("url", "model"),
    [
        ("https://api.openai.com/v1", "gpt-4o-mini"),
        ("https://openrouter.ai/api/v1", "openai/gpt-4o-mini"),
        ("https://api.deepseek.com", "deepseek-chat"),
    ],
)
def test_the_list_knows_endpoints_by_their_url(url: str, model: str) -> None:
    found = prices.pricing(at(url, model), model, NOW)
    assert found is not None
    assert 0 < found(1000, 0, 0) < found(1000, 0, 1000)
    assert found(1000, 1000, 0) <= found(1000, 0, 0)


@needs_the_list
@pytest.mark.parametrize(
    ("url", "model"),
    [("http://127.0.0.1:8080/v1", "gpt-4o-mini"), ("https://api.openai.com/v1", "no-such-model")],
)
def test_nothing_is_guessed(url: str, model: str) -> None:
    assert prices.pricing(at(url, model), model, NOW) is None
    assert prices.unpriced(at(url, model), model) == (
        f"no price is known of {model!r} at {url}, so no limit on the cost can hold: give the endpoint a `price`"
    )


def test_without_the_list_only_the_endpoints_own_price_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "is_installed", lambda: False)
    endpoint = at("https://api.openai.com/v1", "gpt-4o-mini")
    assert prices.pricing(endpoint, "gpt-4o-mini", NOW) is None
    assert "pip install 'greenroom[prices]'" in prices.unpriced(endpoint, "gpt-4o-mini")


def test_a_file_of_endpoints_may_say_a_price(tmp_path: Path) -> None:
    path = tmp_path / "endpoints.toml"
    path.write_text(
        '[endpoints.house]\nbase_url = "http://127.0.0.1/v1"\nmodel = "m"\nprice = {input = 0.1, output = 2}\n'
    )
    assert Endpoint.from_toml(path, environ={}).price == Price(input=0.1, output=2.0)


@needs_the_list
def test_the_list_is_loaded_where_a_limit_on_the_cost_is_set_and_not_in_a_turn() -> None:
    there = "import sys; print('genai_prices.data' in sys.modules)"
    make = "from actors import Budget, Endpoint, Runtime; e = Endpoint(base_url='http://127.0.0.1/v1', model='m')"
    spawn = "r = Runtime(e).open(); r.spawn(budget=Budget({})); {}; r.close()"

    def said(*lines: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-c", "; ".join(lines)], capture_output=True, text=True, check=True
        )
        return ran.stdout.strip()

    assert said(make, spawn.format("steps=1", there)) == "False"
    assert said(make, spawn.format("cost=1.0", there)) == "True"
