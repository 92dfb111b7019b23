from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from actors.scenario.command import run

ScriptFile = Callable[[str], Path]
GOOD = """
LINE = Reply("To be, or not to be.", slice=7)
@scenario(sessions=2)
async def good(stage):
    '''Two are cut off, and go on.'''
    for number in range(stage.sessions):
        session = stage.spawn(f"s{number}", LINE.but(Eof(after=1)), LINE, retry=FAST)
        stage.send(session, "?", Says(LINE.text, after=("truncated",)))
from actors.config import RetryPolicy
FAST = RetryPolicy(backoff_ms=1)
"""


def python(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, timeout=30, check=False)


def reads(terminal: int) -> Iterator[bytes]:
    # Linux reports the other side's end as EIO, others as the end of file.
    with contextlib.suppress(OSError):
        while data := os.read(terminal, 65536):
            yield data


@pytest.fixture
def play(script_file: ScriptFile, tmp_path: Path) -> Callable[..., Result]:
    def run_it(source: str, *options: str) -> Result:
        log = ["--log", str(tmp_path / "log.jsonl")]
        return CliRunner().invoke(run, [str(script_file(source)), *log, *options], catch_exceptions=False)

    return run_it


def test_a_scenario_that_holds_passes(play: Callable[..., Result], tmp_path: Path) -> None:
    result = play(GOOD)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[:2] == [lines[0], "Two are cut off, and go on."]
    assert "turns        2  (2 complete)" in lines
    assert "               2  truncated" in lines
    assert any(line.startswith("verified     2 of 2 turns") for line in lines)
    log = tmp_path / "log.jsonl"
    assert lines[-1] == f"log: {log}    read it with: greenroom tail {log}"
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert [record["event.name"] for record in records].count("actors.request.retry_scheduled") == 2


def test_plain_output_has_no_control_character(play: Callable[..., Result]) -> None:
    evil = "Reply('a\\x1b[31m[bold]\\u202e\\nz')"
    source = f"@scenario\nasync def s(stage): stage.send(stage.spawn('a', {evil}), '?', Says('other'))"
    result = play(source, "--plain")
    assert result.exit_code == 1
    assert "its text at character 0" in result.output
    assert all(line.isprintable() for line in result.output.splitlines())
    assert "\r" not in result.output


def test_options_reach_the_script(play: Callable[..., Result]) -> None:
    source = """
@scenario
async def s(stage):
    assert (stage.sessions, stage.pace) == (7, 0.5)
    import random
    assert stage.rng.random() == random.Random(3).random()
    stage.check(stage.log.endswith("log.jsonl"), "the script knows its log")
"""
    result = play(source, "--sessions", "7", "--pace", "0.5", "--seed", "3")
    assert result.exit_code == 0, result.output
    assert "✔  the script knows its log" in result.output


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("stage.send(stage.spawn('a', Status(401)), '?', Says('x'))", "it should complete, but it failed"),
        ("stage.check(False, 'pigs fly')", "it does not hold that pigs fly"),
        ("assert 1 == 2, 'sums'", "it does not hold that the script's assertion holds: sums"),
    ],
)
def test_what_does_not_hold_ends_with_1(play: Callable[..., Result], body: str, said: str) -> None:
    result = play(f"@scenario\nasync def s(stage):\n    {body}")
    assert result.exit_code == 1
    assert said in result.output
    assert "not passed: 1 of" in result.output


@pytest.mark.parametrize("options", [("--sessions", "0"), ("--pace", "-1"), ("--nonsense",)])
def test_wrong_usage_ends_with_2(play: Callable[..., Result], options: tuple[str, ...]) -> None:
    assert play(GOOD, *options).exit_code == 2


def test_a_missing_file_and_a_log_that_can_not_be_end_with_2(script_file: ScriptFile, tmp_path: Path) -> None:
    missing = CliRunner().invoke(run, [str(tmp_path / "no.py")])
    assert (missing.exit_code, "does not exist" in missing.output) == (2, True)
    nowhere = CliRunner().invoke(run, [str(script_file(GOOD)), "--log", str(tmp_path / "played.py" / "x")])
    assert (nowhere.exit_code, "to_file.path" in nowhere.output) == (2, True)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError('[bold]boom')", "the script failed: ValueError: [bold]boom"),
        ("await stage.spawn('a', Status(401)).send('?')", "the script failed: TurnFailedError"),
        ("import asyncio; raise asyncio.CancelledError", "awaited something that was cancelled"),
    ],
)
def test_a_script_that_raises_ends_with_3_and_shows_where(
    play: Callable[..., Result], body: str, said: str
) -> None:
    result = play(f"@scenario\nasync def s(stage):\n    {body}")
    assert result.exit_code == 3
    assert said in result.output
    assert "runner.py" not in result.output


