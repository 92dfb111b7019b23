from __future__ import annotations

from typing import Any

import pytest

from actors import UsageError
from actors.chat.endpoint import find_endpoint
from actors.config import Endpoint, Secret
from actors.profiles import PROFILES

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


def test_a_known_address_brings_its_profile_and_the_environment_a_model() -> None:
    environment = {"OPENAI_BASE_URL": "https://api.groq.com/openai/v1", "OPENAI_MODEL": "quick"}
    found = find(environment, model=None)
    assert (found.profile, found.model) == (PROFILES["groq"], "quick")


@pytest.mark.parametrize(
    ("environment", "given", "asked"),
    [
        ({}, {}, "--base-url URL"),
        ({"OPENAI_BASE_URL": ""}, {"base_url": ""}, "--local"),
        ({}, {"base_url": URL, "model": None}, "give `model`, or set OPENAI_MODEL"),
        ({"K": ""}, {"base_url": URL, "api_key_env": "K"}, "K: is not set"),
        ({}, {"api_key_env": "K"}, "K: is not set"),
    ],
)
def test_what_can_t_be_told_is_asked_for(
    environment: dict[str, str], given: dict[str, Any], asked: str
) -> None:
    with pytest.raises(UsageError, match=asked):
        find(environment, **given)
