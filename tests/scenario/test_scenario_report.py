from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from rich.console import Console

from actors.events import TextDelta, TurnCompleted, TurnStarted
from actors.scenario import Says
from actors.scenario.exits import Exit
from actors.scenario.report import Bill, Ending, Raised, Report, show
from actors.scenario.summary import Check, summarise
from actors.scenario.table import Table
from actors.scenario.tally import Tally

Tell = Callable[[str], Any]
BILL = Bill(name="night", story="", file="night.py", sessions=1, seed=0, provider="http://127.0.0.1:1/v1")
NASTY = "[bold]\x1b[31mevil[/]"
COLOUR = re.compile(r"\x1b\[[\d;]*m")


def report(
    tell: Tell, *, ending: Ending = "finished", expected: str = NASTY, error: Raised | None = None
) -> Report:
    tally = Tally()
    event = tell("ada")
    tally.turn("ada", 1).expected = Says(expected)
    for one in (event(TurnStarted), event(TextDelta, text=NASTY), event.terminal(TurnCompleted, text=NASTY)):
        tally.apply(one)
    summary = summarise(tally, [Check(f"it is {NASTY}", holds=True)], 1.25)
    return Report(bill=BILL, summary=summary, ending=ending, error=error, log="/tmp/a log.jsonl")  # noqa: S108 - a name


@pytest.mark.parametrize(
    ("ending", "expected", "code"),
    [
        ("finished", NASTY, Exit.PASSED),
        ("finished", "other", Exit.NOT_AS_EXPECTED),
        ("failed", NASTY, Exit.SCRIPT_FAILED),
        ("interrupted", "other", Exit.INTERRUPTED),
    ],
)
def test_the_exit_code_says_how_it_ended(tell: Tell, ending: Ending, expected: str, code: Exit) -> None:
    assert report(tell, ending=ending, expected=expected).exit is code


@pytest.mark.parametrize("expected", [NASTY, "other"])
def test_on_a_terminal_it_is_a_table_in_which_nothing_foreign_is_obeyed(tell: Tell, expected: str) -> None:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=True, color_system="standard", _environ={})
    show(report(tell, expected=expected), console, plain=False)
    lines = COLOUR.sub("", out.getvalue()).splitlines()
    assert all(line.isprintable() for line in lines)
    assert "\x1b[31mevil" not in out.getvalue()
    assert any("✔  it is [bold]·[31mevil[/]" in line for line in lines)
    assert any(line.startswith("│ wall time") and "1.2 s" in line for line in lines)
    assert lines[-1].endswith("greenroom tail '/tmp/a log.jsonl'")
    assert any(line.startswith("✘ ada turn 1: its text at character 0") for line in lines) == (
        expected == "other"
    )


def test_a_script_that_raised_is_told_with_its_own_frames_only(
    tell: Tell, capsys: pytest.CaptureFixture[str]
) -> None:
    def framework(script: Callable[[], None]) -> None:
        script()

    played: dict[str, Any] = {}
    exec(compile("def script():\n    raise ValueError('boom')", BILL.file, "exec"), played)  # noqa: S102 - a script
    with pytest.raises(ValueError, match="boom") as caught:
        framework(played["script"])
    out = io.StringIO()
    show(
        report(tell, ending="failed", error=Raised.of(caught.value, BILL.file)),
        Console(file=out, color_system=None),
        plain=True,
    )
    assert "the script failed: ValueError: boom" in out.getvalue()
    told = capsys.readouterr().err
    assert "night.py" in told
    assert "framework" not in told


@pytest.mark.parametrize("plain", [True, False])
def test_tables_of_the_script_are_printed_and_not_obeyed(tell: Tell, plain: bool) -> None:
    table = Table(title="What came", columns=("who", NASTY), rows=(("ada", NASTY),))
    out = io.StringIO()
    shown = msgspec.structs.replace(report(tell), tables=(table,))
    show(shown, Console(file=out, width=40, color_system=None), plain=plain)
    lines = out.getvalue().splitlines()
    assert lines[lines.index("What came") + 2] == f"ada  {NASTY.replace(chr(27), '·')}"
    assert all(line.isprintable() for line in lines)
