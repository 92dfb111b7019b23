"""`greenroom report`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from actors.commands.reading import complaining, shown
from actors.errors import UsageError
from actors.extras import need

if TYPE_CHECKING:
    from actors.dashboard.feed import Feed


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path())
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page to this file, too."
)
def report(paths: tuple[str, ...], *, html: Path | None) -> None:
    """Sum up the finished logs at PATH..., as text and, with --html, as one page that needs nothing else.

    PATH may be a pattern such as "logs/*.jsonl".
    """
    need("greenroom report", "dashboard", "fastdigest")
    from actors.dashboard.feed import Feed  # noqa: PLC0415 - see the package
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
    """Fold all that there is; how far it is is shown on stderr, if that is a terminal."""
    from rich.console import Console  # noqa: PLC0415 - see the package
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn  # noqa: PLC0415 - see the package

    from actors.log.tail import must_be_there  # noqa: PLC0415 - see the package

    must_be_there(*paths)
    columns = BarColumn(), DownloadColumn(), TimeRemainingColumn()
    quiet = not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as shown:
        bar = shown.add_task("")
        for _ in feed.poll():
            progress = feed.progress
            shown.update(bar, completed=progress.read, total=progress.there)
            yield
    feed.finish()


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(
            f"{shown(str(file))} can't be written ({error.strerror}): choose another file"
        ) from None
