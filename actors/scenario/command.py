"""`greenroom run`. What the run needs is imported in it: `--help` stays quick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from actors.errors import ScriptError, UsageError
from actors.scenario.exits import Exit
from actors.scenario.options import duration, seeds, settings

if TYPE_CHECKING:
    from actors.scenario.playing import Asked

_AT_LEAST_1 = click.IntRange(min=1)


class Complaint(click.ClickException):
    """One line on stderr that says what to do."""

    exit_code = Exit.MISUSED


class ScriptComplaint(Complaint):
    """The same, where the script is at fault."""

    exit_code = Exit.SCRIPT_FAILED


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option(
    "--mode",
    type=click.Choice(["wire", "live", "sim"]),
    help="wire: the scripted provider over real sockets (the default); live: a real endpoint; sim: simulated time.",
)
@click.option("--sessions", type=_AT_LEAST_1, help="How many; the scenario's own number if not given.")
@click.option("--concurrency", type=_AT_LEAST_1, help="How many of them at once; all if not given.")
@click.option(
    "--duration",
    callback=duration,
    metavar="TIME",
    help="How long further sessions come on, such as 90s, 5m or 1h.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of everything random in the run.")
@click.option("--seeds", callback=seeds, metavar="A..B", help="A run for each of these seeds, on all cores.")
@click.option("--repeat", type=_AT_LEAST_1, default=1, help="Run each so many times.")
@click.option(
    "--set", "sets", callback=settings, multiple=True, metavar="NAME=VALUE", help="Set a parameter."
)
@click.option("--tag", "tags", multiple=True, help="Only scenarios with this tag; with one of several.")
@click.option("--list", "listed", is_flag=True, help="Show what there is, and run nothing.")
@click.option("--fail-fast", is_flag=True, help="Stop after the first run that does not pass.")
@click.option("--base-url", help="live: where the model is; OPENAI_BASE_URL if not given.")
@click.option("--model", help="live: which; OPENAI_MODEL if not given.")
@click.option(
    "--local", is_flag=True, help="live, against a small model in this process; no key, no network."
)
@click.option("--max-turns", type=_AT_LEAST_1, help="Send no more turns; live: 1000 if not given.")
@click.option(
    "--max-tokens-total", type=_AT_LEAST_1, help="Spend no more tokens; live: 1000000 if not given."
)
@click.option(
    "--display",
    type=click.Choice(["rich", "plain", "none"]),
    help="What is shown meanwhile; rich on a terminal, plain in a pipe or with NO_COLOR set, if not given.",
)
@click.option("--plain", is_flag=True, help="The same as --display plain.")
@click.option("--pace", type=click.FloatRange(min=0), default=1.0, help="The script's waits times this.")
@click.option(
    "--log", type=click.Path(dir_okay=False), help="Where the log goes; a temporary file if not given."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Leave events.jsonl, log.jsonl, summary.json, junit.xml and report.html in this folder.",
)
@click.option(
    "--otel",
    is_flag=True,
    help="Send the log to OpenTelemetry as the run goes on, to where the OTEL_* variables say; not in sim.",
)
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit report.")
@click.pass_context
def run(ctx: click.Context, /, **options: Any) -> None:
    """Run the scenarios in each PATH, a file or a folder: against the scripted provider, with no key and no network.

    Ends with 0: passed; 1: an expectation does not hold; 2: wrong usage; 3: a script itself failed;
    130: interrupted.
    """
    from actors.scenario.playing import play  # noqa: PLC0415 - see the top

    try:
        ctx.exit(play(_asked(options)))
    except ScriptError as error:
        raise (Complaint if error.__cause__ is None else ScriptComplaint)(str(error)) from error
    except UsageError as error:
        raise Complaint(str(error)) from error
    except KeyboardInterrupt:  # while it was loaded, or a second one while the sessions were ended in order
        ctx.exit(Exit.INTERRUPTED)


def _asked(options: dict[str, Any]) -> Asked:
    from actors.scenario.playing import Asked  # noqa: PLC0415 - see the top
    from actors.scenario.report import command  # noqa: PLC0415 - the same
    from actors.scenario.wanted import Wanted  # noqa: PLC0415 - the same

    if options.pop("local"):
        if options["mode"] not in {None, "live"}:
            raise UsageError(f"--local is a live run: leave out --mode {options['mode']}")
        options |= {"mode": "live", "local": True}
    if options.pop("plain"):
        options["display"] = "plain"
    options["mode"] = options["mode"] or "wire"
    own = {name: options.pop(name) for name in Wanted.__struct_fields__ if name in options}
    by_itself = sys.argv[0] in map(str, options["paths"])
    begin = "python {file}" if by_itself else f"{command()} run {{file}}"
    return Asked(wanted=Wanted(**own), begin=begin, **options)
