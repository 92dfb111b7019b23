"""What the log costs who writes it, and who reads it."""

from __future__ import annotations

import itertools
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import actors.log
from actors.fleet.fold import Fleet
from actors.fleet.view import Query
from actors.log import Log
from actors.log.decode import decode
from tests.benchmarks.evening import Evening
from tests.benchmarks.measure import cpu

RECORDS = 150_000
CHUNK = 500
"""Lines that a file gives at once, about."""
EMITTED = 5_000
ROUNDS = 5
GIGABYTE = 10**9

PLACE: dict[str, Any] = {"session": "session-1", "turn": 1, "step": 1, "attempt": 1}
REQUEST: dict[str, Any] = PLACE | {
    "request_id": "0" * 32,
    "operation": "chat",
    "provider": "openai",
    "model": "some-model",
    "server_address": "127.0.0.1",
    "server_port": 8080,
    "messages_count": 3,
    "tools_count": 0,
}
ANSWER: dict[str, Any] = REQUEST | {
    "outcome": "complete",
    "response_id": "chatcmpl-1",
    "response_model": "some-model",
    "finish_reasons": ["stop"],
    "attempt_duration": 1.5,
    "chunks_count": 100,
    "usage_source": "measured",
    "input_tokens": 10,
    "output_tokens": 100,
    "total_tokens": 110,
}
TURN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("turn.started", PLACE),
    ("request.started", REQUEST),
    ("request.first_chunk", REQUEST | {"time_to_first_chunk": 0.3}),
    ("request.completed", ANSWER),
    ("turn.completed", PLACE | {"outcome": "complete", "duration": 1.6}),
)
"""What a turn of one attempt writes, as its actors say it."""


def _each(work: Callable[[], None], count: int) -> float:
    """The microseconds of CPU of one of so many: the median of some rounds."""
    took = []
    for _ in range(ROUNDS):
        before = cpu()
        work()
        took.append((cpu() - before) / count * 1e6)
    return statistics.median(took)


def logging(_: int) -> dict[str, str]:
    """What a record costs."""
    log = Log()

    def turns() -> None:
        for _ in range(EMITTED):
            for event, fields in TURN:
                log.emit(f"actors.{event}", "as it is", **fields)

    def longest() -> None:
        for _ in range(EMITTED):
            log.emit("actors.request.completed", "complete (stop)", **ANSWER)

    with tempfile.TemporaryDirectory() as folder, actors.log.to_file(Path(folder) / "log.jsonl"):
        mean, most = _each(turns, EMITTED * len(TURN)), _each(longest, EMITTED)
    return {"a record of the log, on the mean of a turn's, and the longest": f"{mean:.1f} and {most:.1f} µs"}


def fold(_: int) -> dict[str, str]:
    """How fast a log is read, in memory."""
    lines = list(itertools.islice(Evening().lines(), RECORDS))
    chunks = [lines[at : at + CHUNK] for at in range(0, RECORDS, CHUNK)]
    fleets: list[Fleet] = []

    def all_of_it() -> None:
        fleet = Fleet()
        for chunk in chunks:
            fleet.apply_all([decode(line) for line in chunk])
        fleets[:] = [fleet]

    def decoding() -> None:
        for line in lines:
            decode(line)

    decoded, folded = _each(decoding, RECORDS), _each(all_of_it, RECORDS)
    (fleet,) = fleets
    before = cpu()
    for sort in ("recent", "tokens", "idle", "session"):
        fleet.view(fleet.newest or 0.0, Query(sort=sort))
    rows = len(list(fleet._roster.sessions()))
    return {
        "records a second that are decoded, on one core": f"{1e6 / decoded:,.0f}",
        "records a second that are decoded and folded": f"{1e6 / folded:,.0f}",
        f"a view of {rows:,} sessions": f"{(cpu() - before) / 4 * 1000:.1f} ms",
    }


def catch_up(_: int) -> dict[str, str]:
    """A gigabyte from a file, by the command that a user has."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        subprocess.run([sys.executable, "-m", "tests.benchmarks.evening", log, str(GIGABYTE)], check=True)
        begun = time.perf_counter()
        command = [sys.executable, "-c", "from actors.cli import main; main()", "report", str(log)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            report = process.stdout.read().decode()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        took = time.perf_counter() - begun
    assert process.returncode == 0
    records = re.search(r"records +([\d,]+)", report)
    assert records is not None
    return {
        f"`greenroom report` of 1 GB, {records[1]} records": f"{took:.1f} s",
        "the most memory that it takes": f"{usage.ru_maxrss * 1024 / 1e6:.0f} MB",
    }
