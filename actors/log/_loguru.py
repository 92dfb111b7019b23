"""What greenroom takes from loguru's inside, all of it here; a test fails when loguru changes one.

- `FileSink`, which rotates and retains files, without the handler that would format the line: so a record's
  number is given under the lock that orders the file, and a line is bytes, written by one `write()`.
- `parse_duration` and `parse_size`, so that an amount is checked as loguru will read it.
- Whether anyone listens, for which loguru has no public question.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import loguru
from loguru import _string_parsers
from loguru._file_sink import FileSink

if TYPE_CHECKING:
    from loguru import Logger as LoggerType

__all__ = ["FileSink", "has_decided", "is_heard", "parse_duration", "parse_size"]


def parse_size(text: str) -> float | None:
    """Give the bytes that a size such as `"10 MB"` says, None if it is no size; `ValueError` if a bad one."""
    size: float | None = _string_parsers.parse_size(text)  # type: ignore[no-untyped-call]  # the same
    return size


def parse_duration(text: str) -> timedelta | None:
    """Give the time that an age such as `"1 day"` says, None if it is no age; `ValueError` if a bad one."""
    age: timedelta | None = _string_parsers.parse_duration(text)  # type: ignore[no-untyped-call]  # the same
    return age


def is_heard(logger: LoggerType, module: str) -> bool:
    """Whether a record that `module` emits may reach a handler.

    True also when loguru has not looked at the module yet; its first record settles that.
    """
    core = logger._core  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public question
    return bool(core.handlers) and bool(core.enabled.get(module, True))


def has_decided(name: str) -> bool:
    """Whether the host has already called `logger.enable(name)` or `logger.disable(name)`."""
    core = loguru.logger._core  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public question
    return any(prefix == f"{name}." for prefix, _ in core.activation_list)
