"""`to_file`: the records of this process in a file, as JSON lines."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, Self, TypeAlias

from actors.errors import ConfigError
from actors.log._loguru import FileSink, parse_duration, parse_size
from actors.log.encode import to_line
from actors.log.schema import LEVELS, RANKS

Rotation: TypeAlias = str | int | time | timedelta | Callable[..., bool]
Retention: TypeAlias = str | int | timedelta | Callable[..., None]


def to_file(
    path: str | os.PathLike[str],
    *,
    level: str = "DEBUG",
    rotation: Rotation | None = None,
    retention: Retention | None = None,
) -> LogFile:
    """Append greenroom's records to a file, one line of JSON each, until `remove` or the block's end.

    One file a process: several may append to one file, but not rotate it. A write that fails (a full disk) fails no
    turn: its record is lost, and the first of a row of them is told on stderr, in one line.

    Args:
        path: taken literally; folders that are missing are made.
        level: the least level that is written.
        rotation: when a new file begins, in loguru's terms, such as `"10 MB"`, `"1 day"` or `"00:00"`;
            at least a byte or a second.
        retention: what is removed when it does, such as `5` (files) or `"10 days"`.

    Raises:
        ConfigError: the file can't be written, or a setting can't be.
    """
    if level not in LEVELS:
        raise ConfigError("to_file.level", f"must be one of {', '.join(LEVELS)}, got {level!r}")
    _check(
        "rotation", rotation, 1, 'a size such as "10 MB", an age such as "1 day", or a time such as "00:00"'
    )
    _check("retention", retention, 0, 'a number of files such as 5, or an age such as "10 days"')
    return LogFile(path, level, rotation, retention)


def _check(name: str, value: object, least: int, right: str) -> None:
    field = f"to_file.{name}"
    try:
        FileSink(os.devnull, delay=True, **{name: value})  # type: ignore[no-untyped-call]  # loguru's inside
        amount = _amount(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ConfigError(field, f"must be {right}, got {value!r} ({error})") from None
    # loguru takes such amounts, and then removes the wrong files or, with an age of 0, never comes back.
    if amount is not None and not amount >= least:
        raise ConfigError(field, f"must be {right}, got {value!r}")


def _amount(value: object) -> float | None:
    """Give the bytes, files or seconds that a setting says; None if it says none of these."""
    match value:
        case bool():
            raise TypeError("neither True nor False is an amount")
        case int() | float():
            return value
        case timedelta():
            return value.total_seconds()
        case str():
            size = parse_size(value)
            return _amount(parse_duration(value)) if size is None else size
        case _:
            return None


class LogFile:
    """A log file that is being written; `remove` closes it, and so does leaving it as a context manager."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        level: str,
        rotation: Rotation | None,
        retention: Retention | None,
    ) -> None:
        self.path = os.fspath(path)
        """As given."""
        self._sink = _Sink(self.path, RANKS[level], rotation=rotation, retention=retention)
        FILES.add(self._sink)

    def remove(self) -> None:
        """Close the file. Records that come later do not reach it. May be called again."""
        FILES.remove(self._sink)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class _Line(bytes):
    """A line as loguru's rotation wants it: with its time."""

    record: dict[str, Any]


class _Sink:
    """Numbers and writes lines; who calls it sees to it that nobody else does meanwhile."""

    def __init__(
        self, path: str, least: int, *, rotation: Rotation | None, retention: Retention | None
    ) -> None:
        # loguru fills in `{time}` in a path; this one is literal.
        literal = path.replace("{", "{{").replace("}", "}}")
        try:
            # Unbuffered bytes: `io.FileIO.write` makes one system call a line, however long the line is.
            self._file = FileSink(  # type: ignore[no-untyped-call]  # loguru's inside
                literal, rotation=rotation, retention=retention, mode="ab", buffering=0, encoding=None
            )
        except (OSError, ValueError) as error:
            raise ConfigError("to_file.path", _advice(path, error)) from error
        self.least = least
        """The least level that is written, by its rank."""
        self._rotates = rotation is not None
        self._path = path
        self._seq = 0
        self._pid = os.getpid()
        self._losing = False

    def write(self, record: dict[str, Any]) -> None:
        if record["process.pid"] != self._pid:
            # A forked child goes on in the file it inherited, but counts its own records.
            self._seq, self._pid = 0, record["process.pid"]
        record["seq"] = seq = self._seq + 1
        line = to_line(record)
        if self._rotates:
            line = _Line(line)
            line.record = {"time": datetime.now(UTC).astimezone(), "extra": record}
        try:
            self._file.write(line)  # type: ignore[no-untyped-call]  # loguru's inside
        except Exception as error:  # noqa: BLE001 - a host's own `rotation` or `retention` may raise anything
            self._tell(error)
            return
        self._seq, self._losing = seq, False

    def _tell(self, error: Exception) -> None:
        if not self._losing and sys.stderr is not None:
            why = getattr(error, "strerror", None)
            sys.stderr.write(
                f"greenroom: the log {self._path!r} can't be written ({error if why is None else why}); "
                "what it would say is lost\n"
            )
        self._losing = True

    def stop(self) -> None:
        self._file.stop()  # type: ignore[no-untyped-call]  # loguru's inside


class _Files:
    """The files of this process that are being written. A record is in all of them or, if it comes later, in none.

    Not a loguru logger: on the shared one, asking for a file would also send every record to the host's stderr
    handler, and the host's `logger.remove()` would end the file; and what loguru gathers for a record costs more
    than all the rest.
    """

    def __init__(self) -> None:
        self.sinks: tuple[_Sink, ...] = ()
        self.generation = 0
        """How many forks lie between this process and the one that imported this."""
        self._lock = threading.RLock()
        self._waiting: deque[tuple[int, dict[str, Any]]] = deque()
        self._busy = False
        if hasattr(os, "register_at_fork"):
            # A child that was forked while another thread wrote would wait for ever.
            release = self._lock.release
            os.register_at_fork(
                before=self._lock.acquire, after_in_parent=release, after_in_child=self._forked
            )

    def _forked(self) -> None:
        self.generation += 1
        self._lock.release()

    def add(self, sink: _Sink) -> None:
        with self._lock:
            self.sinks += (sink,)

    def remove(self, sink: _Sink) -> None:
        with self._lock:
            if sink in self.sinks:
                self.sinks = tuple(it for it in self.sinks if it is not sink)
                sink.stop()

    def write(self, level: int, record: dict[str, Any]) -> None:
        """Write a record to the files that want its level, by its rank."""
        with self._lock:
            self._waiting.append((level, record))
            if self._busy:
                return  # a finalizer or signal handler of this thread, in the middle of a line: it comes next
            self._busy = True
            try:
                while self._waiting:
                    level, record = self._waiting.popleft()
                    for sink in self.sinks:
                        if level >= sink.least:
                            sink.write(record)
            finally:
                self._busy = False


FILES: Final = _Files()


def _advice(path: str, error: OSError | ValueError) -> str:
    match error:
        case IsADirectoryError():
            return f"{path!r} is a folder; name a file in it"
        case NotADirectoryError() | FileExistsError():
            return f"a part of {path!r} is a file, not a folder; choose another folder"
        case PermissionError():
            return (
                f"{path!r} must not be written by this user; choose another folder, or change its permissions"
            )
        case OSError():
            return f"{path!r} can't be written ({error.strerror}); choose another folder"
        case _:
            return f"{path!r} can't be a file's name ({error})"
