"""The `greenroom` command. What a command needs is imported in it: `--help` stays quick."""

from __future__ import annotations

import errno
import io
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from actors.chat.command import chat
from actors.dashboard.top.command import top
from actors.errors import UsageError
from actors.scenario.command import run

if TYPE_CHECKING:
    from actors.log.format import Part

POLL = 0.1
"""How long `tail -f` waits before it looks again, in seconds."""

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


@main.command()
@click.argument("file", type=click.Path())
@click.option("-f", "--follow", is_flag=True, help="Go on as the file grows, also when it is rotated.")
@click.option("-n", "--lines", type=click.IntRange(min=0), help="Only the last so many records.")
def tail(file: str, follow: bool, lines: int | None) -> None:
    """Show the log FILE, a readable line a record. Times are UTC."""
    from actors.log import tail as reader  # noqa: PLC0415 - see the top
    from actors.log.format import to_parts  # noqa: PLC0415 - see the top

    if follow and not os.path.lexists(file):
        click.echo(f"waiting for {_shown(file)}", err=True)
    items: Iterable[bytes | None] = reader.follow(file) if follow else reader.read(file)
    if lines is not None:
        items = reader.latest(items, lines)
    show = _printer()
    for item in _read(items, file):
        if item is None:
            sys.stdout.flush()
            time.sleep(POLL)
        else:
            show(to_parts(item))
    sys.stdout.flush()


def _read(items: Iterable[bytes | None], file: str) -> Iterator[bytes | None]:
    # What the terminal or pipe raises is none of this function's: only what reading does.
    try:
        yield from items
    except FileNotFoundError:
        raise Complaint(
            f"{_shown(file)} is not there: name a log that actors.log.to_file writes, or wait for it with -f"
        ) from None
    except IsADirectoryError:
        raise Complaint(f"{_shown(file)} is a folder: name a log file in it") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None)
        raise Complaint(
            f"{_shown(file)} can't be read ({error if why is None else why}): choose a file that can"
        ) from None


def _shown(file: str) -> str:
    from actors.log.format import inert  # noqa: PLC0415 - see the top

    return inert(click.format_filename(file))


def _printer() -> Callable[[list[Part]], None]:
    from rich.console import Console  # noqa: PLC0415 - see the top
    from rich.text import Text  # noqa: PLC0415 - see the top

    from actors.log.format import plain  # noqa: PLC0415 - see the top

    out = sys.stdout
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 still shows every record
    console = Console(file=out, highlight=False)
    if console.color_system is None or console.no_color:
        return lambda parts: print(plain(parts), file=out)
    return lambda parts: console.print(Text.assemble(*parts), soft_wrap=True)


main.add_command(run)
main.add_command(chat)
main.add_command(top)
