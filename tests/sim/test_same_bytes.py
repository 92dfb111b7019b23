"""A seed gives the same events and the same log, byte for byte, whatever order sets and addresses are in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SESSIONS = 2_000
"""Past a thousand tasks, what asyncio keeps in sets comes out in another order in each process."""


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "another"]
    running = []
    for hash_seed, folder in enumerate(folders, 1):
        folder.mkdir()
        command = [sys.executable, "-m", "tests.sim.night", str(folder), "5", str(SESSIONS)]
        environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
        running.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE))
    said = [process.communicate()[0] for process in running]

    assert [process.returncode for process in running] == [0, 0]
    assert said[0] == said[1]
    for name in ("events.jsonl", "log.jsonl"):
        one, another = ((folder / name).read_bytes() for folder in folders)
        assert one == another
        assert one.count(b"\n") > 4 * SESSIONS
        assert one.count(b"rejected") > SESSIONS // 20
