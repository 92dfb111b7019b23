"""How a test knows what goes on in a server's process: it waits for a line that the process writes."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
"""What does not happen by then never will: only a test that fails waits for so long."""


class Diary:
    """Listens on a loopback port, which processes find in `DIARY`. When one ends, that is a line, too: `gone NAME`."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        self._kept: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def env(self) -> dict[str, str]:
        return {"DIARY": str(self._listener.getsockname()[1]), "PYTHONPATH": str(ROOT)}

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        name = ""
        with connection, connection.makefile() as lines, contextlib.suppress(OSError):
            for line in lines:
                name = name or line.split()[0]
                self._lines.put(line.strip())
        self._lines.put(f"gone {name}")

    def line(self, begins: str) -> str:
        """The rest of the next line that begins so; others before it are kept for those who wait for them."""
        for index, line in enumerate(self._kept):
            if line.startswith(begins):
                return self._kept.pop(index).removeprefix(begins).strip()
        while True:
            line = self._lines.get(timeout=PATIENCE_S)
            if line.startswith(begins):
                return line.removeprefix(begins).strip()
            self._kept.append(line)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self._listener.close()


@contextlib.contextmanager
def kept() -> Iterator[Diary]:
    diary = Diary()
    try:
        yield diary
    finally:
        diary.close()
