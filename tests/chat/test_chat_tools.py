"""`greenroom chat --tools`, in a terminal and in a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from actors.cli import main
from actors.provider import Call, Gate, Pause, Reply, ScriptedProvider
from tests.chat.terminal import DONE, Terminal, chatting, plain

LEAVE = "\x04"
"""Ctrl-D."""

TOOLS = '''
from pathlib import Path
from actors import ToolContext, tool

@tool
def note(text: str, context: ToolContext) -> str:
    """Note something down.

    At length.
    """
    context.progress("half")
    with Path("notes.txt").open("a") as file:
        file.write(text + chr(10))
    return "noted\\x1b[2J"

@tool
def look(where: str) -> str:
    """Look."""
    return f"{where} is fine"
'''


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider(default=Reply("Done.")) as provider:
        yield provider


@pytest.fixture
def where(provider: ScriptedProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    monkeypatch.chdir(tmp_path)
    Path("tools.py").write_text(TOOLS)
    return ("--base-url", provider.base_url, "--model", "ada", "--tools", "tools.py")


def noting(*texts: str) -> Reply:
    return Reply("Hm.", tool_calls=tuple(Call("note", f'{{"text": "{text}"}}') for text in texts))


def noted() -> str:
    return Path("notes.txt").read_text() if Path("notes.txt").exists() else ""


def once(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["chat", *arguments], input="", catch_exceptions=False)


def replies(provider: ScriptedProvider, attempt: int) -> list[str]:
    """What the n-th request says that the tools gave."""
    body: Any = provider.requests_of("ada")[attempt - 1].body
    return [message["content"] for message in body["messages"] if message["role"] == "tool"]


def answers(terminal: Terminal, text: str, *shown: str) -> str:
    """Answer a question once it is asked."""
    terminal.is_asked()
    terminal.types(text if text.endswith(LEAVE) else f"{text}\r")
    return terminal.sees(DONE, *shown)


def test_each_call_is_asked_about_and_shown(provider: ScriptedProvider, where: tuple[str, ...]) -> None:
    provider.script("ada", noting("milk"), Reply("Done."))
    with chatting(*where) as terminal:
        terminal.is_asked()
        terminal.enters("buy milk")
        terminal.sees('note(text="milk") waits for you')
        shown = answers(terminal, "y", "Done.")
        assert "\x1b[2J" not in shown
        assert plain(shown).rstrip().endswith("\nDone.")  # and not behind the "Hm." from before
        for line in ('· note(text="milk")\n', "· note: half\n", "noted\\x1b[2J\n"):
            assert line in plain(shown)
        terminal.is_asked()
        terminal.enters("/quit")
    assert noted() == "milk\n"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("n", "not run, it was rejected"),
        ("n too much", "not run, it was rejected: too much"),
        (LEAVE, "rejected"),
    ],
)
def test_a_rejection_goes_to_the_model_with_its_reason(
    provider: ScriptedProvider, where: tuple[str, ...], answer: str, told: str
) -> None:
    provider.script("ada", noting("milk"), Reply("Done."))
    with chatting(*where) as terminal:
        terminal.is_asked()
        terminal.enters("buy milk")
        answers(terminal, answer, "note rejected", "Done.")
        terminal.is_asked()
        terminal.enters("/quit")
    assert noted() == ""
    assert told in replies(provider, 2)[0]


def test_arguments_are_edited_and_what_is_wrong_with_them_is_told(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    provider.script("ada", noting("milk"), Reply("Done."))
    with chatting(*where) as terminal:
        terminal.is_asked()
        terminal.enters("buy milk")
        answers(terminal, "what?", "y: run it; n, or n and why: do not")
        answers(terminal, "edit")
        answers(terminal, "\x15[", "not valid JSON")
        answers(terminal, '\x15{"text": 1}', "$.text")
        answers(terminal, f"\x15{LEAVE}")
        answers(terminal, "e")
        answers(terminal, '\x7f\x7f and honey"}', "Done.")
        terminal.is_asked()
        terminal.enters("/quit")
    assert noted() == "milk and honey\n"


def test_always_holds_for_the_calls_beside_it_and_for_the_conversation(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    provider.script(
        "ada",
        noting("milk", "honey"),
        Reply("Done."),
        noting("bread"),
        Reply("Fine."),
        noting("tea"),
        Reply("Done."),
    )
    with chatting(*where) as terminal:
        terminal.is_asked()
        terminal.enters("buy")
        answers(terminal, "always", "Done.")
        terminal.is_asked()
        terminal.enters("more")
        assert "waits for you" not in terminal.sees("Fine.")
        terminal.is_asked()
        terminal.enters("/new")
        terminal.is_asked()
        terminal.enters("again")
        terminal.sees("waits for you")
        answers(terminal, "n", "Done.")
        terminal.is_asked()
        terminal.enters("/quit")
    assert sorted(noted().split()) == ["bread", "honey", "milk"]


def test_ctrl_c_at_the_question_cancels_the_turn_and_not_the_program(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    provider.script("ada", noting("milk"), Reply("Done."))
    with chatting(*where) as terminal:
        terminal.is_asked()
        terminal.enters("buy milk")
        terminal.sees("waits for you")
        terminal.is_asked()
        terminal.types("\x03")
        terminal.sees("· cancelled")
        terminal.is_asked()
        terminal.enters("still there?")
        terminal.sees("Done.")
        terminal.is_asked()
        terminal.enters("/quit")
    assert noted() == ""


def test_a_turn_is_steered_while_it_runs_and_other_lines_are_said_next(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    gate = Gate()
    asks = noting("milk").but(Pause(gate=gate, after=1))
    provider.script("ada", asks, Reply("Done."), Reply("Bye."))
    with chatting(*where) as terminal:
        terminal.is_asked()
        terminal.enters("buy milk")
        terminal.sees(DONE, "Hm.")
        terminal.enters("thank you")
        terminal.enters("/steer and honey")
        terminal.sees("it hears that before its next step")
        gate.set()
        terminal.sees("waits for you")
        answers(terminal, "y", "heard", "Done.", "Bye.")
        terminal.is_asked()
        terminal.enters("/steer too late")
        terminal.sees("no turn runs")
        terminal.is_asked()
        terminal.enters("/quit")
    last: Any = provider.requests_of("ada")[2].body
    said = [message["content"] for message in last["messages"] if message["role"] == "user"]
    assert said == ["buy milk", "and honey", "thank you"]


def test_the_tools_are_listed_with_what_becomes_of_their_calls(where: tuple[str, ...]) -> None:
    with chatting(*where, "--allow", "*", "--approve", "no*", "--deny", "look") as terminal:
        terminal.is_asked()
        terminal.enters("/tools")
        terminal.sees("note (ask): Note something down.", "look (deny): Look.")
        terminal.is_asked()
        terminal.enters("/quit")


def test_a_pipe_runs_what_is_allowed_and_gets_the_last_answer_alone(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    provider.script("ada", noting("milk"), Reply("Done."))
    result = once(*where, "--allow", "note", "buy milk")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "Done.\n", "")
    assert noted() == "milk\n"


def test_in_a_pipe_nobody_is_asked_and_it_says_so_once(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    provider.script("ada", noting("milk", "honey"), noting("bread"), Reply("Done."))
    result = once(*where, "buy")
    assert (result.exit_code, result.stdout, noted()) == (0, "Done.\n", "")
    assert result.stderr == (
        "note was not run: there is no terminal to ask at; --allow note, or '*', runs it\n"
    )
    assert replies(provider, 2) == ["not run, it was rejected: there is nobody to approve it"] * 2


def test_at_a_terminal_one_question_may_be_about_tools_too(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    provider.script("ada", noting("milk"), Reply("Done."))
    with chatting(*where, "buy milk") as terminal:
        terminal.sees("waits for you")
        answers(terminal, "y", "Done.")
    assert noted() == "milk\n"


def test_a_module_can_hold_them_and_a_list_can_name_them(
    provider: ScriptedProvider, where: tuple[str, ...]
) -> None:
    Path("mine.py").write_text("from tools import look, note\nTOOLS = [look]\n")
    assert once(*where[:4], "--tools", "mine", "x").exit_code == 0
    body: Any = provider.requests[-1].body
    assert [one["function"]["name"] for one in body["tools"]] == ["look"]


@pytest.mark.parametrize(
    ("source", "advice"),
    [
        ("", "bad.py holds no tool: put @tool"),
        ("TOOLS = []", "bad.py holds no tool"),
        ("TOOLS = 3", "TOOLS is 3: make it a list"),
        ("def f(): ...\nTOOLS = [f]", "decorate it with @tool"),
        ("1 = 2", "line 1, is no valid Python"),
        ("x = 1 / 0", "line 1, failed while it was loaded (ZeroDivisionError"),
        ("from actors import tool\n@tool\ndef f(a, /): ...", "bad.py, line 2, failed"),
        ("from tools import look", "'look' is there twice"),
    ],
)
def test_a_file_that_holds_no_tools_is_one_line_of_advice(
    where: tuple[str, ...], source: str, advice: str
) -> None:
    Path("bad.py").write_text(source)
    result = once(*where, "--tools", "bad.py", "x")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert advice in result.stderr


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (("--tools", "no.py"), "no.py does not exist"),
        (("--tools", "."), "is a folder: name a tool file in it"),
        (("--tools", "no_such_module"), "no_such_module can't be imported (ModuleNotFoundError"),
        (("--allow", "nte"), "'nte' fits none of the tools: there are note, look"),
    ],
)
def test_what_is_not_there_is_one_line_of_advice(
    where: tuple[str, ...], arguments: tuple[str, ...], advice: str
) -> None:
    result = once(*where, *arguments, "x")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert advice in result.stderr


def test_a_policy_without_tools_is_refused() -> None:
    result = once("--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--allow", "*", "x")
    assert (result.exit_code, "say which with --tools FILE.py" in result.stderr) == (2, True)
