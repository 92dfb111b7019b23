"""`greenroom chat --local`, in a terminal and in a pipe."""

from __future__ import annotations

from click.testing import CliRunner

from actors.cli import main
from tests.chat.terminal import COMMAND, DONE, PROGRAM, chatting
from tests.local.wheels import wants_wheels

ENDLESS = (
    "import msgspec; from actors.local import LocalModel\n"
    "plain, body = LocalModel.endpoint, {'temperature': 0, 'ignore_eos': True}\n"
    "LocalModel.endpoint = lambda model: msgspec.structs.replace(plain(model), body=body)\n"
)
"""The model says the same each time and does not stop by itself: left alone, it may say one word and be done."""


@wants_wheels
def test_a_talk_with_the_local_model_is_cancelled_and_goes_on() -> None:
    python, option, _, chat = COMMAND
    with chatting("--local", command=(python, option, ENDLESS + PROGRAM, chat)) as terminal:
        assert "smollm2-135m-instruct at http://127.0.0.1:" in terminal.is_asked()
        terminal.enters("Count from one to one thousand, with a sentence for each number.")
        terminal.sees(DONE, " ")
        terminal.types("\x03")
        terminal.sees("· cancelled")
        terminal.is_asked()
        terminal.enters("/usage")
        terminal.sees("1 turn, ")
        terminal.is_asked()
        terminal.types("\x04")


@wants_wheels
def test_the_local_model_is_asked_once() -> None:
    result = CliRunner().invoke(
        main,
        ["chat", "--local", "Answer in one word: what is the colour of the sky?"],
        catch_exceptions=False,
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.strip()
