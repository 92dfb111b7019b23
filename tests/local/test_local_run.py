"""`greenroom run --local`: a real model stands in for the scripted provider, where the scenario lets it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from actors.cli import main
from tests.local.wheels import wants_wheels

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def run(path: Path, log: Path, *options: str) -> Result:
    return CliRunner().invoke(
        main, ["run", str(path), "--log", str(log), "--plain", *options], catch_exceptions=False
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


@wants_wheels
def test_a_scenario_for_any_model_runs_with_the_local_one(log: Path) -> None:
    result = run(SCENARIOS / "open_mic.py", log, "--local", "--sessions", "1")
    assert result.exit_code == 0, result.output
    assert "turns        2  (2 complete)" in result.output
    records = [json.loads(line) for line in log.read_text().splitlines()]
    ended = [record for record in records if record["event.name"] == "actors.request.completed"]
    assert [record["gen_ai.request.model"] for record in ended] == ["smollm2-135m-instruct"] * 2


def test_and_with_the_scripted_provider(log: Path) -> None:
    result = run(SCENARIOS / "open_mic.py", log)
    assert result.exit_code == 0, result.output
    assert "turns        12  (12 complete)" in result.output


def test_a_scenario_that_scripts_its_provider_refuses(log: Path) -> None:
    result = run(SCENARIOS / "first_night.py", log, "--local")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "first_night scripts its provider" in result.stderr
    assert not log.exists()


@wants_wheels
@pytest.mark.parametrize("line", ["stage.spawn('a', Reply('hello'))", "stage.provider.requests"])
def test_a_script_that_said_otherwise_fails_by_name(log: Path, tmp_path: Path, line: str) -> None:
    path = tmp_path / "played.py"
    path.write_text(
        "from actors.provider import Reply\nfrom actors.scenario import scenario\n"
        f"@scenario(any_model=True)\nasync def played(stage): {line}\n"
    )
    result = run(path, log, "--local")
    assert result.exit_code == 3
    assert "a real model plays, and follows no script" in result.output
    assert run(path, log).exit_code == 0


def test_a_missing_wheel_is_one_line_of_advice(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    result = run(SCENARIOS / "open_mic.py", log, "--local")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "pip install 'greenroom[local]'" in result.stderr
