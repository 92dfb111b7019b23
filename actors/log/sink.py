"""`to_file`: the records of this process in a file, as JSON lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from actors.errors import ConfigError
from actors.log._loguru import FileSink, new_logger, parse_duration, parse_size
from actors.log.encode import to_line
from actors.log.schema import LEVELS, STAMPED

if TYPE_CHECKING:
    from loguru import Message

FILES: Final = new_logger()
"""The logger whose handlers are greenroom's files, and nothing else."""

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
        sink = _Sink(self.path, rotation=rotation, retention=retention)
        # `catch`: what goes wrong with the log is loguru's to report, and no reason to fail a session.
        # `diagnose`, `backtrace`: no locals and no frames beyond the handler's, should one ever be shown.
        self._handler: int | None = FILES.add(
            sink, level=level, format="{message}", colorize=False, diagnose=False, backtrace=False, catch=True
        )

    def remove(self) -> None:
        """Close the file. Records that come later do not reach it. May be called again."""
        handler, self._handler = self._handler, None
        if handler is not None:
            FILES.remove(handler)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class _Line(bytes):
    """A line as loguru's rotation wants it: with the record that it is of."""

    record: Any


class _Sink:
    """Numbers and writes lines. loguru calls `write` and `stop` under the handler's lock."""

    def __init__(self, path: str, *, rotation: Rotation | None, retention: Retention | None) -> None:
        # loguru fills in `{time}` in a path; this one is literal.
        literal = path.replace("{", "{{").replace("}", "}}")
        try:
            # Unbuffered bytes: `io.FileIO.write` makes one system call a line, however long the line is.
            self._file = FileSink(  # type: ignore[no-untyped-call]  # loguru's inside
                literal, rotation=rotation, retention=retention, mode="ab", buffering=0, encoding=None
            )
        except (OSError, ValueError) as error:
            raise ConfigError("to_file.path", _advice(path, error)) from error
        self._path = path
        self._seq = 0
        self._pid = os.getpid()
        self._losing = False

    def write(self, message: Message) -> None:
        fields = message.record["extra"]["greenroom"]
        if fields["process.pid"] != self._pid:
            # A forked child goes on in the file it inherited, but counts its own records.
            self._seq, self._pid = 0, fields["process.pid"]
        seq = self._seq + 1
        record = dict.fromkeys(STAMPED) | fields | {"seq": seq}
        line = _Line(to_line(record))
        line.record = message.record
        try:
            self._file.write(line)  # type: ignore[no-untyped-call]  # loguru's inside
        except OSError as error:
            self._tell(error)  # loguru would, with a traceback for each record
            return
        self._seq, self._losing = seq, False

    def _tell(self, error: OSError) -> None:
        if not self._losing and sys.stderr is not None:
            sys.stderr.write(
                f"greenroom: the log {self._path!r} can't be written ({error.strerror}); what it would say is lost\n"
            )
        self._losing = True

    def stop(self) -> None:
        self._file.stop()  # type: ignore[no-untyped-call]  # loguru's inside


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
