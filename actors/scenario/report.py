"""A run's result and how it is printed: the summary, what did not hold, and where the log is."""

from __future__ import annotations

import shlex
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actors.scenario.exits import Exit
from actors.scenario.summary import Check, Problem, Spread, Summary
from actors.scenario.words import inert

Ending: TypeAlias = Literal["finished", "interrupted", "failed"]
"""How the script came to its end; `failed`: it raised."""


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """What is played."""

    name: str
    story: str
    file: str
    sessions: int
    seed: int
    provider: str
    """Its base URL."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run."""

    bill: Bill
    summary: Summary
    ending: Ending
    error: Exception | None
    """What the script raised."""
    log: str
    """The log's path."""

    @property
    def exit(self) -> Exit:
        """What the process should exit with."""
        match self.ending:
            case "interrupted":
                return Exit.INTERRUPTED
            case "failed":
                return Exit.SCRIPT_FAILED
            case "finished":
                return Exit.PASSED if self.summary.holds else Exit.NOT_AS_EXPECTED


def rows(report: Report) -> Iterator[tuple[str, str]]:
    """The summary as pairs of a label and a line."""
    summary = report.summary
    yield "sessions", str(summary.sessions)
    yield "turns", f"{summary.turns}  ({_counts(summary.outcomes)})"
    yield "attempts", str(summary.attempts)
    yield "retries", str(sum(count for _, count in summary.retries))
    for reason, count in summary.retries:
        yield "", f"{count:>3}  {reason}"
    yield "deltas", str(summary.deltas)
    yield "retractions", str(summary.retractions)
    yield "first delta", _spread(summary.first_delta)
    yield "whole turn", _spread(summary.duration)
    tokens = summary.tokens
    yield (
        "tokens",
        f"{tokens.input} in, {tokens.output} out, about {tokens.estimated} lost in failed attempts",
    )
    yield (
        "verified",
        f"{summary.verified} of {summary.turns} turns ended as expected, their text the fold of their events",
    )
    for check in summary.checks:
        yield "", f"{'  ✔' if check.holds else '  ✘'}  {inert(check.what)}"
    yield "wall time", f"{summary.wall_s:.1f} s"


def verdict(report: Report) -> tuple[str, str]:
    """The run in one line, and a style for it."""
    summary = report.summary
    match report.ending:
        case "interrupted":
            return f"interrupted: {_unfinished(summary)}", "bold yellow"
        case "failed":
            return f"the script failed: {_described(report.error)}", "bold red"
    if summary.holds:
        return "passed: everything is as the script says", "bold green"
    wrong = summary.turns - summary.verified + sum(not check.holds for check in summary.checks)
    return f"not passed: {wrong} of the script's expectations do not hold", "bold red"


def show(report: Report, console: Console, *, plain: bool) -> None:
    """Print it: as a table, or with `plain` as lines without any control character."""
    if plain:
        console.out()
        for label, line in rows(report):
            console.out(f"{label:<12} {line}".rstrip(), highlight=False)
    else:
        table = Table(box=box.ROUNDED, show_header=False, title=report.bill.name, title_style="bold")
        table.add_column(style="dim", no_wrap=True)
        table.add_column()
        for label, line in rows(report):
            table.add_row(label, Text(line))
        console.print(table)
    for line in _complaints(report):
        _line(console, line, "red", plain=plain)
    _line(console, *verdict(report), plain=plain)
    log = shlex.quote(report.log)
    _line(console, f"log: {report.log}    read it with: {_command()} tail {log}", "", plain=plain)
    if report.error is not None:
        print_own_frames(report.error, report.bill.file)


def print_own_frames(error: Exception, file: str) -> None:
    """Print an exception's traceback on stderr, from the first frame that is the script's own."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != file:
        frames = frames.tb_next
    shown = error if frames is None else error.with_traceback(frames)
    sys.stderr.write("".join(traceback.format_exception(shown)))


def _complaints(report: Report) -> Iterator[str]:
    for problem in report.summary.problems:
        yield _complaint(problem)
    for check in report.summary.checks:
        if not check.holds:
            yield _broken(check)


def _complaint(problem: Problem) -> str:
    return f"✘ {problem.session} turn {problem.turn}: {problem.what}"


def _broken(check: Check) -> str:
    return f"✘ it does not hold that {check.what}"


def _line(console: Console, line: str, style: str, *, plain: bool) -> None:
    if plain:
        console.out(inert(line), highlight=False)
    else:
        console.print(Text(inert(line), style), soft_wrap=True)


def _unfinished(summary: Summary) -> str:
    finished = summary.turns - dict(summary.outcomes).get("unfinished", 0)
    return f"{finished} of {summary.turns} turns had ended"


def _described(error: Exception | None) -> str:
    return "" if error is None else f"{type(error).__name__}: {error}"


def _counts(counted: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{count} {label}" for label, count in counted)


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return "none"
    return f"p50 {spread.p50:.2f} s   p95 {spread.p95:.2f} s   max {spread.max:.2f} s"


def _command() -> str:
    """The command as it was typed, so that its next use can be copied; a script that runs itself has no such name."""
    return sys.argv[0] if Path(sys.argv[0]).name == "greenroom" else "greenroom"
