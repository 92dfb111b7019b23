from __future__ import annotations

from typing import Any

import pytest

from actors import UsageError
from actors.chat.endpoint import find_endpoint
from actors.config import Endpoint, Secret

URL = "http://127.0.0.1:1/v1"


def find(environment: dict[str, str], **given: Any) -> Endpoint:
    nothing: dict[str, Any] = {"base_url": None, "model": "m", "api_key_env": None, "transport": "aiohttp"}
    return find_endpoint(environment, **{**nothing, **given})


def test_an_option_comes_before_the_environment() -> None:
    environment = {"OPENAI_BASE_URL": "http://elsewhere/v1", "OPENAI_API_KEY": "one", "TWO": "two"}
    assert find(environment).base_url == "http://elsewhere/v1"
    assert find(environment).api_key == Secret("one")
    found = find(environment, base_url=URL, api_key_env="TWO", transport="httpx")
    assert found == Endpoint(base_url=URL, model="m", api_key=Secret("two"), transport="httpx")


def test_a_key_alone_means_openai_and_none_is_needed_elsewhere() -> None:
    assert find({"OPENAI_API_KEY": "one", "OPENAI_BASE_URL": ""}).base_url == "https://api.openai.com/v1"
    assert find({"OPENAI_API_KEY": ""}, base_url=URL).api_key is None


@pytest.mark.parametrize(
    ("environment", "given"),
    [({}, {}), ({}, {"base_url": URL, "model": None}), ({"K": ""}, {"base_url": URL, "api_key_env": "K"})],
)
def test_what_can_t_be_told_is_asked_for(environment: dict[str, str], given: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="--"):
        find(environment, **given)
