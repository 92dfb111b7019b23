"""Many runs by one command: files and folders, seeds, repetitions; and how to run one of them again."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from actors.cli import main
from actors.provider import Reply, ScriptedProvider

Greenroom = Callable[..., Result]
COMMAND = [sys.executable, "-c", "from actors.cli import main; main(prog_name='greenroom')"]
HEAD = "from actors.provider import *\nfrom actors.scenario import *\n"
GOOD = (
    HEAD
    + """
@scenario(sessions=1, tags=("quick", "good"))
async def good(stage, *, word: str = "yes"):
    '''All is well.'''
    stage.send(stage.spawn("a", Reply(word)), "?", Says(word))
"""
)
PICKY = (
    HEAD
    + """
@scenario(sessions=1, tags=("quick",))
async def picky(stage, *, least: int = 3):
    '''Only some seeds are good enough.'''
    stage.check(stage.provider._seed >= least, f"the seed is at least {least}")
"""
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "night shows"
    folder.mkdir()
    (folder / "good.py").write_text(GOOD)
    (folder / "picky.py").write_text(PICKY)
    (folder / "beside.py").write_text("from actors.scenario import Stage")
    return folder


@pytest.fixture
def greenroom(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Greenroom:
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr(sys, "argv", ["/usr/bin/greenroom"])
    return lambda *options: CliRunner().invoke(main, ["run", *options], catch_exceptions=False)


def test_a_folder_is_all_that_lies_in_it(greenroom: Greenroom) -> None:
    result = greenroom("night shows", "--seed", "5")
    assert result.exit_code == 0, result.output
    assert result.output.index("good: 1 sessions") < result.output.index("picky: 1 sessions")
    assert "2 runs: 2 passed, 0 did not" in result.output


def test_of_several_runs_the_worst_counts_and_is_named_with_its_command(greenroom: Greenroom) -> None:
    result = greenroom("night shows", "night shows/good.py", "--set", "word=what ho", "--set", "least=9")
    assert result.exit_code == 1
    assert "2 runs: 1 passed, 1 did not" in result.output
    told = result.output[result.output.index("2 runs:") :].splitlines()
    assert told[1:3] == [
        "✘ picky, seed 0: not passed: 1 of the script's expectations do not hold",
        "  it does not hold that the seed is at least 9",
    ]
    assert shlex.split(told[3]) == [
        "/usr/bin/greenroom", "run", "night shows/picky.py", "--seed", "0", "--set", "word=what ho", "--set", "least=9",
    ]  # fmt: skip


def test_the_command_that_is_printed_runs_it_again(greenroom: Greenroom) -> None:
    first = greenroom("night shows/picky.py", "--set", "least=4", "--sessions", "3", "--duration", "1m")
    again = next(line for line in first.output.splitlines() if line.startswith("seed: 0"))
    _, _, *options = shlex.split(again.split("run it again with: ")[1])
    assert options == [
        "night shows/picky.py", "--sessions", "3", "--duration", "60", "--seed", "0", "--set", "least=4",
    ]  # fmt: skip
    second = greenroom(*options)
    assert (first.exit_code, second.exit_code) == (1, 1)
    assert next(line for line in second.output.splitlines() if line.startswith("seed: 0")) == again


def test_fail_fast_stops_after_the_first_that_does_not_pass(greenroom: Greenroom) -> None:
    result = greenroom("night shows/picky.py", "night shows/good.py", "--fail-fast")
    assert result.exit_code == 1
    assert "2 runs: 0 passed, 1 did not, 1 were not run to their end" in result.output


def test_each_is_repeated(greenroom: Greenroom) -> None:
    result = greenroom("night shows/good.py", "--repeat", "3", "--display", "none")
    assert (result.exit_code, result.output.strip()) == (0, "3 runs: 3 passed, 0 did not")


def test_seeds_are_scattered_and_those_that_fail_are_listed(greenroom: Greenroom) -> None:
    result = greenroom("night shows/picky.py", "--seeds", "1..5", "--plain")
    assert result.exit_code == 1, result.output
    assert "5 of 5 runs" in result.output
    told = result.output[result.output.index("5 runs:") :].splitlines()
    assert told[0] == "5 runs: 3 passed, 2 did not"
    assert [line[:16] for line in told[1::3]] == ["✘ picky, seed 1:", "✘ picky, seed 2:"]
    assert told[3] == "  /usr/bin/greenroom run 'night shows/picky.py' --seed 1"


def test_an_interrupt_ends_scattered_runs_and_tells_what_there_is(folder: Path) -> None:
    (folder / "long.py").write_text(
        HEAD
        + """
import asyncio, os
@scenario(sessions=1)
async def long(stage):
    if stage.provider._seed > 1:
        os.write(1, b"waits\\n")
        await asyncio.Event().wait()
