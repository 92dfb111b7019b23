"""`greenroom report`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from actors.commands.reading import complaining, shown
from actors.errors import UsageError

if TYPE_CHECKING:
    from actors.dashboard.feed import Feed

EVERY = 0.1
"""How often progress is shown, in seconds."""


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path())
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page to this file, too."
)
def report(paths: tuple[str, ...], *, html: Path | None) -> None:
    """Sum up the finished logs at PATH..., as text and, with --html, as one page that needs nothing else.

    PATH may be a pattern such as "logs/*.jsonl".
    """
    try:
        from actors.dashboard.feed import Feed  # noqa: PLC0415 - see the package
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed: pip install 'greenroom[dashboard]'") from None
    from actors.dashboard.report import as_html, as_text  # noqa: PLC0415 - see the package
    from actors.fleet.view import Query  # noqa: PLC0415 - see the package

    feed = Feed(paths)
    for _ in complaining(_reading(feed, paths), paths):
        pass
    fleet = feed.fleet
    view = fleet.view(fleet.newest or 0.0, Query(sort="retries", top=20))
    name = ", ".join(paths)
    if html is not None:
        _write(html, as_html(name, view, fleet.history()))
    click.echo(as_text(name, view), nl=False)


def _reading(feed: Feed, paths: tuple[str, ...]) -> Iterator[None]:
    """Fold all that there is; how far it is is told on stderr, if that is a terminal and it takes a while."""
    from actors.log.tail import must_be_there  # noqa: PLC0415 - see the package

    must_be_there(*paths)
    due = time.monotonic() + EVERY
    told = False
    for _ in feed.poll():
        if sys.stderr.isatty() and time.monotonic() >= due:
            due, told = time.monotonic() + EVERY, True
            progress = feed.progress
            click.echo(f"\r{progress.read / 1e6:,.0f} of {progress.there / 1e6:,.0f} MB", nl=False, err=True)
        yield
    feed.finish()
    if told:
        click.echo("\r\x1b[K", nl=False, err=True)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(
            f"{shown(str(file))} can't be written ({error.strerror}): choose another file"
        ) from None
