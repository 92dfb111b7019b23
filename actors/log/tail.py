"""Logs as lines: what is there, or that and what comes.

`follow` gives a line, or None for "no more for now", so that waiting is its caller's; it never sleeps.
"""

from __future__ import annotations

import errno
import itertools
import os
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Final

import msgspec

from actors.log.lines import Lines
from actors.log.opened import CHUNK
from actors.log.tailer import Tailer, is_pattern, matching


class _Stamp(msgspec.Struct, gc=False):
    timestamp: datetime


_STAMP: Final = msgspec.json.Decoder(_Stamp)


def read(*paths: str | os.PathLike[str]) -> Iterator[bytes]:
    """Give the lines that the logs have now: of several, in the order of their time.

    Raises:
        OSError: one can't be read; `FileNotFoundError` if it is not there, or no file fits a pattern.
    """
    must_be_there(*paths)
    with closing(_tailer(paths)) as tailer:
        for lines in tailer.poll(time.monotonic):
            yield from lines
        yield from tailer.rest()


def must_be_there(*paths: str | os.PathLike[str]) -> None:
    """Raise what opening would, where a tailer would wait for the file.

    Raises:
        OSError: `FileNotFoundError` if one is not there, or no file fits a pattern.
    """
    for path in paths:
        if not is_pattern(path):
            Path(path).stat()
        elif not matching(path):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def follow(*paths: str | os.PathLike[str]) -> Generator[bytes | None]:
    """Give the lines of the logs as they come, for ever; None whenever there is no more for now.

    The files need not be there yet. Rotated, truncated and replaced ones are followed, as `actors.log.follower` says.

    Raises:
        OSError: one is there and can't be read.
    """
    with closing(_tailer(paths)) as tailer:
        while True:
            for lines in tailer.poll(time.monotonic):
                yield from lines
            yield None


def read_stream(file: int, *, live: bool) -> Iterator[bytes | None]:
    """Give the lines of an open file or pipe up to its end; if `live`, a None behind what came at once.

    Raises:
        OSError: it can't be read.
    """
    lines = Lines()
    with FileIO(file, closefd=False) as stream:
        while data := stream.read(CHUNK):
            yield from lines.feed(data)
            if live:
                yield None


def latest(items: Iterable[bytes | None], count: int) -> Iterator[bytes | None]:
    """Leave out all but the last `count` of the lines before the first None."""
    rest = iter(items)
    yield from deque(itertools.takewhile(_is_line, rest), maxlen=count)
    yield from rest


def _is_line(item: bytes | None) -> bool:
    return item is not None


def _tailer(paths: tuple[str | os.PathLike[str], ...]) -> Tailer[bytes]:
    return Tailer(paths, bytes, _time_of)


def _time_of(line: bytes) -> float | None:
    try:
        return _STAMP.decode(line).timestamp.timestamp()
    except (ValueError, RecursionError):
        return None
