"""`greenroom run --otel`: a run is sent while it goes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("opentelemetry.sdk", reason="needs the extra `otel`")

from actors.log import Log, to_file
from actors.scenario.command import run
from tests.otel.collector import Collector, collecting

SCRIPT = """
from actors import RetryPolicy
from actors.provider import Eof, Reply
from actors.scenario import Says, Stage, scenario

LINE = Reply("To be, or not to be.", slice=7)


@scenario(sessions=2)
async def good(stage: Stage) -> None:
    for number in range(stage.sessions):
        session = stage.spawn(f"s{number}", LINE.but(Eof(after=1)), LINE, retry=RetryPolicy(backoff_ms=1))
        stage.send(session, "?", Says(LINE.text, after=("truncated",)))
"""
WAITING = """
    await stage.settled()
    import asyncio, sys
    await asyncio.to_thread(sys.stdin.readline)
"""
COMMAND = [sys.executable, "-c", "from actors.cli import main; main(prog_name='greenroom')", "run"]
A_TURN = ["chat scripted", "invoke_agent", "step 1"]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "good.py"
    path.write_text(SCRIPT)
    return path


@contextmanager
def collected(monkeypatch: pytest.MonkeyPatch, status: int = 200) -> Iterator[Collector]:
    with collecting(status) as collector:
        for name, value in collector.environment.items():
            monkeypatch.setenv(name, value)
        yield collector


def play(script: Path, *options: str) -> Result:
    return CliRunner().invoke(
        run, [str(script), "--otel", "--display", "none", *options], catch_exceptions=False
    )


def names(collector: Collector) -> list[str]:
    return sorted(name for _, name in collector.spans.queue)


def test_all_turns_of_a_run_and_none_that_its_log_held_before(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log.jsonl"
    with to_file(log):
        Log(run_id="r").emit(
            "actors.turn.completed", "old", session="s", turn=1, outcome="complete", duration=0.1
        )
    with collected(monkeypatch) as collector:
        result = play(script, "--log", str(log))
    assert (result.exit_code, result.stderr) == (0, "")
    assert names(collector) == sorted(A_TURN * 2)
    assert collector.metrics >= {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"}


def test_a_turn_is_sent_while_the_run_goes_on(tmp_path: Path) -> None:
    script = tmp_path / "waits.py"
    script.write_text(SCRIPT + WAITING)
    with (
        collecting() as collector,
        subprocess.Popen(
            [*COMMAND, str(script), "--otel", "--display", "none", "--sessions", "1"],
            stdin=subprocess.PIPE,
            env=collector.environment | {"OTEL_BSP_SCHEDULE_DELAY": "10"},
        ) as process,
    ):
        assert sorted(collector.spans.get(timeout=60)[1] for _ in range(3)) == A_TURN
        assert process.poll() is None
        process.communicate(b"\n", timeout=60)
        assert process.returncode == 0


def test_runs_of_several_seeds_are_all_sent(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with collected(monkeypatch) as collector:
        result = play(script, "--seeds", "1..2", "--sessions", "1")
    assert result.exit_code == 0, result.output
    assert names(collector) == sorted(A_TURN * 2)


def test_what_could_not_be_delivered_is_told_and_the_run_passes_all_the_same(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collected(monkeypatch, status=400):
        result = play(script)
    assert result.exit_code == 0
    assert result.stderr.endswith("OpenTelemetry: sent 2 turns, 6 spans; 6 spans could not be delivered\n")


def test_simulated_time_and_a_missing_extra_are_refused(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = play(script, "--mode", "sim")
    assert result.exit_code == 2
    assert "--otel is for wire and live" in result.stderr
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    result = play(script)
    assert result.exit_code == 2
    assert "greenroom run --otel needs the extra `otel`: pip install 'greenroom[otel]'" in result.stderr
