"""Settings are frozen, and a wrong one is named."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.config import (
    Buffering,
    Deadlines,
    Endpoint,
    Intensity,
    Limits,
    Profile,
    RetryPolicy,
    RuntimeConfig,
    Secret,
    SessionConfig,
    Tls,
)
from actors.errors import ConfigError

URL = "http://127.0.0.1:8080/v1"
ALL = (RetryPolicy, Deadlines, Limits, Buffering, Intensity, Profile, SessionConfig, RuntimeConfig, Tls)


@pytest.mark.parametrize("kind", ALL)
def test_the_defaults_are_valid_and_frozen(kind: type[Any]) -> None:
    config = kind()
    with pytest.raises(AttributeError):
        setattr(config, kind.__struct_fields__[0], None)
    assert config == kind()


def test_the_defaults_are_the_designs() -> None:
    assert RetryPolicy() == RetryPolicy(
        max_retries=4,
        backoff_ms=500,
        multiplier=2.0,
        max_backoff_ms=8000,
        jitter="full",
        max_retry_after_s=120,
        midstream="splice",
    )
    assert Deadlines() == Deadlines(connect=10, first_event=300, idle=120, attempt=1800, trailing=2)
    assert Intensity() == Intensity(restarts=3, within=30)
    assert Limits().event_bytes == Limits().argument_bytes == 16 * 1024 * 1024
    assert Limits().calls == 128


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        (RetryPolicy, "max_retries", -1),
        (RetryPolicy, "max_retries", 1.5),
        (RetryPolicy, "multiplier", 0.5),
        (RetryPolicy, "multiplier", float("nan")),
        (RetryPolicy, "jitter", "some"),
        (RetryPolicy, "midstream", None),
        (Deadlines, "idle", 0),
        (Deadlines, "attempt", float("inf")),
        (Deadlines, "connect", "soon"),
        (Limits, "calls", 0),
        (Buffering, "overflow", "drop"),
        (Intensity, "within", 0),
        (Profile, "thinking", "hard"),
        (SessionConfig, "retry", 3),
        (SessionConfig, "deadlines", 3.0),
        (SessionConfig, "response_format", "json"),
        (RuntimeConfig, "stall_after", -1),
    ],
)
def test_a_setting_that_cannot_be_is_named(kind: type[Any], setting: str, value: Any) -> None:
    with pytest.raises(ConfigError) as wrong:
        kind(**{setting: value})
    assert wrong.value.field == f"{kind.__name__}.{setting}"
    assert str(wrong.value).startswith(wrong.value.field)


def test_a_changed_copy_is_checked_too() -> None:
    with pytest.raises(ConfigError, match="backoff_ms"):
        msgspec.structs.replace(RetryPolicy(), backoff_ms=-5)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"base_url": "127.0.0.1:8080/v1"}, "base_url"),
        ({"base_url": "ftp://127.0.0.1/v1"}, "base_url"),
        ({"base_url": "http://user:word@127.0.0.1/v1"}, "base_url"),
        ({"base_url": "http://127.0.0.1:8080:1/v1"}, "base_url"),
        ({"base_url": "http://127.0.0.1:x/v1"}, "base_url"),
        ({"base_url": "http://127.0.0.1/v 1"}, "base_url"),
        ({"base_url": "http://127.0.0.1/v1\n"}, "base_url"),
        ({"base_url": "http://127.0.0.1/v1?api-version=1"}, "base_url"),
        ({"base_url": "http://127.0.0.1/v1/chat/completions"}, "base_url"),
        ({"base_url": ""}, "base_url"),
        ({"proxy": "127.0.0.1:3128"}, "proxy"),
        ({"proxy": "socks5://127.0.0.1:3128"}, "proxy"),
        ({"query": {"a": 1}}, "query"),
        ({"tls": {"ca_file": "/no/such/file"}}, "tls"),
        ({"deadlines": {"idle": -1}}, "deadlines"),
        ({"model": ""}, "model"),
        ({"headers": {"x y": "1"}}, "headers"),
        ({"headers": {"x": "1\r\nevil: 2"}}, "headers"),
        ({"transport": "curl"}, "transport"),
        ({"max_connections": 0}, "max_connections"),
    ],
)
def test_an_endpoint_says_what_is_wrong(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        Endpoint(**{"base_url": URL, "model": "m", **settings})
    assert wrong.value.field == f"Endpoint.{field}"


def test_an_endpoint_takes_what_people_have_at_hand() -> None:
    endpoint = Endpoint(base_url=URL, model="m", api_key="sk-1", headers={"x-team": "a"})  # type: ignore[arg-type]
    assert endpoint.api_key == Secret("sk-1")
    assert endpoint.headers == (("x-team", "a"),)
    assert hash(endpoint) == hash(copy.copy(endpoint))


def test_what_a_file_would_hold_becomes_what_it_stands_for() -> None:
    as_in_a_file: dict[str, Any] = {"deadlines": {"idle": 3}, "tls": {"verify": False}, "query": [["a", "b"]]}
    endpoint = Endpoint(base_url=URL, model="m", **as_in_a_file)
    assert (endpoint.deadlines, endpoint.tls, endpoint.query) == (
        Deadlines(idle=3),
        Tls(verify=False),
        (("a", "b"),),
    )
    assert SessionConfig(retry={"max_retries": 1}).retry == RetryPolicy(max_retries=1)  # type: ignore[arg-type]


def test_a_proxy_s_password_shows_nowhere() -> None:
    endpoint = Endpoint(base_url=URL, model="m", proxy="http://user:pass-word@127.0.0.1:3128")
    assert "pass-word" not in repr(endpoint)
    assert "127.0.0.1:3128" in repr(endpoint)
    with pytest.raises(ConfigError) as wrong:
        Endpoint(base_url="ftp://user:pass-word@host/v1?key=pass-word", model="m")
    assert "pass-word" not in str(wrong.value)


def test_a_key_s_file_needs_its_certificate(tmp_path: Path) -> None:
    (tmp_path / "key.pem").touch()
    with pytest.raises(ConfigError, match="cert_file"):
        Tls(key_file=str(tmp_path / "key.pem"))


@pytest.mark.parametrize("key", ["sk-1\n", "sk\r\n1", "schlüssel", "\x00"])
def test_a_key_that_no_header_can_carry_is_refused_when_it_is_loaded(key: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        Endpoint(base_url=URL, model="m", api_key=key)  # type: ignore[arg-type]
    assert key not in str(wrong.value)


def test_a_key_shows_nowhere() -> None:
    endpoint = Endpoint(base_url=URL, model="m", api_key=Secret("sk-1234"))
    assert "sk-1234" not in repr(endpoint) + str(endpoint) + f"{endpoint.api_key}"
    in_a_header = Endpoint(base_url=URL, model="m", headers={"api-key": "sk-1234"})  # type: ignore[arg-type]
    assert "sk-1234" not in repr(in_a_header)
    assert "api-key" in repr(in_a_header)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(endpoint.api_key)
    with pytest.raises(ConfigError) as wrong:
        Endpoint(base_url=URL, model="m", api_key=b"sk-1234")  # type: ignore[arg-type]
    assert "sk-1234" not in str(wrong.value)
