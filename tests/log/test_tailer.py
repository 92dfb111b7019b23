from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.log.merge import WINDOW
from actors.log.opened import CHUNK
from actors.log.tail import read
from actors.log.tailer import Tailer

ROTATED = "a.2025-01-31_12-34-56_000001.jsonl"


class Clock:
    """A time that only moves when told."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def time_of(line: bytes) -> float | None:
    return float(line.split()[0]) if line[:1].isdigit() else None


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, *lines: str) -> None:
    with Path(name).open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def poll(tailer: Tailer[bytes], clock: Clock) -> list[str]:
    return [item.decode() for items in tailer.poll(clock) for item in items]


@pytest.fixture
def tailer(folder: Path) -> Iterator[Tailer[bytes]]:
    tailer = Tailer(["*.jsonl"], bytes, time_of)
    yield tailer
    tailer.close()


def test_one_log_waits_for_nobody(folder: Path, clock: Clock, tailer: Tailer[bytes]) -> None:
    assert poll(tailer, clock) == []
    write("a.jsonl", "1 a", "2 a")
    assert poll(tailer, clock) == ["1 a", "2 a"]


def test_a_backlog_comes_in_the_order_of_time(folder: Path, clock: Clock, tailer: Tailer[bytes]) -> None:
    pad = "." * (CHUNK // 20)  # so that a file is many chunks, and of another number of seconds each
    write("a.jsonl", *(f"{time} {pad}" for time in range(0, 200, 2)))
    write("b.jsonl", *(f"{time} {pad}{pad}" for time in range(1, 200, 2)))
    write("c.jsonl", "50 c")
    found = poll(tailer, clock) + [item.decode() for item in tailer.rest()]
    times = [int(line.split()[0]) for line in found]
    assert times == sorted([*range(200), 50])


def test_a_late_record_of_another_log_still_comes_in_its_place(
    folder: Path, clock: Clock, tailer: Tailer[bytes]
) -> None:
    write("a.jsonl", "1 a")
    write("b.jsonl", "1 b")
    assert poll(tailer, clock) == ["1 a", "1 b"]
    write("a.jsonl", "3 a")
    assert poll(tailer, clock) == []
    write("b.jsonl", "2 b")
    clock.time += WINDOW
    assert poll(tailer, clock) == ["2 b", "3 a"]


def test_a_clock_that_is_ahead_delays_nothing_for_longer(
    folder: Path, clock: Clock, tailer: Tailer[bytes]
) -> None:
    write("a.jsonl", "9999 a")
    write("b.jsonl", "1 b")
    assert poll(tailer, clock) == ["1 b"]
    write("b.jsonl", "2 b")
    clock.time += WINDOW
    assert poll(tailer, clock) == ["2 b", "9999 a"]


def test_logs_may_come_later(folder: Path, clock: Clock) -> None:
    tailer = Tailer(["named", "sub/*.jsonl"], bytes, time_of)
    assert poll(tailer, clock) == []
    Path("sub").mkdir()
    write("sub/b.jsonl", "1 b")
    write("named", "2 named")
    found = poll(tailer, clock)
    clock.time += WINDOW
    assert [*found, *poll(tailer, clock)] == ["1 b", "2 named"]
    assert tailer.progress.files == 2
    tailer.close()


def test_rotated_files_that_fit_the_pattern_are_read_once_and_first(
    folder: Path, clock: Clock, tailer: Tailer[bytes]
) -> None:
    write(ROTATED, "1 old", "no time")
    write("a.jsonl", "2 new")
    assert poll(tailer, clock) == ["1 old", "no time", "2 new"]
    Path("a.jsonl").rename(ROTATED.replace("01.j", "02.j"))
    write("a.jsonl", "3 newer")
    assert poll(tailer, clock) == ["3 newer"]
    assert tailer.progress.files == 1


def test_rotated_files_without_their_log_are_read_too(folder: Path) -> None:
    write(ROTATED, "1")
    assert list(read("*.jsonl")) == [b"1"]


def test_progress_says_how_much_there_is(folder: Path, clock: Clock, tailer: Tailer[bytes]) -> None:
    write("a.jsonl", *(["1 " + "." * 97] * 10_000))
    polling = tailer.poll(clock)
    next(polling)
    progress = tailer.progress
    assert (progress.read, progress.there, progress.files) == (CHUNK, 1_000_000, 1)
    list(polling)
    assert tailer.progress.read == 1_000_000


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(folder: Path) -> None:
    write("[a].jsonl", "1")
    write("a", "2")
    assert list(read("[a].jsonl")) == [b"1"]


def test_several_logs_are_read_in_the_order_of_time(folder: Path) -> None:
    line = '{{"timestamp":"2025-01-31T12:34:5{}Z"}}'.format
    write("a.jsonl", line(1), "no record", line(4))
    write("b.jsonl", line(2), line(3))
    read_lines = [it.decode() for it in read("a.jsonl", os.fspath("b.jsonl"))]
    assert read_lines == [line(1), "no record", line(2), line(3), line(4)]
