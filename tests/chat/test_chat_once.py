from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from actors.cli import main
from actors.provider import Eof, Gate, Pause, Reply, ScriptedProvider, Status
from tests.chat.terminal import chatting, environment, plain

PROGRAM = "from actors.cli import main; main(prog_name='greenroom')"


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider(default=Reply("Paris.", thoughts="Hm.")) as provider:
        yield provider


@pytest.fixture(autouse=True)
def no_endpoint_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"):
        monkeypatch.delenv(name, raising=False)


def chat(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["chat", *arguments], input=stdin, catch_exceptions=False)


def said(provider: ScriptedProvider) -> list[dict[str, str]]:
    body = provider.requests[-1].body
    assert isinstance(body, dict)
    return [dict(message) for message in body["messages"]]


def test_a_pipe_gets_the_answer_and_nothing_else(provider: ScriptedProvider) -> None:
    provider.script("ada", Reply("Pa?").but(Eof(after=1)), Reply("Paris.\n\tIn France.", thoughts="Hm."))
    result = chat("--base-url", provider.base_url, "--model", "ada", "--system", "Be brief.", "where?")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "Paris.\n\tIn France.\n", "")
    assert said(provider) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "where?"},
    ]


def test_the_prompt_may_come_from_stdin(provider: ScriptedProvider) -> None:
    result = chat("--base-url", provider.base_url, "--model", "ada", stdin="where\nis it?\n")
    assert (result.exit_code, result.stdout) == (0, "Paris.\n")
    assert said(provider)[0]["content"] == "where\nis it?"


def test_the_environment_says_where_and_with_which_key(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", provider.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-one")
    monkeypatch.setenv("OTHER_KEY", "sk-two")
    assert chat("--model", "ada", "x").exit_code == 0
    assert provider.requests[-1].headers["authorization"] == "Bearer sk-one"
    assert chat("--model", "ada", "--api-key-env", "OTHER_KEY", "--transport", "httpx", "x").exit_code == 0
    assert provider.requests[-1].headers["authorization"] == "Bearer sk-two"


def test_a_file_says_where_and_how(provider: ScriptedProvider, tmp_path: Path) -> None:
    file = tmp_path / "endpoints.toml"
    file.write_text(
        f'[endpoints.house]\nbase_url = "{provider.base_url}"\nmodel = "ada"\nbody = {{ temperature = 0 }}\n'
        '[endpoints.azure]\nprofile = "azure"\nbase_url = "https://h.invalid"\nmodel = "m"\n'
    )
    assert chat("--endpoints", str(file), "--endpoint", "house", "x").exit_code == 0
    assert chat("--endpoints", str(file), "--endpoint", "house", "--model", "bob", "x").exit_code == 0
    bodies = [request.body for request in provider.requests]
    assert [(body["model"], body["temperature"]) for body in bodies] == [("ada", 0), ("bob", 0)]
    unnamed = chat("--endpoints", str(file), "x")
    assert (unnamed.exit_code, "there are house, azure" in unnamed.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["--model", "m", "x"], "--base-url URL, OPENAI_BASE_URL"),
        (["--base-url", "http://127.0.0.1:9/v1", "x"], "give `model`, or set OPENAI_MODEL"),
        (["--base-url", "127.0.0.1", "--model", "m", "x"], "must begin with http://"),
        (["--base-url", "http://h/v1", "--model", "m", "--api-key-env", "NO_KEY", "x"], "NO_KEY: is not set"),
        (["--base-url", "http://h/v1", "--model", "m", " "], "the prompt is empty"),
        (["--base-url", "http://h/v1", "--model", "m"], "the prompt is empty"),
        (["--local", "--model", "m", "x"], "--local brings its own model"),
        (["--local", "--endpoints", "e.toml", "x"], "--local brings its own model"),
        (["--endpoints", "no.toml", "x"], "no.toml: can't be read"),
        (["--endpoint", "house", "x"], "--endpoints FILE"),
        (["--endpoints", ".", "x"], "can't be read (Is a directory)"),
        (["--base-url", "http://h/v1", "--model", "m", "--log", ".", "x"], "is a folder; name a file in it"),
        (["--endpoints", "e.toml", "--base-url", "http://h/v1", "x"], "leave out --base-url"),
    ],
)
def test_wrong_usage_is_one_line_of_advice(arguments: list[str], advice: str) -> None:
    result = chat(*arguments, stdin="")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert advice in result.stderr


