"""`Log`: one flat record a fact, to greenroom's files and to whatever the host made of loguru.

The host's own handlers get a record's message, and its fields as `record["extra"]["greenroom"]`, only after
`loguru.logger.enable("actors")`. The exception goes along as text, never as an object: a handler with
loguru's default `diagnose=True` would print the locals of every frame, keys among them.
"""

from __future__ import annotations

import os
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from loguru import logger as host

from actors.log._loguru import is_heard
from actors.log.schema import EVENTS, EXCEPTION_FIELDS, FIELDS, RANKS, SCHEMA, TAG
from actors.log.sink import FILES

SECOND: Final = 1_000_000
"""In µs."""

MARK = "greenroom"
"""Where a record's fields are in loguru's `extra`."""


class Log:
    """Emits greenroom's records through loguru; one a runtime.

    Args:
        run_id: `run.id` of every record; by default a random one.
        now: gives wall time, in Unix seconds.
        pid: gives the process's number.
    """

    def __init__(
        self,
        *,
        run_id: str | None = None,
        now: Callable[[], float] = time.time,
        pid: Callable[[], int] = os.getpid,
    ) -> None:
        self.run_id = uuid.uuid4().hex if run_id is None else run_id
        self._now = now
        self._pid = pid
        self._born()
        self._names = dict(FIELDS)  # looked up for each field, quicker than the read-only one
        self._second = 0, _rfc3339(0)
        """The last one that a record was of, in µs, and how it is written: most records share theirs with others."""

    @property
    def enabled(self) -> bool:
        """Whether anyone listens; where this is False, a hot path need not gather its fields."""
        return bool(FILES.sinks) or is_heard(host, __name__)

    def emit(
        self,
        event_name: str,
        message: str,
        *,
        level: str = "INFO",
        exc: BaseException | None = None,
        **fields: Any,
    ) -> None:
        """Say that something happened. Never raises for what a value is, only for a name that is not ours.

        Args:
            event_name: one of `actors.log.schema.EVENTS`.
            message: one line for a person. It is never a format string, and holds no prompt and no reply.
            level: one of `actors.log.schema.LEVELS`.
            exc: becomes `exception.type`, `exception.message` and `exception.stacktrace`.
            fields: named as in `actors.log.schema.FIELDS`; None leaves a field out.

        Raises:
            TypeError: an unknown field.
            ValueError: an unknown event name or level.
        """
        if event_name not in EVENTS:
            raise ValueError(f"{event_name!r} is not in actors.log.schema.EVENTS")
        rank = RANKS.get(level)
        if rank is None:
            raise ValueError(f"{level!r} is not in actors.log.schema.LEVELS")
        heard_by_host = is_heard(host, __name__)
        if not FILES.sinks and not heard_by_host:
            _check(fields)
            return
        record = {
            "timestamp": self._timestamp(),
            "level": level,
            TAG: event_name,
            "message": message if message.isascii() else _encodable(message),
            "schema": SCHEMA,
            "seq": 0,  # a file's own: it fills that in
            "run.id": self.run_id,
            "process.pid": self._process if self._generation == FILES.generation else self._born(),
        }
        names = self._names
        try:
            for name, value in fields.items():  # quicker than to merge a comprehension
                said = names[name]
                if value is not None:
                    record[said] = value
        except KeyError:
            _check(fields)
            raise
        if exc is not None:
            record.update(zip(EXCEPTION_FIELDS, _described(exc), strict=True))
        FILES.write(rank, record)
        if heard_by_host:
            _tell_host(record)

    def _born(self) -> int:
        """Ask for the process's number: once a process, as it is a system call."""
        self._generation = FILES.generation
        self._process = self._pid()
        return self._process

    def _timestamp(self) -> str:
        # Always with microseconds, so that the column is as wide in every line.
        now = round(self._now() * 1e6)
        second, written = self._second
        if not 0 <= now - second < SECOND:
            second = now // SECOND * SECOND
            written = _rfc3339(second // SECOND)
            self._second = second, written  # at once, as other threads log too
        return f"{written}.{now - second:06}Z"


def _check(fields: Mapping[str, Any]) -> None:
    if unknown := fields.keys() - FIELDS.keys():
        raise TypeError(f"no such field in actors.log.schema.FIELDS: {', '.join(sorted(unknown))}") from None


def _tell_host(record: dict[str, Any]) -> None:
    del record["seq"]
    # No arguments: with any, loguru would take the text for a format string. No `depth`: loguru goes by the
    # module that calls it, and it is this one's name that "actors" switches on and off.
    host.bind(**{MARK: record}).log(record["level"], record["message"])


def _encodable(text: str) -> str:
    # A lone surrogate can't be written as UTF-8, by us or by a handler of the host.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _rfc3339(second: int) -> str:
    # RFC 3339 section 5.6, without the fraction and the zone.
    return datetime.fromtimestamp(second, UTC).isoformat()[:-6]


def _described(exc: BaseException) -> Iterator[str]:
    kind = type(exc)
    yield kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        yield str(exc)
    except Exception:  # noqa: BLE001 - an exception that can't say what it is must not fail the one who logs it
        yield "<str() failed>"
    yield "".join(traceback.format_exception(exc))
