from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from actors.cli import main
from actors.log import Log, to_file
from actors.log.schema import json_schema

COMMAND = [sys.executable, "-c", "from actors.cli import main; main(prog_name='greenroom')"]
T0 = 1738326896.0


def greenroom(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)], input=stdin, catch_exceptions=False)


def messages(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [line.split("  ")[-1].strip() for line in result.output.splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    with to_file(path, level="TRACE"):
        for second, (event, level, session) in enumerate(
            [
                ("session.started", "INFO", "ada"),
                ("turn.started", "INFO", "ada"),
                ("request.started", "DEBUG", "bob"),
                ("request.failed", "WARNING", "bob"),
                ("turn.failed", "ERROR", "ada"),
                ("tool.completed", "TRACE", "cyd"),
            ]
        ):
            log = Log(now=functools.partial(float, T0 + second))
            log.emit(f"actors.{event}", f"m{second}", level=level, session=session)
        with path.open("ab") as file:
            file.write(b"{half\n")
    return path


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--session ada", "m0 m1 m4"),
        ("--session ada --session bob", "m0 m1 m2 m3 m4"),
        ("--session nobody", ""),
        ("--event turn.*", "m1 m4"),
        ("--event tool.*", "m5"),
        ("--event *.started --event request.*", "m0 m1 m2 m3"),
        ("--event actors.turn.failed", "m4"),
        ("--level info", "m0 m1 m3 m4"),
        ("--level WARNING", "m3 m4"),
        ("--since 2025-01-31T12:34:59", "m3 m4 m5"),
        ("--since 2025-01-31T13:34:59+01:00", "m3 m4 m5"),
        ("--since 1min", ""),
        ("--since 9999d", "m0 m1 m2 m3 m4 m5"),
        ("--level info --session ada -n 2", "m1 m4"),
    ],
)
def test_options_choose_records(path: Path, options: str, expected: str) -> None:
    assert messages(greenroom("tail", path, *options.split())) == expected.split()


def test_json_gives_the_records_as_they_are_and_no_bad_lines(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    assert greenroom("tail", "--json", path).stdout_bytes == b"".join(lines[:-1])
    result = greenroom("tail", "--json", "--event", "turn.*", path)
    assert [msgspec.json.decode(line)["message"] for line in result.stdout.splitlines()] == ["m1", "m4"]


def test_json_is_inert_and_the_same_json(path: Path) -> None:
    record = {"message": "a\u202eb\x9b31m\U000e0001", "timestamp": "2025-01-31T12:34:56Z"}
    path.write_bytes(msgspec.json.encode(record) + b"\n")
    (line,) = greenroom("tail", "--json", path).stdout.splitlines()
    assert line.isprintable()
    assert msgspec.json.decode(line) == record


@pytest.mark.parametrize("arguments", [["tail"], ["tail", "-"], ["tail", "-f", "-"]])
def test_it_reads_a_pipe_to_its_end(path: Path, arguments: list[str]) -> None:
    done = subprocess.run([*COMMAND, *arguments], input=path.read_bytes(), capture_output=True, check=True)
    shown = [line.split("  ")[-1] for line in done.stdout.decode().splitlines()]
    assert shown == ["m0", "m1", "m2", "m3", "m4", "m5", "no record: {half"]


def test_the_last_records_of_a_pipe(path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "tail", "-n1", "--session", "ada"],
        input=path.read_bytes(),
        capture_output=True,
        check=True,
    )
    assert done.stdout.endswith(b"m4\n")
    assert done.stdout.count(b"\n") == 1


def test_several_logs_are_shown_in_the_order_of_time(path: Path, tmp_path: Path) -> None:
    with to_file(tmp_path / "other.jsonl"):
        Log(now=lambda: T0 + 1.5).emit("actors.runtime.started", "between")
    for paths in ([path, tmp_path / "other.jsonl"], [tmp_path / "*.jsonl"]):
        assert messages(greenroom("tail", *paths))[:4] == ["m0", "m1", "between", "m2"]


def test_sessions_with_long_names_stay_aligned(path: Path) -> None:
    with to_file(path):
        for session in ("x" * 32, None, "short"):
            Log(now=lambda: T0).emit("actors.turn.started", "here", session=session, turn=1)
    places = {line.index("here") for line in greenroom("tail", "-n", "3", path).output.splitlines()}
    assert len(places) == 1


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["tail", "--since", "soon", "x"], "--since 'soon' is no time"),
        (["tail", "-", "x"], "together with files"),
        (["tail", "nothing-*.jsonl"], "nothing-*.jsonl is not there"),
    ],
)
def test_misuse_is_one_line_of_advice(arguments: list[str], advice: str) -> None:
    result = greenroom(*arguments)
    assert result.exit_code == 2
    assert advice in result.stderr
    assert result.stderr.count("\n") == 1


def test_schema_prints_the_json_schema() -> None:
    assert msgspec.json.decode(greenroom("schema").output) == json_schema()
