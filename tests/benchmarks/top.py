"""How soon `greenroom top` answers a key while its log grows."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import pty
import random
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from actors.dashboard.top.app import PERIOD
from tests.benchmarks.evening import Evening

BACKLOG = 50_000
RATE = 2_000
BLOCK = 20
"""Records that are written at once."""
PRESSES = 60
PATIENCE = 20.0
SIZE = 200, 60
COMMAND = [sys.executable, "-c", "from actors.cli import main; main()", "top"]


class Screen:
    """The terminal's end of the pseudo-terminal."""

    def __init__(self, file: int) -> None:
        self._file = file

    def types(self, key: bytes) -> None:
        os.write(self._file, key)

    def takes(self, key: bytes, text: bytes) -> float:
        """Press a key; the seconds until this is drawn."""
        begun = time.perf_counter()
        self.types(key)
        self.sees(text)
        return time.perf_counter() - begun

    def sees(self, text: bytes) -> None:
        seen = b""
        while text not in seen:
            ready, _, _ = select.select([self._file], [], [], PATIENCE)
            assert ready, f"{text!r} is not drawn"
            seen += os.read(self._file, 65536)

    def rests(self, seconds: float) -> None:
        """Read what is drawn for so long."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            if select.select([self._file], [], [], left)[0]:
                os.read(self._file, 65536)


@contextlib.contextmanager
def _growing(log: Path) -> Iterator[None]:
    """A log of `BACKLOG` records, and then `RATE` more a second."""
    lines = Evening().lines()
    log.write_bytes(b"".join(itertools.islice(lines, BACKLOG)))
    done = threading.Event()

    def write() -> None:
        due = time.perf_counter()
        with log.open("ab", buffering=0) as file:
            while not done.is_set():
                file.write(b"".join(itertools.islice(lines, BLOCK)))
                due += BLOCK / RATE
                done.wait(max(0.0, due - time.perf_counter()))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()


@contextlib.contextmanager
def _watching(log: Path) -> Iterator[tuple[Screen, int]]:
    """The command in a terminal, and its process."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(
        [*COMMAND, str(log)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Screen(ours), process.pid
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(ours)


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _presses(screen: Screen, key: bytes, text: bytes, back: bytes) -> str:
    """Press a key at any moment, again and again; how soon what it asks for is drawn."""
    wait = random.Random(1)  # noqa: S311 - every run waits alike
    took = []
    for _ in range(PRESSES):
        took.append(screen.takes(key, text) * 1000)
        screen.types(back)
        screen.rests(0.3 + wait.random() * PERIOD)
    p99 = statistics.quantiles(took, n=100, method="inclusive")[98]
    return f"{statistics.median(took):.0f} / {p99:.0f} ms"


def top(_: int) -> dict[str, str]:
    """Another panel, and the whole page of keys, in a terminal of 200 x 60."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        with _growing(log), _watching(log) as (screen, pid):
            screen.sees("● live".encode())
            screen.rests(1.0)
            used, begun = _cpu(pid), time.perf_counter()
            panel = _presses(screen, b"2", b"Supervision", b"1")
            page = _presses(screen, b"?", b"this help", b"?")
            share = (_cpu(pid) - used) / (time.perf_counter() - begun)
    return {
        f"`greenroom top` at {RATE:,} records/s: another panel, from key to paint, p50 / p99": panel,
        "a whole page": page,
        "its share of a core": f"{share * 100:.0f} %",
    }
