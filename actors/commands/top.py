"""`greenroom top`."""

from __future__ import annotations

import os
import sys

import click

from actors.commands.reading import shown
from actors.errors import UsageError
from actors.extras import need


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path())
@click.option(
    "--replay",
    "speed",
    metavar="SPEED",
    type=click.FloatRange(min=0, min_open=True),
    help="Play finished logs again, so many of their seconds a second.",
)
def top(paths: tuple[str, ...], *, speed: float | None) -> None:
    """Watch the sessions that the logs at PATH... tell of, as they grow; ? shows the keys.

    PATH may be a pattern such as "logs/*.jsonl", and need not be there yet.
    """
    need("greenroom top", "dashboard", "textual", "fastdigest")
    from actors.dashboard.top.app import Top  # noqa: PLC0415 - see the package
    from actors.dashboard.top.replay import Replay  # noqa: PLC0415 - see the package
    from actors.dashboard.top.source import Live  # noqa: PLC0415 - see the package

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("there is no terminal to draw in: use greenroom tail in a pipe")
    if speed is not None:
        _must_be_there(paths)
    app = Top(
        Live(paths) if speed is None else Replay(paths, speed), no_color=bool(os.environ.get("NO_COLOR"))
    )
    failed = app.run()
    if failed is not None:
        name = "a log" if failed.filename is None else shown(os.fspath(failed.filename))
        raise UsageError(f"{name} can't be read ({failed.strerror}): choose a file that can")
    if app.return_code:
        sys.exit(app.return_code)


def _must_be_there(paths: tuple[str, ...]) -> None:
    from actors.log.tail import must_be_there  # noqa: PLC0415 - see the package

    try:
        must_be_there(*paths)
    except FileNotFoundError as error:
        raise UsageError(
            f"{shown(os.fspath(error.filename))} is not there: only what was written can be replayed"
        ) from None
