"""A log's lines to OpenTelemetry: read to its end, or while it grows."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Final, Self

from actors.log.decode import decode
from actors.log.tail import follow, latest
from actors.otel.otlp import Otlp
from actors.otel.turns import Turns

POLL: Final = 0.1
"""Seconds between two looks at a log that grows."""


class Exporter:
    """Sends the turns that lines tell of, each when it has ended."""

    def __init__(self, otlp: Otlp) -> None:
        self._otlp = otlp
        self._turns = Turns()

    def take(self, line: bytes) -> None:
        """Take one more line; one that is no record is passed over, as `greenroom tail` shows it."""
        try:
            record = decode(line)
        except (ValueError, RecursionError):
            return
        for key, turn in self._turns.apply(record):
            self._otlp.send(key, turn)

    def rest(self) -> None:
        """Send the turns whose end the log does not tell."""
        for key, turn in self._turns.rest():
            self._otlp.send(key, turn)


class Following:
    """Sends what a log says from now on, in a thread of its own; leaving its block sends the rest, and waits for it.

    Args:
        log: the file, which need not be there yet. What it holds already is not sent.
    """

    def __init__(self, log: str | os.PathLike[str]) -> None:
        self.otlp = Otlp()
        self._lines = latest(follow(log), 0)
        next(self._lines)  # what was there before
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="greenroom-otel")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _follow(self) -> None:
        with self.otlp:
            exporter = Exporter(self.otlp)
            over = False
            while not over:
                over = self._over.wait(POLL)  # before the last look: by then all was written
                for line in iter(self._lines.__next__, None):
                    exporter.take(line)
            exporter.rest()
