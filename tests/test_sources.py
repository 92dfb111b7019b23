"""Endpoints from the environment and from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.config import Deadlines, Endpoint, Profile, Secret, Thinking
from actors.errors import ConfigError
from actors.profiles import PROFILES

KEY = "sk-never-to-be-seen"


def refusal(environ: dict[str, str], **settings: Any) -> ConfigError:
    with pytest.raises(ConfigError) as wrong:
        Endpoint.from_env("m", environ=environ, **settings)
    assert KEY not in str(wrong.value)
    assert "\n" not in str(wrong.value)
    return wrong.value


def test_the_key_alone_means_openai() -> None:
    endpoint = Endpoint.from_env("gpt-5.1", environ={"OPENAI_API_KEY": KEY})
    assert endpoint == Endpoint(model="gpt-5.1", api_key=Secret(KEY), profile=PROFILES["openai"])
    assert endpoint.base_url == "https://api.openai.com/v1"


def test_a_base_url_needs_no_key_and_a_known_one_brings_its_profile() -> None:
    local = Endpoint.from_env("m", environ={"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})
    assert (local.base_url, local.api_key, local.profile) == ("http://127.0.0.1:9/v1", None, Profile())
    groq = Endpoint.from_env("m", environ={"OPENAI_BASE_URL": "https://api.groq.com/openai/v1/"})
    assert groq.profile is PROFILES["groq"]


def test_arguments_win_and_the_model_may_come_from_the_environment() -> None:
    environ = {"OPENAI_API_KEY": "theirs", "OPENAI_BASE_URL": "http://x.invalid/v1", "OPENAI_MODEL": "m"}
    endpoint = Endpoint.from_env(
        environ=environ, base_url="http://127.0.0.1:9/v1", api_key="mine", body={"temperature": 0}
    )
    assert endpoint.base_url == "http://127.0.0.1:9/v1"
    assert endpoint.api_key == Secret("mine")
    assert (endpoint.model, endpoint.body) == ("m", {"temperature": 0})


def test_the_process_s_environment_is_read_and_no_dotenv(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=from-a-file\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert Endpoint.from_env("m").api_key == Secret(KEY)


def test_what_is_missing_or_cannot_be_is_named_with_its_variable() -> None:
    assert refusal({}).field == "OPENAI_API_KEY"
    assert refusal({"OPENAI_API_KEY": ""}).field == "OPENAI_API_KEY"
    newline = refusal({"OPENAI_API_KEY": f"{KEY}\n"})
    assert (newline.field, "newline" in newline.why) == ("OPENAI_API_KEY", True)
    no_scheme = refusal({"OPENAI_BASE_URL": "127.0.0.1:9/v1"})
    assert (no_scheme.field, "must begin with http://" in no_scheme.why) == ("OPENAI_BASE_URL", True)
    assert "'temperature' is no setting" in refusal({"OPENAI_API_KEY": KEY}, temperature=0).why
    with pytest.raises(ConfigError, match="OPENAI_MODEL"):
        Endpoint.from_env(environ={"OPENAI_API_KEY": KEY})


FILE = """
[endpoints.fast]
profile = "groq"
model = "quick"
body = { temperature = 0 }

[endpoints.house]
base_url = "https://llm.invalid/v1"
model = "large"
api_key_env = "HOUSE_KEY"
headers = { x-team = "stage" }
query = { api-version = "2" }
deadlines = { first_event = 600 }
proxy = "http://user:word@127.0.0.1:3128"
tls = { ca_file = "house.pem" }
max_connections = 4

[endpoints.house.profile]
stream_usage = false
renames = { max_tokens = "limit" }
thinking = { on = { think = true } }
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "house.pem").write_text("")
    path = tmp_path / "endpoints.toml"
    path.write_text(FILE)
    return path


def test_a_file_holds_endpoints_by_name(path: Path) -> None:
    environ = {"GROQ_API_KEY": "gsk", "HOUSE_KEY": KEY}
    both = Endpoint.all_from_toml(path, environ=environ)
    assert list(both) == ["fast", "house"]
    assert both["fast"] == Endpoint(profile="groq", model="quick", api_key="gsk", body={"temperature": 0})  # type: ignore[arg-type]
    house = Endpoint.from_toml(path, "house", environ=environ)
    assert house == both["house"]
    assert house.api_key == Secret(KEY)
    assert house.headers == (("x-team", "stage"),)
    assert house.query == (("api-version", "2"),)
    assert house.deadlines == Deadlines(first_event=600)
    assert house.tls.ca_file == str(path.parent / "house.pem")
    assert house.profile == Profile(
        stream_usage=False, renames=(("max_tokens", "limit"),), thinking=Thinking(on={"think": True})
    )
    assert "word" not in repr(house)
    assert hash(house) == hash(both["house"])


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ('[endpoints.a]\nmodel = "m"\nbase_url = "http://x/v1"\napi_key = "sk-1"', "a", "api_key_env"),
        ('[endpoints.a]\nmodel = "m"\nprofile = "openai"', "a", "OPENAI_API_KEY: is not set"),
        ('[endpoints.a]\nmodel = "m"\nbase_url = "http://x/v1"\napi_key_env = "NO"', "a", "NO: is not set"),
        ('[endpoints.a]\nmodel = "m"\nbase_url = "x/v1"', "a", "endpoints.a: Endpoint.base_url: must begin"),
        ('[endpoints.a]\nmodel = "m"\nprofile = "grok"', "a", "there are openai, azure"),
        ('[endpoints.a]\nmodle = "m"', "a", "'modle' is no setting of Endpoint"),
        ('[endpoints.a]\nmodel = "m"\nbase_url = "http://x"\ndeadlines = { idle = 0 }', "a", "deadlines"),
        (
            '[endpoints.a]\nmodel = "m"\nbase_url = "http://x"\ntls = { ca_file = "no.pem" }',
            "a",
            "is no file",
        ),
        ('[endpoints.a]\nmodel = "m"\nbase_url = "http://x"\ntls = { verfy = true }', "a", "'verfy' is no"),
        ("[endpoints]\na = 1", "a", "must be a table"),
        ('[endpoints.a]\nmodel = "m"\nbase_url = "http://x"', "b", "no endpoint 'b'; there are a"),
        (FILE.replace("groq", "ollama").replace("api_key_env", "#"), None, "which one is not said"),
        ("[endpoint]", "a", "holds no endpoint"),
        ("[endpoints", "a", "no valid TOML"),
        (None, "a", "can't be read (No such file or directory)"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(path: Path, text: str | None, name: str, said: str) -> None:
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(ConfigError) as wrong:
        Endpoint.from_toml(path, name, environ={})
    assert said in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_one_endpoint_of_a_file_does_not_need_the_keys_of_the_others(path: Path) -> None:
    assert Endpoint.from_toml(path, "house", environ={"HOUSE_KEY": KEY}).model == "large"
    with pytest.raises(ConfigError, match="GROQ_API_KEY: is not set"):
        Endpoint.all_from_toml(path, environ={"HOUSE_KEY": KEY})


def test_the_only_endpoint_of_a_file_needs_no_name(path: Path) -> None:
    path.write_text('[endpoints.a]\nmodel = "m"\nbase_url = "http://x"')
    assert Endpoint.from_toml(path).base_url == "http://x"
