from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.provider import Eof, Gate, Pause, Reply, ScriptedProvider, Status
from tests.chat.terminal import DONE, Terminal, chatting, environment, plain

DIM = "\x1b[2m"


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as provider:
        yield provider


@pytest.fixture
def where(provider: ScriptedProvider) -> tuple[str, ...]:
    return ("--base-url", provider.base_url, "--model", "ada")


def asks(terminal: Terminal, line: str, *answer: str) -> str:
    """Type a line once it may, and wait for what is shown and for the next prompt."""
    terminal.enters(line)
    shown = terminal.sees(*answer)
    return shown + terminal.is_asked()


def texts(provider: ScriptedProvider, attempt: int, key: str = "ada") -> list[str]:
    """What the n-th request said, role by role."""
    body = provider.requests_of(key)[attempt - 1].body
    assert isinstance(body, dict)
    return [f"{message['role']}: {message['content']}" for message in body["messages"]]


def test_it_talks_keeps_the_conversation_and_leaves(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    provider.script("ada", Reply("Hello."), Reply("Fine."))
    with chatting(*where, "--system", "Be brief.") as terminal:
        assert f"ada at {provider.base_url}" in terminal.is_asked()
        asks(terminal, "hi", "Hello.")
        asks(terminal, "how are you?", "Fine.")
        asks(terminal, "/usage", "2 turns", "2 attempts (2 measured)")
        terminal.enters("/quit")
    assert texts(provider, 2) == [
        "system: Be brief.",
        "user: hi",
        "assistant: Hello.",
        "user: how are you?",
    ]


def test_thoughts_are_dim(provider: ScriptedProvider, where: tuple[str, ...]) -> None:
    provider.script("ada", Reply("Yes.", thoughts="Hm."))
    with chatting(*where) as terminal:
        terminal.is_asked()
        shown = asks(terminal, "really?", "Yes.")
        assert f"{DIM}Hm." in shown
        assert f"{DIM}Yes." not in shown
        terminal.types("\x04")


def test_retries_and_retractions_are_shown_as_they_happen(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    gate = Gate()
    after = Reply("Once upon a bridge.").but(Pause(gate=gate, after=1))
    provider.script("ada", Reply("Once upon a time.").but(Eof(after=2)), after)
    with chatting(*where) as terminal:
        terminal.is_asked()
        terminal.enters("a story")
        shown = terminal.sees("truncated", "attempt 2 of 5")
        assert "Once upon a time" in plain(shown)
        gate.set()
        terminal.sees("taken back: ", "Once upon a ", "bridge.")
        terminal.is_asked()
        terminal.enters("/quit")


def test_ctrl_c_cancels_the_turn_and_not_the_program(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    provider.script("ada", Reply("On and on and on.").but(Pause(gate=Gate(), after=1)), Reply("Here."))
    with chatting(*where) as terminal:
        terminal.is_asked()
        terminal.enters("sing")
        terminal.sees("On and")
        terminal.types("\x03")
        terminal.sees("cancelled")
        assert provider.wait_served("ada").outcome == "client_gone"
        terminal.is_asked()
        asks(terminal, "still there?", "Here.")
        terminal.types("half a line\x03")
        terminal.sees("/quit or Ctrl-D leaves")
        terminal.is_asked()
        terminal.types("\x04")
    assert texts(provider, 2) == ["user: still there?"]


def test_a_turn_is_tried_again_in_place_of_what_came_of_it(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    provider.script("ada", Reply("One."), Status(401), Reply("Two."), Reply("Three."))
    with chatting(*where) as terminal:
        terminal.is_asked()
        asks(terminal, "/retry", "nothing to retry")
        asks(terminal, "a", "One.")
        asks(terminal, "b", "failed: http_error:401")
        asks(terminal, "/retry", "Two.")
        asks(terminal, "/retry", "Three.")
        terminal.enters("/quit")
    before = ["user: a", "assistant: One.", "user: b"]
    assert texts(provider, 3) == texts(provider, 4) == before


def test_conversations_are_begun_saved_and_loaded(
    provider: ScriptedProvider, where: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "a talk.json"
    provider.script("ada", Reply("One."), Reply("Two."), Reply("Three."))
    with chatting(*where) as terminal:
        terminal.is_asked()
        asks(terminal, "a", "One.")
        asks(terminal, f"/save {path}", "2 messages saved")
        asks(terminal, "/new", "a new conversation")
        asks(terminal, "b", "Two.")
        asks(terminal, f"/load {path}", "2 messages loaded, said to ada")
        asks(terminal, f"/load {tmp_path}", "can't be read (Is a directory)")
        asks(terminal, "c", "Three.")
        terminal.enters("/quit")
    assert texts(provider, 2) == ["user: b"]
    assert texts(provider, 3) == ["user: a", "assistant: One.", "user: c"]
    assert json.loads(path.read_text())["messages"][1] == {"role": "assistant", "content": "One."}


def test_another_model_goes_on_with_the_conversation(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    provider.script("ada", Reply("One."))
    provider.script("bob", Reply("Two."))
    with chatting(*where) as terminal:
        terminal.is_asked()
        asks(terminal, "a", "One.")
        asks(terminal, "/model bob", "bob answers from now on")
        asks(terminal, "b", "Two.")
        terminal.enters("/quit")
    assert texts(provider, 1, "bob") == ["user: a", "assistant: One.", "user: b"]


def test_commands_that_are_none_are_explained_and_slashes_can_be_sent(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    provider.script("ada", Reply("A path."))
    with chatting(*where) as terminal:
        terminal.is_asked()
        asks(terminal, "/bye", "/bye is no command")
        asks(terminal, "/save", "usage: /save FILE")
        asks(terminal, "/new now", "usage: /new")
        asks(
            terminal, "/help", "/new", "/save FILE", "/load FILE", "/model NAME", "/retry", "/usage", "/quit"
        )
        terminal.types("/us\t")
        terminal.sees("age")
        asks(terminal, "", "0 turns")
        asks(terminal, "//etc/hosts", "A path.")
        terminal.enters("/quit")
    assert texts(provider, 1) == ["user: /etc/hosts"]


def test_what_was_typed_is_edited_and_comes_back(
    provider: ScriptedProvider, where: tuple[str, ...], tmp_path: Path
) -> None:
    provider.script("ada", Reply("One."), Reply("Two."), Reply("Three."))
    history = ("--history", str(tmp_path / "typed"))
    with chatting(*where, *history) as terminal:
        terminal.is_asked()
        asks(terminal, "wrld\x1b[D\x1b[D\x1b[Do", "One.")  # three to the left
        asks(terminal, "\x1b[A!", "Two.")  # up
        terminal.enters("/quit")
    with chatting(*where, *history) as terminal:
        terminal.is_asked()
        asks(terminal, "\x1b[A\x1b[A", "Three.")  # the last one is /quit
        terminal.enters("/quit")
    assert [texts(provider, number)[-1] for number in (1, 2, 3)] == [
        "user: world",
        "user: world!",
        "user: world!",
    ]
    assert (tmp_path / "typed").stat().st_mode & 0o077 == 0


def test_several_lines_are_one_input(provider: ScriptedProvider, where: tuple[str, ...]) -> None:
    provider.script("ada", Reply("One."), Reply("Two."))
    with chatting(*where) as terminal:
        terminal.is_asked()
        asks(terminal, "\x1b[200~a\nb\x1b[201~", "One.")  # pasted
        asks(terminal, "c\x1b\rd", "Two.")  # Alt-Enter
        terminal.enters("/quit")
    assert [texts(provider, number)[-1] for number in (1, 2)] == ["user: a\nb", "user: c\nd"]


def test_what_a_model_writes_does_not_steer_the_terminal(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    evil = "\x1b]0;title\x07\x1b[2J\x9b31m\u202edlrow[bold]\r\b\x00"
    provider.script("ada", Reply(f"a{evil}b", thoughts=f"t{evil}u"), Status(400, message=evil))
    with chatting(*where) as terminal:
        terminal.is_asked()
        terminal.enters("x")
        terminal.sees(DONE)  # what comes before is the editor's, which steers it
        shown = terminal.sees("\\x00b")
        terminal.is_asked()
        terminal.enters("y")
        terminal.sees(DONE)
        shown += terminal.sees("failed: http_error:400")
        for control in ("\x1b]", "\x07", "\x1b[2J", "\x9b", "\u202e", "\b", "\x00"):
            assert control not in shown
        assert "[bold]" in shown
        terminal.is_asked()
        terminal.enters("/quit")


def test_without_styles_thoughts_are_told_by_a_word(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    provider.script("ada", Reply("Yes.", thoughts="Hm."))
    with chatting(*where, env=environment(TERM="dumb")) as terminal:
        terminal.sees("> ")
        terminal.enters("really?")
        assert "\x1b" not in terminal.sees("(thinking) Hm.", "Yes.")
        terminal.enters("/quit")