"""
    )
    args = [*COMMAND, "run", str(folder / "long.py"), "--seeds", "1..4", "--plain"]
    with subprocess.Popen(
        args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        assert running.stdout is not None
        while "waits" not in running.stdout.readline():
            pass
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
    assert running.returncode == 130
    assert "4 runs: " in rest
    assert "were not run to their end" in rest


def test_tags_choose(greenroom: Greenroom) -> None:
    assert "1 sessions" in greenroom("night shows", "--tag", "good", "--tag", "slow").output
    none = greenroom("night shows", "--tag", "slow")
    assert none.exit_code == 2
    assert "no scenario has the tag slow: there are good, quick" in none.stderr


def test_what_there_is_is_listed_and_not_run(greenroom: Greenroom) -> None:
    result = greenroom("night shows", "--list")
    assert result.output.splitlines() == [
        "good  night shows/good.py  1 sessions  [quick, good]",
        "    All is well.",
        "    --set word=yes  (str)",
        "picky  night shows/picky.py  1 sessions  [quick]",
        "    Only some seeds are good enough.",
        "    --set least=3  (int)",
    ]


def test_an_empty_folder_says_how_to_begin(greenroom: Greenroom, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = greenroom("empty")
    assert (result.exit_code, "greenroom new scenario NAME" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--set", "loud=5"), "--set loud: there is no such parameter: good has word: str = 'yes'"),
        (("--set", "loud"), "write NAME=VALUE"),
        (("--seeds", "5..1"), "write the first and the last, as in 1..1000"),
        (("--duration", "soon"), "write seconds, or such as 90s, 5m or 1h"),
        (("--model", "m"), "are for --mode live"),
        (("--log", "x.jsonl", "--repeat", "2"), "--out DIR keeps the log of each"),
        (("--mode", "live"), "good scripts its provider, and a real model follows no script"),
        (("--mode", "sim", "--local"), "--local is a live run"),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_to_do(
    greenroom: Greenroom, options: tuple[str, ...], said: str
) -> None:
    result = greenroom("night shows/good.py", *options)
    assert result.exit_code == 2
    assert said in result.stderr


# Live.


@pytest.fixture
def model() -> Iterator[ScriptedProvider]:
    with ScriptedProvider(default=Reply("fine", completion_tokens=20)) as provider:
        yield provider


LIVE = (
    HEAD
    + """
@scenario(sessions=3, any_model=True)
async def anyone(stage):
    assert stage.mode == "live"
    async def player(name):
        await stage.send(stage.spawn(name), "Well?", Completes())
    {more}
    await stage.each(player)
"""
)


def live(
    greenroom: Greenroom, folder: Path, model: ScriptedProvider, *options: str, more: str = "pass"
) -> Result:
    (folder / "anyone.py").write_text(LIVE.format(more=more))
    where = ("--mode", "live", "--base-url", model.base_url, "--model", "m")
    return greenroom("night shows/anyone.py", *where, "--concurrency", "1", *options)


def test_a_live_run_is_against_the_endpoint_that_is_named(
    greenroom: Greenroom, folder: Path, model: ScriptedProvider
) -> None:
    result = live(greenroom, folder, model)
    assert result.exit_code == 0, result.output
    assert f"anyone: 3 sessions, seed 0, live at {model.base_url}" in result.output
    assert [request.body["model"] for request in model.requests] == ["m"] * 3


def test_a_live_run_ends_where_its_budget_ends(
    greenroom: Greenroom, folder: Path, model: ScriptedProvider
) -> None:
    turns = live(greenroom, folder, model, "--max-turns", "2")
    assert turns.exit_code == 1
    assert "stopped: 2 turns were sent, as many as --max-turns allows: raise it to go on" in turns.output
    tokens = live(greenroom, folder, model, "--max-tokens-total", "50", "--sessions", "50")
    assert tokens.exit_code == 1
    assert "and --max-tokens-total allows 50: raise it to go on" in tokens.output
    assert "--max-tokens-total 50" in tokens.output
    assert len(model.requests) < 30


@pytest.mark.parametrize(
    ("line", "verb"),
    [
        ("stage.fault(Status(503))", "stage.fault"),
        ("stage.outage(at=1, lasting=1)", "stage.outage"),
        ("stage.provider", "stage.provider"),
        ("stage.spawn('b', Reply('x'))", "a play in stage.spawn"),
    ],
)
def test_a_live_run_names_the_verb_that_it_refuses(
    greenroom: Greenroom, folder: Path, model: ScriptedProvider, line: str, verb: str
) -> None:
    result = live(greenroom, folder, model, more=line)
    assert result.exit_code == 3
    assert f"the script failed: ScriptError: {verb} needs the scripted provider" in result.output


def test_a_live_run_without_an_endpoint_says_where_to_name_one(
    greenroom: Greenroom, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("OPENAI_")]:
        monkeypatch.delenv(name)
    (folder / "anyone.py").write_text(LIVE.format(more="pass"))
    result = greenroom("night shows/anyone.py", "--mode", "live", "--model", "m")
    assert (result.exit_code, "OPENAI_API_KEY" in result.stderr) == (2, True)
    assert greenroom("night shows/anyone.py", "--mode", "live", "--seeds", "1..2").exit_code == 2


# A new one.


def test_a_new_scenario_runs_as_it_is_and_is_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    new = ["new", "scenario", "late_night"]
    made = CliRunner().invoke(main, new, catch_exceptions=False)
    path = Path("scenarios/late_night.py")
    assert made.exit_code == 0
    assert f"greenroom run {path}" in made.output
    assert "async def late_night(" in path.read_text()
    assert "tarter" not in path.read_text()
    result = CliRunner().invoke(main, ["run", str(path), "--plain"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    path.write_text("mine")
    again = CliRunner().invoke(main, new, catch_exceptions=False)
    assert (again.exit_code, path.read_text()) == (2, "mine")
    assert "is there already" in again.stderr


@pytest.mark.parametrize("name", ["late night", "1st", "class"])
def test_a_name_that_no_function_can_have_is_refused(name: str) -> None:
    result = CliRunner().invoke(main, ["new", "scenario", name], catch_exceptions=False)
    assert (result.exit_code, "use letters, digits and _" in result.stderr) == (2, True)
