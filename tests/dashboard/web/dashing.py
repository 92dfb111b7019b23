"""The command as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = [sys.executable, "-c", "from actors.cli import main; main(prog_name='greenroom')", "dash"]


@contextmanager
def dashboard(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A dashboard that runs while this block lasts, and its URL."""
    environment = os.environ | {"PYTHONWARNINGS": "error"}
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()
