"""Other people's tools read the log as the README says."""

from __future__ import annotations

import csv
import io
import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.log import Log, to_file
from actors.log.lnav import lnav_format
from tests.fleet.story import ANSWER, FAILURE, LABELS, STATS

README = Path(__file__).parents[2] / "README.md"
T0 = 1738326896.5
TIMEOUT: dict[str, Any] = {
    "outcome": "timeout",
    "error_type": "tool:timeout",
    "duration": 62.5,
    "tool_ran": True,
}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two sessions: one completes after a failure, the other is still at it."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "night.jsonl"
    clock = iter(range(100))

    def say(event: str, message: str, level: str = "INFO", **fields: Any) -> None:
        Log(run_id="r", now=lambda: T0 + next(clock)).emit(f"actors.{event}", message, level=level, **fields)

    with to_file(path):
        for name in ("ada", "bob"):
            where: dict[str, Any] = {"session": name, "turn": 1, "step": 1, "attempt": 1}
            say("turn.started", "turn started", session=name, turn=1)
            say("request.first_chunk", "first chunk", "DEBUG", **where, **LABELS, time_to_first_chunk=0.25)
        where["session"] = "ada"
        say("request.failed", "503", "WARNING", **where, **LABELS, **FAILURE)
        say("request.completed", "complete", **where, **LABELS, **ANSWER)
        call = {**where, "tool_name": "look", "tool_call_id": "c"}
        say("approval.decided", "approved", **call, approval_id="a", outcome="approved", duration=2.5)
        say("tool.completed", "tool completed", **call, outcome="ok", duration=3.0, tool_ran=True)
        say("tool.failed", "timeout", **call, **TIMEOUT)
        say("turn.steered", "steered", session="bob", turn=1, messages_count=1)
        say("turn.completed", "turn completed", session="ada", turn=1, outcome="complete", duration=4.5)
        say("runtime.stats", "stats", "DEBUG", **{**STATS, "rss": 3 * 2**20})
    return path


def documented() -> Iterator[tuple[str, str]]:
    """Each question of the README, and the line that answers it."""
    lines = README.read_text("utf-8").splitlines()
    for question, line in itertools.pairwise(lines):
        if line.startswith("jq "):
            yield question.removeprefix("# "), line


ANSWERS = {
    "what went wrong": "2025-01-31T12:35:00.500000Z\tada\t503\n",
    "how attempts failed, and how often": "      1 http_error:503\n",
    "one session, from its start to its end": "".join(
        f"2025-01-31T12:{at}.500000Z\tactors.{event}\t{message}\n"
        for at, event, message in (
            ("34:56", "turn.started", "turn started"),
            ("34:57", "request.first_chunk", "first chunk"),
            ("35:00", "request.failed", "503"),
            ("35:01", "request.completed", "complete"),
            ("35:02", "approval.decided", "approved"),
            ("35:03", "tool.completed", "tool completed"),
            ("35:04", "tool.failed", "timeout"),
            ("35:06", "turn.completed", "turn completed"),
        )
    ),
    "the slowest turns, in seconds": "4.5\tada\n",
    "95 % of first chunks came within, in seconds": "0.25\n",
    "tokens out, by session": '{\n  "ada": 40\n}\n',
    "which tools are slow (longest in seconds, with all waits), and which fail: calls, failures": (
        "look\t2\t1\t62.5\n"
    ),
    "how long approvals waited, in seconds": "2.5\tapproved\tlook\tada\n",
    "turns that have not ended": '["bob",1]\n',
    "the process's memory, in MiB, over time": "2025-01-31T12:35:07.500000Z\t3\n",
}


def test_every_question_has_an_answer() -> None:
    assert [question for question, _ in documented()] == list(ANSWERS)


@pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq")
@pytest.mark.parametrize(("question", "line"), list(documented()), ids=lambda it: it[:40])
def test_jq_answers(log: Path, question: str, line: str) -> None:
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout == ANSWERS[question]


@pytest.mark.skipif(shutil.which("lnav") is None, reason="needs lnav")
def test_lnav_reads_it(log: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "TERM": "xterm",
    }

    def lnav(*arguments: str) -> str:
        done = subprocess.run(
            [str(shutil.which("lnav")), *arguments],
            capture_output=True,
            text=True,
            env=environment,
            check=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
        )
        assert "error" not in done.stderr
        return done.stdout

    (tmp_path / "config").mkdir()
    (tmp_path / "greenroom.json").write_bytes(msgspec.json.encode(lnav_format()))
    lnav("-i", str(tmp_path / "greenroom.json"))
    shown = lnav("-n", str(log)).splitlines()
    assert len(shown) == 12
    assert re.fullmatch(r"2025-01-31T12:35:00.500 warning +actors.request.failed +ada +503", shown[4])
    asked = "".join(
        f', "{name}" AS {short}'
        for name, short in (
            ("gen_ai.tool.name", "tool"),
            ("gen_ai.tool.call.id", "called"),
            ("tool.ran", "ran"),
        )
    )
    columns = (
        'trim(log_opid) AS opid, "event.name", log_level, "gen_ai.usage.output_tokens" AS n, duration' + asked
    )
    query = f";SELECT {columns} FROM greenroom_log"  # noqa: S608 - lnav's own
    rows = list(csv.DictReader(io.StringIO(lnav("-n", "-c", query, "-c", ":write-csv-to -", str(log)))))
    assert [row["opid"] for row in rows] == [
        *("ada", "ada", "bob", "bob", "ada", "ada", "ada", "ada", "ada", "bob", "ada", "<NULL>")
    ]
    assert (rows[4]["log_level"], rows[5]["n"], float(rows[10]["duration"])) == ("warning", "40", 4.5)
    assert [rows[8][name] for name in ("tool", "called", "ran", "duration")] == ["look", "c", "1", "62.5"]
