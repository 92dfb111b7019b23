"""Not a line is lost or given twice, whatever happens to the files between two looks."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.log.follower import Follower, base_of
from actors.log.opened import HEAD

WRITER = """
import sys
from actors.log import Log, to_file
with to_file(sys.argv[1], rotation=3000):
    log = Log()
    for number in range(int(sys.argv[2])):
        log.emit("actors.turn.started", f"{number}", session="s", turn=1)
        if number % 100 == 0:
            print(number, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


def now(follower: Follower) -> list[bytes]:
    """What there is for now."""
    found: list[bytes] = []
    while (lines := follower.read()) is not None:
        found += lines
    return found


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def rotate(path: Path) -> Path:
    """As loguru does, whose names have microseconds."""
    for micro in itertools.count():
        new = path.with_name(f"log.2025-01-31_12-34-56_{micro:06}.jsonl")
        if not new.exists():
            path.rename(new)
            return new
    raise AssertionError


class Writer:
    """Does to a log what writers do, and knows which lines there were."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written: list[bytes] = []

    def write(self) -> None:
        # Longer than what a file is known by, so that what is written over it may have any length.
        line = f"{len(self.written):06}".encode() + b"." * (len(self.written) % 3 * HEAD)
        append(self.path, line + b"\n")
        self.written.append(line)

    def rotate(self) -> None:
        if self.path.exists():
            rotate(self.path)

    def truncate(self) -> None:
        if self.path.exists():
            os.truncate(self.path, 0)

    def rewrite(self) -> None:
        self.truncate()
        for _ in range(4):
            self.write()

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        # What is written next may get the inode number that is free now.

    def tear(self) -> None:
        append(self.path, b"torn")
        self.rotate()


@given(
    st.lists(st.sampled_from(["write", "write", "rotate", "tear", "look", "truncate", "rewrite", "remove"]))
)
def test_no_line_is_lost_or_given_twice(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    writer = Writer(tmp_path_factory.mktemp("follow") / "log.jsonl")
    seen: list[bytes] = []
    with contextlib.closing(Follower(str(writer.path))) as follower:
        for step in [*steps, "look"]:
            if step in {"look", "truncate", "rewrite", "remove"}:  # what is cut off unread is lost to all
                seen += now(follower)
            if step != "look":
                getattr(writer, step)()
    assert seen == writer.written


def test_a_writer_in_another_process_that_rotates_all_the_time(path: Path) -> None:
    count = 2000
    follower = Follower(str(path))
    seen: list[bytes] = []
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(count)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        for _ in process.stdout:  # it goes on meanwhile
            seen += now(follower)
    seen += now(follower)
    assert process.returncode == 0
    assert [int(line.split(b'"message":"')[1].split(b'"')[0]) for line in seen] == list(range(count))
    assert len(list(path.parent.iterdir())) > 100
    follower.close()


def test_several_rotations_between_two_looks(path: Path) -> None:
    follower = Follower(str(path))
    append(path, b"1\n")
    assert now(follower) == [b"1"]
    for number in range(2, 6):
        append(path, b"%d\n" % number)
        rotate(path)
    assert now(follower) == [b"2", b"3", b"4", b"5"]  # nobody has taken the name yet
    append(path, b"6\n")
    assert now(follower) == [b"6"]
    follower.close()


def test_what_was_rotated_away_before_is_not_read_unless_asked_for(path: Path) -> None:
    append(path, b"old\n")
    old = rotate(path)
    append(path, b"new\n")
    follower = Follower(str(path))
    assert now(follower) == [b"new"]
    follower.close()
    follower = Follower(str(path), rotated=[str(old)])
    assert follower.bytes_left == 0
    assert (follower.read(), follower.bytes_left) == ([b"old"], 4)
    assert now(follower) == [b"new"]
    assert (follower.bytes_read, follower.bytes_left) == (8, 0)
    follower.close()


def test_an_inode_number_that_was_used_before_is_another_file(path: Path) -> None:
    append(path, b"1\n")
    old = rotate(path)
    follower = Follower(str(path))  # knows the old one by its inode number
    inode = old.stat().st_ino
    old.write_bytes(b"2\n")  # the same number with other bytes, as after it was freed and given again
    append(path, b"3\n")
    assert old.stat().st_ino == inode
    assert now(follower) == [b"2", b"3"]
    follower.close()


def test_a_file_that_was_written_over_and_is_longer_now_is_read_from_its_start(path: Path) -> None:
    follower = Follower(str(path))
    append(path, b"one\n")
    assert now(follower) == [b"one"]
    path.write_bytes(b"two\nthree\n")
    assert now(follower) == [b"two", b"three"]
    follower.close()


def test_a_rotated_file_that_is_no_file_or_goes_away_is_passed_over(path: Path) -> None:
    (path.parent / "log.jsonl.1").mkdir()
    append(path, b"1\n")
    follower = Follower(str(path))
    assert now(follower) == [b"1"]
    follower.close()


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("a.2025-01-31_12-34-56_789012.jsonl", "a.jsonl"),
        ("a.2025-01-31_12-34-56_789012.2.jsonl", "a.jsonl"),
        ("a.b.2025-01-31_12-34-56_789012.log", "a.b.log"),
        ("a.2025-01-31_12-34-56_789012", "a"),
        ("a.jsonl.1", "a.jsonl"),
        ("a.jsonl", None),
        ("a.2025-01-31.jsonl", None),
        ("a.worker1.jsonl", None),
        ("a.2025-01-31_12-34-56_789012.jsonl.gz", None),
    ],
)
def test_which_names_are_those_of_rotated_files(name: str, base: str | None) -> None:
    assert base_of(name) == base


def test_loguru_names_rotated_files_as_we_look_for_them(path: Path) -> None:
    subprocess.run([sys.executable, "-c", WRITER, str(path), "50"], check=True, stdout=subprocess.DEVNULL)
    others: Iterator[str] = (it.name for it in path.parent.iterdir() if it != path)
    assert {base_of(name) for name in others} == {path.name}
