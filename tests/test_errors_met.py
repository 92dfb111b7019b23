"""The errors a person meets: one line each that says what is wrong and what to do, and a type for a program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from actors import ConfigError, Endpoint, Runtime, ScriptError, TurnFailedError
from actors.log import to_file
from actors.provider import InBandError, Play, RawBody, Redirect, Reply, ScriptedProvider, Status
from actors.scenario.loader import load

KEY = "sk-never-to-be-seen"
TRANSPORTS: tuple[Any, ...] = ("aiohttp", "httpx")
COMMAND = (sys.executable, "-c", "from actors.cli import main; main(prog_name='greenroom')")
EMPTY = "from actors.scenario import Stage, scenario\n@scenario\nasync def empty(stage: Stage) -> None: ...\n"
PAGE = RawBody(b"<!doctype html><title>Welcome</title>", content_type="text/html")


def failure(endpoint: Endpoint) -> TurnFailedError:
    with Runtime(endpoint) as runtime, pytest.raises(TurnFailedError) as failed:
        runtime.spawn(retry=None).run("Hi.")
    assert "\n" not in str(failed.value)
    assert KEY not in str(failed.value) + repr(failed.value.event)
    return failed.value


MET: dict[str, tuple[Play, str | None, str, str]] = {
    # what the endpoint does; trouble; what is wrong; what to do
    "wrong key": (
        Status(401, message=f"Incorrect API key provided: {KEY}.", code="invalid_api_key"),
        "key",
        "http_error:401: Incorrect API key provided: ***.",
        "check api_key",
    ),
    "no access": (Status(403, message="no"), "access", "http_error:403: no", "has no access"),
    "unknown model": (
        Status(404, message="The model `m` does not exist", code="model_not_found"),
        "model",
        "The model `m` does not exist",
        "check `model`: GET base_url/models",
    ),
    "wrong path": (
        Status(404, message="Not Found"),
        "address",
        "http_error:404: Not Found",
        "check base_url",
    ),
    "redirect": (Redirect(), "address", "http_error:307", "check base_url"),
    "quota": (
        Status(429, message="You exceeded your current quota", code="insufficient_quota"),
        "quota",
        "http_error:429: You exceeded your current quota",
        "top it up",
    ),
    "too many requests": (Status(429, message="slow down"), "rate", "http_error:429", "run fewer at once"),
    "context too long": (
        Status(
            400, message="This model's maximum context length is 9 tokens", code="context_length_exceeded"
        ),
        "context",
        "maximum context length is 9",
        "shorten it",
    ),
    "context too long, in the stream": (
        InBandError(message="too long", code="context_length_exceeded"),
        "context",
        "in_band_error: too long",
        "shorten it",
    ),
    "a field it does not know": (
        Status(422, message="Extra inputs are not permitted: seed"),
        "request",
        "Extra inputs are not permitted: seed",
        "whether `profile` is the endpoint's",
    ),
    "a page": (PAGE, "page", "protocol:not_a_stream: the response is a page of markup", "check base_url"),
    "a page with an error status": (
        RawBody(b"<html>", content_type="text/html", status=502),
        None,
        "http_error:502: status 502",
        "",
    ),
}


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("name", MET)
def test_what_an_endpoint_says_becomes_one_line_with_advice(name: str, transport: Any) -> None:
    play, trouble, wrong, advice = MET[name]
    if isinstance(play, InBandError):
        play = Reply("text").but(play)
    with ScriptedProvider(default=play) as provider:
        error = failure(provider.endpoint(api_key=KEY, transport=transport))
    assert error.trouble == trouble
    assert wrong in str(error)
    assert advice in str(error)
    assert str(error).endswith(error.advice)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_endpoint_that_can_t_be_reached_is_named(transport: Any) -> None:
    with ScriptedProvider() as provider:
        refused = failure(Endpoint(base_url=provider.refused_url, model="m", transport=transport))
        plain = failure(
            Endpoint(base_url=provider.base_url.replace("http:", "https:"), model="m", transport=transport)
        )
    nowhere = failure(Endpoint(base_url="http://nobody.invalid/v1", model="m", transport=transport))
    assert [error.trouble for error in (refused, nowhere, plain)] == ["unreachable", "unreachable", "tls"]
    assert "is it running, and is base_url right?" in str(refused)
    assert "the host of nobody.invalid:80 can't be found" in str(nowhere)
    assert "check the scheme" in str(plain)


def test_settings_are_refused_before_anything_is_sent() -> None:
    with pytest.raises(ConfigError, match=r"must begin with http:// or https://.*'localhost:8080/v1'"):
        Endpoint(base_url="localhost:8080/v1", model="m")
    with pytest.raises(ConfigError, match="often ends in a newline: strip it") as wrong:
        Endpoint(base_url="http://x/v1", model="m", api_key=f"{KEY}\n")  # type: ignore[arg-type]
    assert KEY not in str(wrong.value)


def test_a_log_that_can_t_be_written_and_a_script_that_can_t_be_read_are_typed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="is a file, not a folder; choose another folder"):
        to_file(tmp_path / "file" / "log.jsonl")
    with pytest.raises(ConfigError, match="is a folder; name a file in it"):
        to_file(tmp_path)
    with pytest.raises(ScriptError, match="does not exist: check the path"):
        load(tmp_path / "none.py")
    with pytest.raises(ScriptError, match="can't be read"):
        load(tmp_path / ("n" * 300 + ".py"))
    with pytest.raises(ScriptError, match="can't be read"):
        load(tmp_path / "nul\0.py")


def test_a_script_that_must_not_be_read_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "script.py"
    script.touch()

    def denied(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(ScriptError, match=r"script\.py can't be read \(Permission denied\): check") as wrong:
        load(script)
    assert wrong.value.__cause__ is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "{folder}/none.py"], "does not exist: check the path"),
        (["run", "{folder}/empty"], "there is no scenario: write one"),
        (["run", "{script}", "--log", "{script}/log.jsonl"], "choose another folder"),
        (["run", "{script}", "--log", "/proc/none/log.jsonl"], "choose another folder"),
        (["tail", "{folder}/none.jsonl"], "is not there"),
    ],
)
def test_the_command_complains_in_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(EMPTY)
    (tmp_path / "empty").mkdir()
    filled = [argument.format(folder=tmp_path, script=script) for argument in arguments]
    done = subprocess.run([*COMMAND, *filled], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")


@FULL
@pytest.mark.parametrize(
    "arguments", [["chat", "--model", "m", "hi"], ["run", "{script}", "--log", "{log}"], ["tail", "{log}"]]
)
def test_an_output_that_is_full_is_one_line_too(
    tmp_path: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script, log = tmp_path / "script.py", tmp_path / "log.jsonl"
    script.write_text(EMPTY)
    log.write_text('{"event.name": "actors.runtime.started"}\n')
    with ScriptedProvider() as provider, Path("/dev/full").open("wb") as full:
        monkeypatch.setenv("OPENAI_BASE_URL", provider.base_url)
        filled = [argument.format(script=script, log=log) for argument in arguments]
        done = subprocess.run(
            [*COMMAND, *filled], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "the operating system refuses (No space left on device)" in done.stderr