def test_a_script_that_can_not_be_loaded_ends_with_3(play: Callable[..., Result]) -> None:
    result = play("boom")
    assert result.exit_code == 3
    assert len(result.output.splitlines()) == 1


def test_an_assertion_that_fails_is_the_only_complaint(play: Callable[..., Result]) -> None:
    result = play(
        "@scenario\nasync def s(stage):\n    stage.send(stage.spawn('a', Stall()), '?', Says(''))\n    assert 0"
    )
    assert result.exit_code == 1
    complaints = [line for line in result.output.splitlines() if line.startswith("✘")]
    assert complaints == ["✘ it does not hold that the script's assertion holds"]


def test_an_exception_of_a_scripts_callback_is_the_scripts(play: Callable[..., Result]) -> None:
    source = """
def oops(event):
    raise LookupError("no such line")
@scenario
async def s(stage):
    stage.send(stage.spawn("a", Reply("x")), "?", on_event=oops)
"""
    result = play(source)
    assert result.exit_code == 3
    assert "LookupError: no such line" in result.output


def test_what_a_failed_script_left_behind_is_not_judged(play: Callable[..., Result]) -> None:
    source = """
import asyncio
@scenario
async def s(stage):
    stage.send(stage.spawn("a", Stall()), "?", Says("never"))
    await asyncio.to_thread(stage.provider.wait_request, "a")
    raise ValueError("boom")
"""
    result = play(source)
    assert result.exit_code == 3
    assert "turns        1  (1 unfinished)" in result.output
    assert "it should complete" not in result.output


def test_an_interrupt_ends_in_order_with_the_summary_so_far(play: Callable[..., Result]) -> None:
    source = """
import asyncio, signal
@scenario
async def s(stage):
    await stage.send(stage.spawn("done", Reply("x")), "?", Says("x"))
    stage.send(stage.spawn("held", Stall()), "?", Says("never"))
    await asyncio.to_thread(stage.provider.wait_request, "held")
    signal.raise_signal(signal.SIGINT)
    await asyncio.Event().wait()
"""
    result = play(source)
    assert result.exit_code == 130
    assert "interrupted: 1 of 2 turns had ended" in result.output
    assert "Traceback" not in result.output


def test_an_interrupt_while_a_script_is_loaded_ends_with_130(play: Callable[..., Result]) -> None:
    assert play("raise KeyboardInterrupt").exit_code == 130


def test_a_file_that_is_run_as_it_is_runs_its_scenario(script_file: ScriptFile, tmp_path: Path) -> None:
    path = script_file(GOOD + "if __name__ == '__main__':\n    good.main()")
    done = python(str(path), "--sessions", "1", "--log", str(tmp_path / "log.jsonl"))
    assert done.returncode == 0, done.stderr
    assert "turns        1  (1 complete)" in done.stdout


@pytest.mark.parametrize("colour", [True, False])
def test_on_a_terminal_it_is_drawn_unless_colour_is_unwanted(
    script_file: ScriptFile, tmp_path: Path, colour: bool
) -> None:
    code = "from actors.scenario.command import run; run.main()"
    args = [sys.executable, "-c", code, str(script_file(GOOD)), "--log", str(tmp_path / "log.jsonl")]
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    env |= {"TERM": "xterm"} if colour else {"TERM": "xterm", "NO_COLOR": "1"}
    ours, theirs = pty.openpty()
    with subprocess.Popen(args, stdout=theirs, stderr=theirs, env=env) as running:
        os.close(theirs)
        shown = b"".join(reads(ours))
    os.close(ours)
    assert running.returncode == 0, shown
    assert (b"\x1b[?25h" in shown) is colour, "the cursor that was hidden is shown again"
    assert (b"\x1b" in shown) is colour
    assert "passed" in shown.decode()


def test_the_command_loads_without_the_machinery() -> None:
    code = """
import sys
import actors.scenario.command
print(*sorted({"httpx", "aiohttp", "pykka", "rich", "asyncio"} & set(sys.modules)))
"""
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
