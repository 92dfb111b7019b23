"""A log as an evening of many sessions writes it, of any length, made without a runtime."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

SESSIONS = 10_000
"""So many are there at once; each ends after some turns, and another one takes its place."""
BLOCK = 2_000
"""Lines that are written at once."""


class Evening:
    """Makes the lines."""

    def __init__(self) -> None:
        self._random = random.Random(1)  # noqa: S311 - every run is the same evening
        self._at = 1_738_326_896.0
        self._seq = 0
        self._sessions = [f"session-{number}" for number in range(SESSIONS)]
        self._turns = [0] * SESSIONS

    def lines(self) -> Iterator[bytes]:
        """Records for ever, a turn after the other."""
        while True:
            place = self._random.randrange(SESSIONS)
            if self._turns[place] == 0:
                yield self._line("session.started", "INFO", "session started", self._sessions[place])
            self._turns[place] += 1
            yield from self._turn(self._sessions[place], self._turns[place])
            if self._random.random() < 0.1:
                yield self._line(
                    "session.ended", "INFO", "session ended", self._sessions[place], reason="closed"
                )
                self._sessions[place] = f"session-{SESSIONS + self._seq}"
                self._turns[place] = 0

    def _turn(self, session: str, turn: int) -> Iterator[bytes]:
        where: dict[str, Any] = {"session.turn": turn, "session.step": 1}
        yield self._line("turn.started", "INFO", "turn started", session, **where)
        attempt = 1
        while True:
            where |= {"request.attempt": attempt}
            request = where | LABELS | {"request.id": f"{self._seq:032x}"}
            yield self._line("request.started", "DEBUG", "request started", session, **request)
            if self._random.random() > 0.2:
                break
            yield self._line(
                "request.failed", "WARNING", "503 Service Unavailable", session, **request, **FAILED
            )
            due = {
                "retry.delay": 0.5,
                "retry.max": 4,
                "retry.reason": "http_error:503",
                "retry.next_at": self._at,
            }
            yield self._line("request.retry_scheduled", "WARNING", "next in 500 ms", session, **where, **due)
            attempt += 1
        first, took = self._random.lognormvariate(-1, 1), self._random.lognormvariate(1, 1)
        chunk = {"gen_ai.response.time_to_first_chunk": first}
        yield self._line("request.first_chunk", "DEBUG", "first chunk", session, **request, **chunk)
        answer = ANSWERED | {"attempt.duration": took}
        yield self._line("request.completed", "INFO", "complete (stop)", session, **request, **answer)
        end = {"outcome": "complete", "duration": took}
        yield self._line("turn.completed", "INFO", "turn completed", session, **where, **end)

    def _line(self, event: str, level: str, message: str, session: str, **fields: Any) -> bytes:
        self._seq += 1
        self._at += 0.0005
        stamp = datetime.fromtimestamp(self._at, UTC).isoformat(timespec="microseconds")[:-6]
        record = {
            "timestamp": f"{stamp}Z",
            "level": level,
            "event.name": f"actors.{event}",
            "message": message,
            "schema": 1,
            "seq": self._seq,
            "run.id": "ffb145c2ee4549658ca3281e176a780c",
            "process.pid": 4321,
            "gen_ai.conversation.id": session,
        }
        return msgspec.json.encode(record | fields) + b"\n"


LABELS = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "some-model",
    "server.address": "127.0.0.1",
    "server.port": 8080,
    "messages.count": 3,
    "tools.count": 0,
}
FAILED = {
    "outcome": "http_error",
    "error.type": "http_error:503",
    "http.response.status_code": 503,
    "attempt.duration": 0.1,
    "chunks.count": 0,
    "usage.source": "unknown",
}
ANSWERED = {
    "outcome": "complete",
    "gen_ai.response.id": "chatcmpl-1",
    "gen_ai.response.model": "some-model",
    "gen_ai.response.finish_reasons": ["stop"],
    "chunks.count": 100,
    "usage.source": "measured",
    "gen_ai.usage.input_tokens": 10,
    "gen_ai.usage.output_tokens": 100,
    "usage.total_tokens": 110,
}


def write(path: Path, size: int) -> None:
    """A log of at least so many bytes, in little memory."""
    lines = Evening().lines()
    with path.open("wb") as file:
        while file.tell() < size:
            file.writelines(next(lines) for _ in range(BLOCK))


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
