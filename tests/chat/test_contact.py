"""What looks like a wrong address is told at once where nothing has answered yet, and tried again where it has."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from rich.console import Console

from actors import Endpoint, Runtime
from actors.chat.screen import Screen
from actors.chat.talk import Talk
from actors.cli import main
from actors.config import RetryPolicy, RuntimeConfig, SessionConfig
from actors.provider import Play, RawBody, Reply, ScriptedProvider, Status

PAGE = RawBody.html()
SOON = RuntimeConfig(session=SessionConfig(retry=RetryPolicy(backoff_ms=1, jitter="none")))


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider(default=Reply("Hello.")) as provider:
        yield provider


def talk(provider: ScriptedProvider, *lines: str, base_url: str | None = None) -> list[str]:
    """What is on the screen after these inputs."""
    file = io.StringIO()
    endpoint = Endpoint(base_url=provider.base_url if base_url is None else base_url, model="ada")
    with Runtime(endpoint, config=SOON) as runtime:
        talk = Talk(runtime, endpoint, Screen(Console(file=file)), None)
        for line in lines:
            talk.take(line)
    return file.getvalue().splitlines()


def test_a_page_at_first_contact_is_told_with_advice_and_not_tried_again(provider: ScriptedProvider) -> None:
    provider.script("ada", PAGE, Reply("Hello."))
    (line, hello) = talk(provider, "hi", "/retry")
    assert line.startswith("· protocol:not_a_stream")
    assert "check base_url" in line
    assert hello == "Hello."


def test_so_is_an_endpoint_that_can_t_be_reached(provider: ScriptedProvider) -> None:
    (line,) = talk(provider, "hi", base_url=provider.refused_url)
    assert "is it running, and is base_url right?" in line


@pytest.mark.parametrize("plays", [(Reply("Hello."), PAGE), (Status(503), PAGE, Reply("Hello."), PAGE)])
def test_one_that_has_answered_is_tried_again(provider: ScriptedProvider, plays: tuple[Play, ...]) -> None:
    provider.script("ada", *plays, Reply("Fine."))
    *_, retry, fine = talk(provider, "hi", "how are you?")
    assert "a page of markup; attempt" in retry
    assert fine == "Fine."


def test_asked_once_it_ends_at_once(provider: ScriptedProvider) -> None:
    provider.script("ada", PAGE)
    result = CliRunner().invoke(main, ["chat", "--base-url", provider.base_url, "--model", "ada", "hi"])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert "a page of markup; that is no chat-completions endpoint: check base_url" in result.stderr
    assert len(provider.requests) == 1
