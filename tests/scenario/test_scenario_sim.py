"""The same files in simulated time."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from actors.cli import main
from actors.scenario.display import Display
from actors.scenario.exits import Exit
from actors.scenario.loader import load
from actors.scenario.report import complaints
from actors.scenario.runner import Settings, run

ROOT = Path(__file__).parents[2]
FIRST_NIGHT = ROOT / "scenarios" / "first_night.py"
ScriptFile = Callable[[str], Path]


def greenroom(*options: str) -> Result:
    return CliRunner().invoke(main, ["run", *options, "--mode", "sim"], catch_exceptions=False)


def test_the_first_night_holds_and_a_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    left = []
    for name in ("once", "again"):
        result = greenroom(str(FIRST_NIGHT), "--plain", "--seed", "7", "--out", str(tmp_path / name))
        assert result.exit_code == 0, result.output
        left.append([(tmp_path / name / file).read_bytes() for file in ("events.jsonl", "log.jsonl")])
    assert left[0] == left[1]
    assert "first_night: 50 sessions, seed 7, in simulated time" in result.output


def test_the_readmes_scenario_holds(tmp_path: Path) -> None:
    blocks = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    (source,) = (block for block in blocks if "@scenario" in block)
    path = tmp_path / "bad_evening.py"
    path.write_text(source)
    for seed in (1, 2):
        report = run(load(path), Settings(mode="sim", seed=seed), Display())
        assert report.passed, list(complaints(report))
        assert {"transport:connect", "transport:read", "http_error:503"} <= dict(
            report.summary.retries
        ).keys()


def test_a_new_scenario_holds_for_many_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["new", "scenario", "late"], catch_exceptions=False).exit_code == 0
    result = greenroom("scenarios/late.py", "--seeds", "1..10", "--display", "none")
    assert (result.exit_code, result.output.strip()) == (0, "10 runs: 10 passed, 0 did not")


@pytest.mark.parametrize(
    "line",
    ["import time; time.sleep(1)", "import random; random.random()", "import socket; socket.socket()"],
)
def test_what_a_simulation_can_not_have_is_the_scripts_to_leave_out(
    script_file: ScriptFile, line: str
) -> None:
    result = greenroom(str(script_file(f"@scenario\nasync def s(stage):\n    {line}")), "--plain")
    assert result.exit_code == Exit.SCRIPT_FAILED
    assert "the script failed: SimulationError: " in result.output


def test_an_interrupt_ends_it_in_order(script_file: ScriptFile) -> None:
    source = """
import asyncio, signal
@scenario
async def s(stage):
    await stage.send(stage.spawn("done", Reply("x")), "?", Says("x"))
    stage.send(stage.spawn("held", Stall()), "?", Says("never"))
    await stage.provider.halted("held")
    signal.raise_signal(signal.SIGINT)
    await stage.sleep(3600)
"""
    result = greenroom(str(script_file(source)), "--plain")
    assert result.exit_code == Exit.INTERRUPTED, result.output
    assert "interrupted: 1 of 2 turns had ended" in result.output


def test_it_is_drawn_while_it_runs(script_file: ScriptFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delitem(os.environ, "NO_COLOR", raising=False)
    source = """
@scenario(sessions=3)
async def s(stage):
    async def player(name):
        await stage.send(stage.spawn(name, Reply("To be, or not to be." * 40, pace_s=1)), "?", Completes())
    await stage.each(player)
from actors.scenario import Completes
"""
    result = greenroom(str(script_file(source)), "--display", "rich")
    assert result.exit_code == 0, result.output
    assert "s: 3 sessions, seed 0, in simulated time" in result.output
