"""`greenroom tail`."""

from __future__ import annotations

import io
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import click

from actors.commands.reading import complaining, shown
from actors.errors import UsageError

POLL = 0.1
"""How long `-f` waits before it looks again, in seconds."""
LEVELS = ("trace", "debug", "info", "success", "warning", "error", "critical")


@click.command()
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path())
@click.option("-f", "--follow", is_flag=True, help="Go on as the logs grow, also when they are rotated.")
@click.option("-n", "--lines", type=click.IntRange(min=0), help="Only the last so many records.")
@click.option(
    "--since", metavar="WHEN", help='Only from then on: "10min" ago, or a time such as 2025-01-31T12:30, UTC.'
)
@click.option(
    "--session", "sessions", multiple=True, metavar="ID", help="Only of this session; may be repeated."
)
@click.option(
    "--event", "events", multiple=True, metavar="GLOB", help='Only such events: "turn.*"; may be repeated.'
)
@click.option(
    "--level", type=click.Choice(LEVELS, case_sensitive=False), default=LEVELS[0], help="The least level."
)
@click.option("--json", "as_json", is_flag=True, help="The records as they are, a line of JSON each.")
def tail(
    paths: tuple[str, ...],
    *,
    follow: bool,
    lines: int | None,
    since: str | None,
    sessions: tuple[str, ...],
    events: tuple[str, ...],
    level: str,
    as_json: bool,
) -> None:
    """Show the logs at PATH..., a readable line a record. Times are UTC.

    PATH may be a pattern such as "logs/*.jsonl", where one file is written a process: records are shown in the order of
    their time. Without PATH, or for "-", the log is read from stdin.
    """
    from actors.log.tail import latest  # noqa: PLC0415 - see the package
    from actors.log.wanted import Wanted  # noqa: PLC0415 - see the package

    wanted = Wanted(
        since=None if since is None else _moment(since),
        sessions=frozenset(sessions),
        events=events,
        level=level.upper(),
    )
    items, wait = _items(paths, follow=follow)
    chosen: Iterable[bytes | None] = (it for it in items if it is None or wanted.wants(it))
    if lines is not None:
        chosen = latest(chosen, lines)
    show = _json_writer() if as_json else _printer()
    for item in chosen:
        if item is None:
            sys.stdout.flush()
            wait()
        else:
            show(item)
    sys.stdout.flush()


def _items(paths: tuple[str, ...], *, follow: bool) -> tuple[Iterator[bytes | None], Callable[[], None]]:
    """The lines, with a None wherever there is no more for now, and how to wait then."""
    from actors.log import tail as reader  # noqa: PLC0415 - see the package
    from actors.log.tailer import is_pattern  # noqa: PLC0415 - see the package

    if paths in {(), ("-",)}:
        if not paths and sys.stdin.isatty():
            raise UsageError("say which log: a file that actors.log.to_file writes, or a pattern; - is stdin")
        return reader.read_stream(sys.stdin.fileno(), live=follow), lambda: None
    if "-" in paths:
        raise UsageError("stdin (-) can't be read together with files")
    for path in paths:
        if follow and not is_pattern(path) and not os.path.lexists(path):
            click.echo(f"waiting for {shown(path)}", err=True)
    items: Iterator[bytes | None] = reader.follow(*paths) if follow else reader.read(*paths)
    return complaining(items, paths), lambda: time.sleep(POLL)


def _moment(text: str) -> datetime:
    from actors.log._loguru import parse_duration  # noqa: PLC0415 - see the package

    try:
        ago = parse_duration(re.sub(r"(?<=\d)m$", "min", text))
        moment = datetime.fromisoformat(text) if ago is None else datetime.now(UTC) - ago
    except (ValueError, OverflowError):
        raise UsageError(
            f'--since {text!r} is no time: say how long ago, such as "10min" or "2h", or when, as 2025-01-31T12:30'
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _json_writer() -> Callable[[bytes], None]:
    from actors.log.format import inert_json  # noqa: PLC0415 - see the package

    out = sys.stdout.buffer

    def write(line: bytes) -> None:
        text = inert_json(line)
        if text is not None:
            out.write(text + b"\n")

    return write


def _printer() -> Callable[[bytes], None]:
    from rich.console import Console  # noqa: PLC0415 - see the package
    from rich.text import Text  # noqa: PLC0415 - see the package

    from actors.log.format import Format, plain  # noqa: PLC0415 - see the package

    out = sys.stdout
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 still shows every record
    lay_out = Format().parts
    console = Console(file=out, highlight=False)
    if console.color_system is None or console.no_color:
        return lambda line: print(plain(lay_out(line)), file=out)
    return lambda line: console.print(Text.assemble(*lay_out(line)), soft_wrap=True)
