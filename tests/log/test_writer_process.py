"""A log that another process writes, rotates and truncates while it is followed: not a record is lost or given twice.

What is truncated away before anybody has read it is lost to all, so the reader catches up before each truncation; and
nothing else waits for it.
"""

from __future__ import annotations

import random
import re
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from actors.log.tail import follow

WRITER = """
import os, sys
from actors.log import Log, to_file

path, number, due = sys.argv[1], 0, []
with to_file(path, rotation=lambda message, file: bool(due) and due.pop()):
    log = Log()
    for line in sys.stdin:
        match line.split():
            case ["write", count]:
                for number in range(number, number + int(count)):
                    log.emit("actors.turn.started", f"{number}", session="s", turn=1)
                number += 1
            case ["rotate"]:
                due.append(True)  # before the next record
            case ["truncate"]:
                os.truncate(path, 0)
        print("done", flush=True)
"""
STEPS = 200
MOST = 60
"""Records that are written at once."""


class Play:
    """A writer that does as it is told, and a reader that reads meanwhile."""

    def __init__(self, path: Path, writer: subprocess.Popen[bytes], lines: Generator[bytes | None]) -> None:
        self.path, self._writer, self._lines = path, writer, lines
        self.written = 0
        self.seen: list[int] = []

    def look(self) -> None:
        """Read what there is for now."""
        while (line := next(self._lines)) is not None:
            said = re.search(rb'"message":"(\d+)"', line)
            assert said is not None, line
            self.seen.append(int(said[1]))

    def write(self, count: int) -> None:
        self.written += count
        self.tell(f"write {count}")

    def rotate(self) -> None:
        self.tell("rotate")

    def truncate(self) -> None:
        self.look()
        self.tell("truncate")

    def tell(self, command: str) -> None:
        """Have something done, and read on until it is."""
        assert self._writer.stdin is not None
        assert self._writer.stdout is not None
        self._writer.stdin.write(f"{command}\n".encode())
        while not select.select([self._writer.stdout], [], [], 0)[0]:
            self.look()
        assert self._writer.stdout.readline() == b"done\n"


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    path = tmp_path / "log.jsonl"
    command = [sys.executable, "-c", WRITER, str(path)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as writer,
        closing(follow(path)) as lines,
    ):
        yield Play(path, writer, lines)
        assert writer.stdin is not None
        writer.stdin.close()
        assert writer.wait() == 0


@pytest.mark.parametrize("seed", range(3))
def test_not_a_record_is_lost_or_given_twice(play: Play, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seed is the same play each time
    steps = chance.choices(["write", "rotate", "truncate"], [4, 2, 1], k=STEPS)
    for step in steps:
        if step == "write":
            play.write(chance.randint(1, MOST))
        else:
            getattr(play, step)()
    play.look()
    assert play.seen == list(range(play.written))
    assert min(Counter(steps).values()) > STEPS / 10
    assert len(list(play.path.parent.iterdir())) > STEPS / 10
