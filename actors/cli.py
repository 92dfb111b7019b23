"""The `greenroom` command. What a command needs is imported in it: `--help` stays quick."""

from __future__ import annotations

import errno
from typing import Any

import click

from actors.chat.command import chat
from actors.commands.dash import dash
from actors.commands.otel import otel
from actors.commands.report import report
from actors.commands.schema import lnav, schema
from actors.commands.tail import tail
from actors.commands.top import top
from actors.errors import UsageError
from actors.scenario.command import run
from actors.scenario.new import new

INTERRUPTED = 130
"""What a shell makes of SIGINT: 128 and the signal's number."""


class Complaint(click.ClickException):
    """One line on stderr that says what to do; the command ends with status 2."""

    exit_code = 2


class Commands(click.Group):
    """A group whose commands may raise `UsageError` and be interrupted without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            raise Complaint(str(error)) from error
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # click ends quietly: nobody reads on
            # Files that a command is given were complained about where they were opened.
            raise click.ClickException(
                f"the operating system refuses ({error.strerror}): check where the output goes"
            ) from error


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - for `--version` alone

        try:
            click.echo(f"greenroom {version('greenroom')}")
        except PackageNotFoundError:
            click.echo("greenroom, run from a checkout that is not installed")
        ctx.exit()


@click.group(cls=Commands, name="greenroom", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version.",
)
def main() -> None:
    """Run and watch LLM sessions: an actor-model runtime."""


main.add_command(run)
main.add_command(new)
main.add_command(chat)
main.add_command(dash)
main.add_command(tail)
main.add_command(top)
main.add_command(report)
main.add_command(otel)
main.add_command(schema)
main.add_command(lnav)
