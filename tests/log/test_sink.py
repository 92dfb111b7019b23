from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import loguru
import msgspec
import pytest

from actors.errors import ConfigError
from actors.log import Log, to_file
from actors.log._loguru import FileSink, has_decided, is_heard

EVENT = "actors.turn.started"


def records(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def busy_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("busy_threads")
def test_seq_has_no_gaps_in_the_file_s_order_whoever_emits(tmp_path: Path) -> None:
    together = threading.Barrier(4)

    def emit() -> None:
        log = Log()
        together.wait()
        for _ in range(100):
            log.emit(EVENT, "x")

    threads = [threading.Thread(target=emit) for _ in range(4)]
    with to_file(tmp_path / "log.jsonl", rotation="20 KB"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    files = sorted(tmp_path.iterdir(), key=lambda file: records(file)[0]["seq"])
    assert len(files) > 1
    assert [record["seq"] for file in files for record in records(file)] == list(range(1, 401))


def test_records_below_the_level_are_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with to_file(path, level="INFO"):
        for level in ("INFO", "DEBUG", "WARNING"):
            Log().emit(EVENT, "", level=level)
    assert [(record["seq"], record["level"]) for record in records(path)] == [(1, "INFO"), (2, "WARNING")]


def test_a_line_is_one_write_however_long_it_is(tmp_path: Path) -> None:
    # A rotation function sees what loguru writes to: a raw file, whose `write` is one system call.
    seen: list[tuple[object, int]] = []

    def look(message: bytes, file: object) -> bool:
        seen.append((file, len(message)))
        return False

    path = tmp_path / "log.jsonl"
    with to_file(path, rotation=look):
        Log().emit(EVENT, "x" * 100_000)
        # Nothing is held back: the line is in the file while the file is open.
        assert len(records(path)[0]["message"]) == 100_000
    ((file, size),) = seen
    assert isinstance(file, io.RawIOBase)
    assert size == path.stat().st_size


def test_it_appends(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for _ in range(2):
        with to_file(path):
            Log().emit(EVENT, "")
    assert [record["seq"] for record in records(path)] == [1, 1]


def test_folders_are_made_and_braces_are_braces(tmp_path: Path) -> None:
    path = tmp_path / "a" / "{time}{" / "log{}.jsonl"
    with to_file(str(path), rotation=1, retention=1):
        for _ in range(3):
            Log().emit(EVENT, "")
    assert records(path)[0]["seq"] == 3
    assert len(list(path.parent.iterdir())) == 2


def test_rotation_begins_a_new_file_and_retention_removes_old_ones(tmp_path: Path) -> None:
    with to_file(tmp_path / "log.jsonl", rotation="1 KB", retention=2):
        for _ in range(20):
            Log().emit(EVENT, "x" * 600)
    kept = sorted(records(file)[0]["seq"] for file in tmp_path.iterdir())
    assert kept == [18, 19, 20]


def test_a_file_that_is_old_enough_is_rotated(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.touch()
    os.utime(path, (0, 0))
    with to_file(path, rotation="1 day"):
        Log().emit(EVENT, "")
        Log().emit(EVENT, "")
    assert sorted(len(records(file)) for file in tmp_path.iterdir()) == [0, 2]


def test_a_record_that_comes_up_in_the_middle_of_a_line_is_the_next_one(tmp_path: Path) -> None:
    # As of a finalizer, which runs wherever the collector does.
    path = tmp_path / "log.jsonl"
    log = Log()

    def rotation(line: Any, _: Any) -> bool:
        if b"outer" in line:
            log.emit(EVENT, "inner")
        return False

    with to_file(path, rotation=rotation):
        log.emit(EVENT, "outer")
    assert [(record["seq"], record["message"]) for record in records(path)] == [(1, "outer"), (2, "inner")]


def test_a_rotation_that_raises_fails_nobody_and_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def rotation(*_: Any) -> bool:
        raise RuntimeError("no such luck")

    with to_file(tmp_path / "log.jsonl", rotation=rotation):
        Log().emit(EVENT, "x")
    assert "can't be written (no such luck)" in capsys.readouterr().err


def test_remove_closes_the_file_and_may_be_called_again(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    file = to_file(path)
    Log().emit(EVENT, "")
    file.remove()
    file.remove()
    Log().emit(EVENT, "")
    assert len(records(path)) == 1
    assert file.path == str(path)


def test_two_files_each_count_for_themselves(tmp_path: Path) -> None:
    with to_file(tmp_path / "a.jsonl"):
        Log().emit(EVENT, "")
        with to_file(tmp_path / "b.jsonl"):
            Log().emit(EVENT, "")
        Log().emit(EVENT, "")
    assert [record["seq"] for record in records(tmp_path / "a.jsonl")] == [1, 2, 3]
    assert [record["seq"] for record in records(tmp_path / "b.jsonl")] == [1]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("rotation", "10 XB"),
        ("rotation", "5 parsecs"),
        ("rotation", "25:00"),
        ("rotation", ""),
        ("rotation", b"1 MB"),
        ("rotation", -1),
        ("rotation", True),
        ("rotation", float("nan")),
        ("rotation", 0),
        ("rotation", "0 MB"),
        ("rotation", "-5 MB"),
        ("rotation", "-1 day"),
        ("rotation", "1 ms"),
        ("rotation", timedelta(0)),
        ("rotation", "9" * 400 + " days"),
        ("retention", "10 MB"),
        ("retention", -1),
        ("retention", False),
        ("retention", "-1 day"),
        ("retention", object()),
        ("level", "info"),
        ("level", 10),
    ],
)
def test_a_setting_that_can_t_be_names_itself(tmp_path: Path, setting: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"^to_file.{setting}: must be ") as caught:
        to_file(tmp_path / "log.jsonl", **{setting: value})
    assert repr(value) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_can_t_be_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cases: list[tuple[str | Path, str]] = [
        (tmp_path, "is a folder; name a file in it"),
        (tmp_path / "file" / "log.jsonl", "choose another folder"),
        ("a\0b", "can't be a file's name"),
        (tmp_path / ("x" * 300), "File name too long"),
    ]
    for path, advice in cases:
        with pytest.raises(ConfigError, match=r"^to_file\.path: ") as caught:
            to_file(path)
        assert advice in str(caught.value)


def test_a_folder_that_may_not_be_written_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By a fake, because the superuser may write anywhere.
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "makedirs", refuse)
    with pytest.raises(ConfigError, match="must not be written by this user; choose another folder"):
        to_file(tmp_path / "log.jsonl")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_fails_nobody_and_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with to_file("/dev/full"):
        for _ in range(3):
            Log().emit(EVENT, "Hello")
    assert capsys.readouterr().err == (
        "greenroom: the log '/dev/full' can't be written (No space left on device); what it would say is lost\n"
    )


def test_a_forked_child_counts_its_own_records(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with to_file(path):
        Log().emit(EVENT, "")
        child = os.fork()
        if child == 0:
            try:
                Log().emit(EVENT, "")
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        Log().emit(EVENT, "")
    here = os.getpid()
    assert [(record["seq"], record["process.pid"]) for record in records(path)] == [
        (1, here),
        (1, child),
        (2, here),
    ]


FRESH = """
import loguru
before = set(loguru.logger._core.handlers)
{first}
import actors.log
assert set(loguru.logger._core.handlers) == before
actors.log.Log().emit("actors.turn.started", "Hello")
{then}
actors.log.Log().emit("actors.turn.started", "again")
"""


@pytest.mark.parametrize(
    ("first", "then", "heard"),
    [
        ("", "", []),
        ("", 'loguru.logger.enable("actors")', ["again"]),
        ('loguru.logger.enable("actors")', "", ["Hello", "again"]),
        ('loguru.logger.enable("actors")', 'loguru.logger.disable("actors")', ["Hello"]),
    ],
)
def test_importing_the_log_says_nothing_and_leaves_the_host_s_choice(
    first: str, then: str, heard: list[str]
) -> None:
    # loguru's own handler writes to stderr.
    program = FRESH.format(first=first, then=then)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert [line.split(" - ")[1] for line in done.stderr.splitlines()] == heard
    assert done.stdout == ""


def test_loguru_s_inside_is_as_we_take_it() -> None:
    heard: list[str] = []
    handler = loguru.logger.add(heard.append, format="{message}")
    assert is_heard(loguru.logger, __name__)
    loguru.logger.info("Hello")
    loguru.logger.disable(__name__)
    assert not is_heard(loguru.logger, __name__)
    loguru.logger.enable(__name__)
    loguru.logger.remove(handler)
    assert heard == ["Hello\n"]
    assert has_decided("actors")
    assert not has_decided("elsewhere")
    assert {"write", "stop"} <= set(dir(FileSink))
