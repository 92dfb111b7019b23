"""`greenroom run`. What the run needs is imported in it: `--help` stays quick."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from actors.errors import ScriptError, UsageError
from actors.scenario.declare import Scenario
from actors.scenario.exits import Exit
from actors.scenario.loader import load

if TYPE_CHECKING:
    from rich.console import Console

    from actors.config import Endpoint
    from actors.scenario.report import Report


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--seed", type=int, default=0, show_default=True, help="Of everything random in the script.")
@click.option(
    "--sessions", type=click.IntRange(min=1), help="How many; the scenario's own number if not given."
)
@click.option(
    "--log", type=click.Path(dir_okay=False), help="Where the log goes; a fresh temporary file if not given."
)
@click.option(
    "--pace",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="The script's waits times this.",
)
@click.option(
    "--local", is_flag=True, help="Against a small model in this process, if the scenario is for any."
)
@click.option("--plain", is_flag=True, help="Plain lines; so too in a pipe, or with NO_COLOR set.")
@click.pass_context
def run(
    ctx: click.Context,
    path: Path,
    *,
    seed: int,
    sessions: int | None,
    log: str | None,
    pace: float,
    local: bool,
    plain: bool,
) -> None:
    """Run the scenario in PATH against the scripted provider, or a local model, with no key and no network.

    Ends with 0: passed; 1: an expectation does not hold; 2: wrong usage; 3: the script itself failed;
    130: interrupted.
    """
    try:
        scenario = load(path)
        with _model(scenario, local=local) as endpoint:
            report = _run(scenario, endpoint, seed=seed, sessions=sessions, log=log, pace=pace, plain=plain)
    except ScriptError as error:
        raise (Complaint if error.__cause__ is None else ScriptComplaint)(str(error)) from error
    except UsageError as error:
        raise Complaint(str(error)) from error
    except KeyboardInterrupt:  # while it was loaded, or a second one while the sessions were ended in order
        ctx.exit(Exit.INTERRUPTED)
    ctx.exit(report.exit)


class Complaint(click.ClickException):
    """One line on stderr that says what to do."""

    exit_code = Exit.MISUSED


class ScriptComplaint(Complaint):
    """The same, where the script is at fault."""

    exit_code = Exit.SCRIPT_FAILED


@contextlib.contextmanager
def _model(scenario: Scenario, *, local: bool) -> Iterator[Endpoint | None]:
    if not local:
        yield None
        return
    if not scenario.any_model:
        raise UsageError(
            f"{scenario.name} scripts its provider, and a real model follows no script: run it without --local"
        )
    from actors.local import LocalModel  # noqa: PLC0415 - see the top

    with LocalModel() as model:
        yield model.endpoint()


def _run(
    scenario: Scenario,
    endpoint: Endpoint | None,
    *,
    seed: int,
    sessions: int | None,
    log: str | None,
    pace: float,
    plain: bool,
) -> Report:
    from rich.console import Console  # noqa: PLC0415 - see the top

    from actors.scenario import runner  # noqa: PLC0415 - see the top
    from actors.scenario.display import Display, PlainDisplay  # noqa: PLC0415 - see the top
    from actors.scenario.live import LiveDisplay  # noqa: PLC0415 - see the top
    from actors.scenario.report import show  # noqa: PLC0415 - see the top

    console = Console()
    display: Display = LiveDisplay(console)
    if plain or not _can_draw(console):
        plain, console = True, Console(force_terminal=False, color_system=None)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(
                errors="backslashreplace"
            )  # a pipe that is not UTF-8 still gets every line
        display = PlainDisplay(console)
    path = _fresh_log(scenario) if log is None else log
    settings = runner.Settings(log=path, seed=seed, sessions=sessions, pace=pace, endpoint=endpoint)
    report = runner.run(scenario, settings, display)
    show(report, console, plain=plain)
    return report


def _can_draw(console: Console) -> bool:
    return (
        sys.stdout.isatty()  # rich would also say yes to a pipe when FORCE_COLOR is set
        and not console.is_dumb_terminal
        and not console.no_color
        and console.encoding.startswith("utf")
    )


def _fresh_log(scenario: Scenario) -> str:
    handle, path = tempfile.mkstemp(prefix=f"greenroom-{scenario.name}-", suffix=".jsonl")
    os.close(handle)
    return path
