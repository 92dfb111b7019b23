"""Writes into the test's diary, from a server's process; that the connection ends tells that the process did."""

from __future__ import annotations

import os
import socket


class Pen:
    def __init__(self, name: str) -> None:
        self._diary = socket.create_connection(("127.0.0.1", int(os.environ["DIARY"])))
        self.note(f"{name} begins {os.getpid()}")

    def note(self, line: str) -> None:
        self._diary.sendall(f"{line}\n".encode())


if __name__ == "__main__":  # a process that a server has started: it ends by itself never
    import signal

    Pen("child")
    signal.pause()
