"""`greenroom top`. What it needs is imported in it: `--help` stays quick."""

from __future__ import annotations

import glob
import os
import sys
from pathlib import Path

import click

from actors.errors import UsageError

EXTRA = "needs textual: install greenroom with its extra, pip install 'greenroom[dashboard]'"


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--replay",
    "speed",
    metavar="SPEED",
    type=click.FloatRange(min=0, min_open=True),
    help="Play finished logs again, so many of their seconds a second.",
)
def top(*, paths: tuple[str, ...], speed: float | None) -> None:
    """Watch the sessions that the logs PATH... tell of, as they grow.

    A PATH may be a glob, and need not be there yet. Keys: press ? in it.
    """
    try:
        from actors.dashboard.top.app import Top  # noqa: PLC0415 - see the top
        from actors.dashboard.top.replay import Replay  # noqa: PLC0415 - see the top
        from actors.dashboard.top.source import Live  # noqa: PLC0415 - see the top
    except ModuleNotFoundError as error:
        raise UsageError(f"greenroom top {EXTRA}") from error
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("greenroom top draws in a terminal: use greenroom tail in a pipe")
    source = Live(paths) if speed is None else Replay(_there(paths), speed)
    app = Top(source, no_color="NO_COLOR" in os.environ)
    failed = app.run()
    if failed is not None:
        name = "a log" if failed.filename is None else click.format_filename(failed.filename)
        raise UsageError(f"{name} can't be read ({failed.strerror}): choose a file that can")
    if app.return_code:
        sys.exit(app.return_code)


def _there(paths: tuple[str, ...]) -> tuple[str, ...]:
    for path in paths:
        if not Path(path).exists() and not glob.glob(path):  # noqa: PTH207 - a pattern may be absolute
            raise UsageError(
                f"{click.format_filename(path)} is not there: only what was written can be replayed"
            )
    return paths
