"""The settings of the context window."""

from __future__ import annotations

import tomllib
from typing import Any

import msgspec
import pytest

from actors.config import SessionConfig, Window
from actors.errors import ConfigError


def test_what_is_left_for_the_request() -> None:
    assert Window().budget is None
    assert Window(tokens=128_000).budget == 128_000 - 4096
    assert Window(tokens=2048).budget == 1536
    assert Window(tokens=2048, reserve=48).budget == 2000


@pytest.mark.parametrize(
    ("settings", "field", "words"),
    [
        ({"tokens": 1000, "reserve": 1000}, "reserve", "must be less than tokens"),
        ({"tokens": 1000, "strategy": "summarise"}, "summary_tokens", "at most half"),
        ({"trim_to": 0}, "trim_to", ""),
        ({"trim_to": 1.5}, "trim_to", ""),
        ({"keep_last": 0}, "keep_last", ""),
        ({"strategy": "forget"}, "strategy", ""),
        ({"summary_prompt": " "}, "summary_prompt", "must not be empty"),
        ({"summary_model": ""}, "summary_model", "must not be empty"),
    ],
)
def test_a_setting_that_cannot_be_says_what_to_do(settings: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        Window(**settings)
    assert wrong.value.field == f"Window.{field}"
    assert words in wrong.value.why


def test_it_can_be_said_in_toml() -> None:
    said = tomllib.loads("window = { tokens = 8192, strategy = 'summarise', summary_model = 'small' }")
    wanted = Window(tokens=8192, strategy="summarise", summary_model="small")
    assert SessionConfig(**said).window == wanted
    assert msgspec.convert(said["window"], Window) == wanted
