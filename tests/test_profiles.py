"""What is sent to each kind of endpoint: a turn per profile against the scripted provider."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from actors import Deadlines, Endpoint, Profile, Runtime, Thinking, Tls
from actors.config import SessionConfig
from actors.errors import ConfigError
from actors.profiles import PROFILES, THINKING
from actors.provider import ObservedRequest, ScriptedProvider
from actors.services import Transports
from actors.transport import HttpTransport

KEY = "sk-never-to-be-seen"
USAGE = {"stream_options": {"include_usage": True}}
COMMON = {"model": "m", "messages": [{"role": "user", "content": "Hi."}], "stream": True}
LIMIT = {"max_tokens": 9}
NEW_LIMIT = {"max_completion_tokens": 9}


def sent(endpoint: dict[str, Any], **settings: Any) -> ObservedRequest:
    with ScriptedProvider() as provider:
        there = Endpoint(base_url=provider.base_url, model="m", api_key=KEY, **endpoint)  # type: ignore[arg-type]
        with Runtime(there) as runtime:
            runtime.spawn().run("Hi.", retry=None, **settings)
        return provider.requests[-1]


SENT: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    # what a limit of 9 tokens becomes; thinking on; thinking off
    "openai": (USAGE | NEW_LIMIT, {"reasoning_effort": "medium"}, {"reasoning_effort": "none"}),
    "azure": (USAGE | NEW_LIMIT, {"reasoning_effort": "medium"}, {"reasoning_effort": "none"}),
    "openrouter": (USAGE | LIMIT, {"reasoning": {"enabled": True}}, {"reasoning": {"effort": "none"}}),
    "vllm": (
        USAGE | LIMIT,
        {"chat_template_kwargs": {"enable_thinking": True}},
        {"chat_template_kwargs": {"enable_thinking": False}},
    ),
    "llama.cpp": (
        USAGE | LIMIT,
        {"chat_template_kwargs": {"enable_thinking": True}},
        {"chat_template_kwargs": {"enable_thinking": False}},
    ),
    "ollama": (USAGE | LIMIT, {"reasoning_effort": "medium"}, {"reasoning_effort": "none"}),
    "deepseek": (USAGE | LIMIT, {"thinking": {"type": "enabled"}}, {"thinking": {"type": "disabled"}}),
    "groq": (USAGE | NEW_LIMIT, {"reasoning_effort": "default"}, {"reasoning_effort": "none"}),
    "mistral": (LIMIT, {"reasoning_effort": "high"}, {"reasoning_effort": "none"}),
    "gemini": (USAGE | LIMIT, {"reasoning_effort": "medium"}, {"reasoning_effort": "none"}),
}


def test_each_profile_has_its_test() -> None:
    assert SENT.keys() == PROFILES.keys()


@pytest.mark.parametrize("name", SENT)
def test_what_a_profile_sends(name: str) -> None:
    said, on, off = SENT[name]
    plain = sent({"profile": name}, body=LIMIT)
    assert plain.body == COMMON | said
    header = {"azure": ("api-key", KEY)}.get(name, ("authorization", f"Bearer {KEY}"))
    carrying = {key: value for key, value in plain.headers.items() if KEY in value}
    assert carrying == dict([header])
    assert sent({"profile": name}, body=LIMIT, enable_thinking=True).body == COMMON | said | on
    assert sent({"profile": name}, body=LIMIT, enable_thinking=False).body == COMMON | said | off


@pytest.mark.parametrize("name", ["openai", "groq"])
def test_the_old_name_of_a_limit_gives_way_to_the_new(name: str) -> None:
    body = sent({"profile": name}, body={"max_tokens": 1, "max_completion_tokens": 2}).body
    assert (body.get("max_tokens"), body["max_completion_tokens"]) == (None, 2)


@pytest.mark.parametrize("name", ["deepseek", "ollama", "mistral"])
def test_the_new_name_of_a_limit_becomes_the_old(name: str) -> None:
    assert sent({"profile": name}, body=NEW_LIMIT).body["max_tokens"] == 9


def test_mistral_has_a_name_of_its_own_for_the_seed() -> None:
    body = sent({"profile": "mistral"}, body={"seed": 7}).body
    assert (body.get("seed"), body["random_seed"]) == (None, 7)


def test_a_header_given_in_any_case_takes_the_place_of_ours() -> None:
    headers = sent({"headers": {"User-Agent": "mine", "X-Team": "stage"}}).headers
    assert (headers["user-agent"], headers["x-team"]) == ("mine", "stage")


def test_azure_s_version_goes_into_the_query() -> None:
    request = sent({"profile": "azure", "query": {"api-version": "2024-10-21", "a": "b c&d"}})
    assert request.path == "/v1/chat/completions?api-version=2024-10-21&a=b+c%26d"


def test_a_profile_of_one_s_own_says_all_that_the_known_ones_say() -> None:
    profile = Profile(
        thinking=Thinking(on={"think": {"depth": 3}}),
        body={"think": {"show": True}, "cache": True},
        query=(("v", "1"),),
        key_header="X-Key",
        stream_usage=False,
    )
    request = sent({"profile": profile}, enable_thinking=True, body={"think": {"depth": 4}})
    assert request.body == COMMON | {"think": {"show": True, "depth": 4}, "cache": True}
    assert (request.headers["x-key"], "authorization" in request.headers) == (KEY, False)
    assert request.path.endswith("?v=1")


def test_the_url_and_the_provider_s_name_are_the_profile_s_unless_they_are_given() -> None:
    assert Endpoint(profile="mistral", model="m").base_url == "https://api.mistral.ai/v1"  # type: ignore[arg-type]
    assert Endpoint(profile="azure", base_url="http://x", model="m").provider == "azure.ai.openai"  # type: ignore[arg-type]
    assert Endpoint(base_url="http://x", model="m").provider == "openai"
    assert Endpoint(profile="groq", base_url="http://x", model="m", provider="y").provider == "y"  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="base_url"):
        Endpoint(profile="azure", model="m")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="there are openai, azure"):
        Endpoint(profile="grok", model="m")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="no header name"):
        Profile(key_header="x key")
    with pytest.raises(ConfigError, match="must be one of none, enable_thinking"):
        Profile(thinking="hard")  # type: ignore[arg-type]


def test_every_profile_is_valid_and_its_switch_has_two_ends() -> None:
    for name, profile in PROFILES.items():
        endpoint = Endpoint(base_url="http://127.0.0.1:9", model="m", profile=profile)
        assert endpoint.provider == profile.provider, name
        assert profile.thinking.on, name
        assert profile.thinking.on.keys() == profile.thinking.off.keys(), name
        assert profile.base_url is None or Endpoint(profile=profile, model="m").base_url == profile.base_url
    assert all(Profile(thinking=name).thinking == switch for name, switch in THINKING.items())  # type: ignore[arg-type]


def test_bodies_are_laid_over_each_other() -> None:
    with ScriptedProvider() as provider:
        endpoint = provider.endpoint(
            body={"temperature": 1, "stop": ["a"], "x": {"endpoint": 1, "session": 0}}
        )
        with Runtime(endpoint) as runtime:
            session = runtime.spawn(body={"temperature": 0.5, "top_p": 1, "x": {"session": 1, "turn": 0}})
            session.run("Hi.", body={"temperature": 0, "x": {"turn": 1}})
            session.run("Hi.")
        first, second = (request.body for request in provider.requests)
    assert first["x"] == {"endpoint": 1, "session": 1, "turn": 1}
    assert (first["temperature"], first["top_p"], first["stop"]) == (0, 1, ["a"])
    assert (second["temperature"], second["x"]["turn"]) == (0.5, 0)


def test_a_model_is_the_turn_s_the_session_s_or_the_endpoint_s() -> None:
    with ScriptedProvider() as provider, Runtime(provider.endpoint(model="base")) as runtime:
        runtime.spawn().run("Hi.")
        session = runtime.spawn(model="session")
        session.run("Hi.")
        session.run("Hi.", model="turn", body={"temperature": 0})
        assert [request.body["model"] for request in provider.requests] == ["base", "session", "turn"]


def test_endpoints_share_a_pool_unless_their_connections_differ() -> None:
    here = Endpoint(base_url="http://127.0.0.1:9", model="m")
    made: list[Endpoint] = []

    def make(endpoint: Endpoint) -> HttpTransport:
        made.append(endpoint)
        return HttpTransport(endpoint)

    transports = Transports(make)
    same: list[dict[str, Any]] = [{"model": "x"}, {"body": {"a": 1}}, {"deadlines": Deadlines(idle=1)}]
    for changes in same:
        assert transports.get(msgspec.structs.replace(here, **changes)) is transports.get(here)
    other: list[dict[str, Any]] = [
        {"base_url": "http://127.0.0.1:8"}, {"api_key": KEY}, {"headers": {"a": "b"}}, {"query": {"a": "b"}},
        {"proxy": "http://127.0.0.1:7"}, {"tls": Tls(verify=False)}, {"transport": "httpx"}, {"max_connections": 1},
        {"profile": "azure"},
    ]  # fmt: skip
    pools = {id(transports.get(msgspec.structs.replace(here, **changes))) for changes in [*other, {}]}
    assert len(pools) == len(made) == len(other) + 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"body": {"model": "x"}}, "body: must not hold 'model'"),
        ({"body": {"stream": False}}, "body: must not hold 'stream'"),
        ({"body": {"messages": []}}, "body: must not hold 'messages'"),
        ({"body": {"x": object()}}, "body: can't be sent as JSON"),
        ({"body": {"x": float("nan")}}, "body: can't be sent as JSON"),
        ({"body": [1]}, "body: Expected `object`"),
    ],
)
def test_a_body_that_cannot_be_is_refused_where_it_is_given(settings: dict[str, Any], said: str) -> None:
    kinds: list[tuple[Any, dict[str, Any]]] = [
        (Endpoint, {"base_url": "http://x", "model": "m"}),
        (SessionConfig, {}),
    ]
    for kind, needed in kinds:
        with pytest.raises(ConfigError) as wrong:
            kind(**needed, **settings)
        assert str(wrong.value).startswith(f"{kind.__name__}.{said}")
    with pytest.raises(ConfigError, match=r"SessionConfig\.model"):
        SessionConfig(model="")
