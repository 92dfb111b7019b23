from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("opentelemetry.sdk", reason="needs the extra `otel`")

from actors import Runtime
from actors.cli import main
from actors.log import Log, to_file
from actors.provider import Reply, Reset, ScriptedProvider
from tests.otel.collector import collecting

COMMAND = [sys.executable, "-c", "from actors.cli import main; main(prog_name='greenroom')", "otel"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a turn that needed two attempts."""
    path = tmp_path_factory.mktemp("otel") / "log.jsonl"
    story = Reply("Once upon a time.")
    with to_file(path), ScriptedProvider() as provider, Runtime(provider.endpoint()) as runtime:
        provider.script("ada", story.but(Reset(after=2)), story)
        runtime.spawn(id="ada").run("Tell me a story.")
    return path


def test_a_finished_log_is_sent_as_the_standard_variables_say(path: Path) -> None:
    with collecting() as collector:
        environment = collector.environment | {
            "OTEL_SERVICE_NAME": "stage",
            "OTEL_EXPORTER_OTLP_HEADERS": "x-key=secret",
        }
        done = subprocess.run([*COMMAND, path], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "",
        "sent 1 turns, 3 spans; 0 spans could not be delivered\n",
    )
    assert sorted(collector.spans.queue) == [
        ("stage", "chat scripted"),
        ("stage", "invoke_agent"),
        ("stage", "step 1"),
    ]
    assert collector.metrics >= {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"}
    assert set(collector.headers) == {"secret"}


def test_a_backlog_longer_than_the_sdk_s_queue_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with to_file(path):
        log = Log(run_id="r")
        for turn in range(5000):
            log.emit(
                "actors.turn.completed", "done", session="s", turn=turn, outcome="complete", duration=0.1
            )
    with collecting() as collector:
        done = subprocess.run(
            [*COMMAND, path], capture_output=True, text=True, env=collector.environment, check=True
        )
    assert done.stderr == "sent 5000 turns, 5000 spans; 0 spans could not be delivered\n"
    assert collector.spans.qsize() == 5000
    assert collector.spans.get()[0] == "greenroom"


def test_a_growing_log_is_followed_and_ctrl_c_sends_what_is_there(path: Path, tmp_path: Path) -> None:
    growing = tmp_path / "log.jsonl"
    with (
        collecting() as collector,
        subprocess.Popen(
            [*COMMAND, "-f", growing],
            stderr=subprocess.PIPE,
            text=True,
            env=collector.environment | {"OTEL_BSP_SCHEDULE_DELAY": "10"},
        ) as process,
    ):
        growing.write_bytes(path.read_bytes())
        assert {collector.spans.get(timeout=60)[1] for _ in range(3)} == {
            "chat scripted",
            "invoke_agent",
            "step 1",
        }
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (130, "sent 1 turns, 3 spans; 0 spans could not be delivered\n")


def test_what_could_not_be_delivered_is_counted_and_the_command_fails(path: Path) -> None:
    with collecting(status=400) as collector:
        done = subprocess.run(
            [*COMMAND, path], capture_output=True, text=True, env=collector.environment, check=False
        )
    assert done.returncode == 1
    assert done.stderr.endswith("sent 1 turns, 3 spans; 3 spans could not be delivered\n")


def test_a_missing_extra_and_a_missing_file_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> tuple[int, str]:
        result = CliRunner().invoke(main, ["otel", str(tmp_path / "none.jsonl")])
        return result.exit_code, result.stderr.splitlines()[-1]

    code, said = run()
    assert code == 2
    assert "none.jsonl is not there" in said
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    assert run() == (2, "Error: greenroom otel needs the extra `otel`: pip install 'greenroom[otel]'")