def test_a_key_with_a_newline_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret\n")
    result = chat("--model", "m", "x")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "strip it" in result.stderr
    assert "sk-secret" not in result.output


def test_stdin_that_is_no_text_is_refused() -> None:
    result = chat("--base-url", "http://127.0.0.1:9/v1", "--model", "m", stdin=b"\xff\xfe")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_a_missing_wheel_is_one_line_of_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    result = chat("--local", "x")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "pip install 'greenroom[local]'" in result.stderr


def test_a_turn_that_fails_is_one_line_and_no_text(provider: ScriptedProvider) -> None:
    provider.script("ada", Status(401, message="bad\x1b[31m key"))
    result = chat("--base-url", provider.base_url, "--model", "ada", "x")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith("Error: http_error:401")
    assert "\x1b" not in result.stderr


def test_an_empty_answer_is_asked_for_again_and_is_none_in_the_end(provider: ScriptedProvider) -> None:
    provider.script("ada", Reply(""), Reply(""), Reply("Paris."), Reply(""), Reply(""), Reply(""))
    where = ("--base-url", provider.base_url, "--model", "ada")
    assert chat(*where, "x").stdout == "Paris.\n"
    result = chat(*where, "x")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: limit_reached:empty_answers: the model answered with nothing 3 times\n"


def test_what_a_model_writes_is_inert_in_a_pipe_too(provider: ScriptedProvider) -> None:
    provider.script("ada", Reply("a\x1b[2Jb\u00a0c\r\n"))
    result = chat("--base-url", provider.base_url, "--model", "ada", "x")
    assert result.stdout == "a\\x1b[2Jb\u00a0c\n\n"


def test_the_log_is_written_where_it_is_asked_for(provider: ScriptedProvider, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    assert chat("--base-url", provider.base_url, "--model", "ada", "--log", str(log), "x").exit_code == 0
    assert "actors.turn.completed" in log.read_text()


def test_a_terminal_sees_it_stream(provider: ScriptedProvider) -> None:
    gate = Gate()
    provider.script("ada", Reply("Paris, I say.", thoughts="Hm.").but(Pause(gate=gate, after=2)))
    with chatting("--base-url", provider.base_url, "--model", "ada", "where?") as terminal:
        shown = terminal.sees("Hm.", "Paris, ")
        gate.set()
        assert plain(shown + terminal.rest()) == "Hm.\nParis, I say.\n"


def test_who_waits_for_a_pipe_is_told_of_retries(provider: ScriptedProvider) -> None:
    provider.script("ada", Reply("Pa?").but(Eof(after=1)), Reply("Paris."))
    ours, theirs = pty.openpty()
    where = ["--base-url", provider.base_url, "--model", "ada"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "chat", *where, "where?"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment(),
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"Paris.\n")
    assert "truncated" in (told := plain(os.read(ours, 65536).decode()))
    assert "attempt 2 of 5" in told
    assert "Pa?" not in told
    os.close(ours)
    os.close(theirs)


def test_ctrl_c_ends_it(provider: ScriptedProvider) -> None:
    provider.script("ada", Reply("Paris, I say.").but(Pause(gate=Gate(), after=1)))
    with chatting("--base-url", provider.base_url, "--model", "ada", "where?", status=130) as terminal:
        terminal.sees("Paris, ")
        terminal.types("\x03")
        assert "Traceback" not in terminal.rest()
    assert provider.wait_served("ada").outcome == "client_gone"


def test_talking_needs_a_terminal_to_talk_in() -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "chat", "--model", "m"],
        stdin=theirs,
        capture_output=True,
        env=environment(),
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert b"give the prompt as an argument" in done.stderr
