"""`greenroom otel`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from actors.commands.reading import complaining
from actors.extras import need
from actors.otel import MODULES

if TYPE_CHECKING:
    from actors.otel.otlp import Otlp


@click.command()
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path(), required=True)
@click.option("-f", "--follow", is_flag=True, help="Go on as the logs grow, until Ctrl-C.")
@click.pass_context
def otel(ctx: click.Context, paths: tuple[str, ...], *, follow: bool) -> None:
    """Send the logs at PATH... to OpenTelemetry: turns, steps and requests as spans, and metrics of the requests.

    Over OTLP/HTTP, to http://localhost:4318 unless OTEL_EXPORTER_OTLP_ENDPOINT and the other standard variables say
    otherwise. Ends with 1 if spans could not be delivered.
    """
    need("greenroom otel", "otel", *MODULES)
    from actors.log import tail  # noqa: PLC0415 - see the package
    from actors.otel.otlp import Otlp  # noqa: PLC0415 - see the package

    lines = tail.follow(*paths) if follow else tail.read(*paths)
    otlp = Otlp()
    try:
        with otlp:
            _send(complaining(iter(lines), paths), otlp, follow=follow)
    finally:
        click.echo(str(otlp), err=True)
    ctx.exit(1 if otlp.lost else 0)


def _send(lines: Iterable[bytes | None], otlp: Otlp, *, follow: bool) -> None:
    from actors.otel.exporter import POLL, Exporter  # noqa: PLC0415 - see the package

    exporter = Exporter(otlp)
    for line in lines:
        if line is None:
            time.sleep(POLL)
        else:
            exporter.take(line)
    # Of a log that still grows, the rest comes when somebody follows it again.
    if not follow:
        exporter.rest()
