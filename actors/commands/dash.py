"""`greenroom dash`. What the server needs is imported in it: `--help` stays quick."""

from __future__ import annotations

import os

import click

from actors.commands.reading import shown
from actors.errors import UsageError
from actors.extras import need


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; a free one if not given.")
@click.option(
    "--allow-remote",
    is_flag=True,
    help="Let --host be an address that other machines reach. HTTP is not encrypted: whoever sees the traffic "
    "reads the logs, and the token with them.",
)
@click.option(
    "--name", "names", multiple=True, help="A further name under which browsers may ask, as --host has it."
)
def dash(paths: tuple[str, ...], *, host: str, port: int, allow_remote: bool, names: tuple[str, ...]) -> None:
    """Show the logs in PATH... in a browser, as they grow. A PATH may be a glob, and need not be there yet.

    Prints a URL with a token that lives as long as the command: only who has it sees anything. Ctrl-C ends it.
    From another machine, rather than --allow-remote, use a tunnel: ssh -L 8765:127.0.0.1:PORT HOST
    """
    need("greenroom dash", "dashboard", "starlette", "uvicorn", "fastdigest")
    from actors.dashboard.web.server import is_loopback, serve  # noqa: PLC0415 - see the top

    if not is_loopback(host) and not allow_remote:
        raise UsageError(
            f"other machines may reach {host}, over HTTP that is not encrypted: "
            "say --allow-remote if they shall, or leave --host away and use a tunnel (ssh -L)"
        )
    if not is_loopback(host):
        click.echo("Anyone on the way reads the logs and the token: HTTP is not encrypted.", err=True)
    try:
        serve(paths, host=host, port=port, names=(host, *names), ready=click.echo)
    except OSError as error:
        name = shown(os.fspath(error.filename)) if error.filename is not None else "a log"
        raise UsageError(f"{name} can't be read ({error.strerror}): choose a file that can") from error
