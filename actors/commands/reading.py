"""What can go wrong with a log that a command is given, said in one line of advice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TypeVar

import click

from actors.errors import UsageError

Item = TypeVar("Item")


def complaining(items: Iterator[Item], paths: tuple[str, ...]) -> Iterator[Item]:
    """Give the items; what reading them raises becomes a line of advice.

    What the terminal or pipe raises is none of this function's.
    """
    try:
        yield from items
    except OSError as error:
        name = shown(paths[0] if error.filename is None else os.fspath(error.filename))
        match error:
            case FileNotFoundError():
                advice = (
                    f"{name} is not there: name a log that actors.log.to_file writes, or wait for it with -f"
                )
            case IsADirectoryError():
                advice = f"{name} is a folder: name a log file in it"
            case _:
                advice = f"{name} can't be read ({error.strerror}): choose a file that can"
        raise UsageError(advice) from None
    except ValueError as error:
        raise UsageError(f"{shown(paths[0])} can't be read ({error}): choose a file that can") from None


def shown(file: str) -> str:
    """A file's name, inert."""
    from actors.log.format import inert  # noqa: PLC0415 - see the package

    return inert(click.format_filename(file))
