"""A run's result and how it is printed: the summary, what did not hold, and where the log is."""

from __future__ import annotations

import shlex
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self, TypeAlias

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from actors.scenario.exits import Exit
from actors.scenario.summary import Spread, Summary
from actors.scenario.table import Table
from actors.scenario.words import inert

Mode: TypeAlias = Literal["wire", "live", "sim"]
Ending: TypeAlias = Literal["finished", "interrupted", "failed", "spent"]
"""How the script came to its end; `failed`: it raised; `spent`: the run had all that it may cost."""

TOLD = 3
"""So many of the things that do not hold are told with what happened there."""
NAMED = 20
"""So many are told at all; the rest is counted."""


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """What is played."""

    name: str
    story: str
    file: str
    sessions: int
    seed: int
    provider: str
    """Its base URL."""
    mode: Mode = "wire"


class Raised(msgspec.Struct, frozen=True):
    """An exception of the script."""

    what: str
    """Its type and what it says."""
    traceback: str
    """From the first frame that is the script's own."""

    @classmethod
    def of(cls, error: Exception, file: str) -> Self:
        """What an exception says; `file` is the script's."""
        frames = error.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename != file:
            frames = frames.tb_next
        shown = error if frames is None else error.with_traceback(frames)
        return cls(f"{type(error).__name__}: {error}", "".join(traceback.format_exception(shown)))


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run."""

    bill: Bill
    summary: Summary
    ending: Ending
    error: Raised | None
    """What the script raised."""
    log: str
    """The log's path; empty for none."""
    again: str = ""
    """The command that runs it again."""
    spent: str = ""
    """What the run had all of that it may, and how to give it more."""
    tables: tuple[Table, ...] = ()
    """What the script leaves behind, besides."""

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
            case "spent":
                return Exit.NOT_AS_EXPECTED

    @property
    def passed(self) -> bool:
        """Whether the script ran to its end, and everything is as it says."""
        return self.exit is Exit.PASSED


def rows(report: Report) -> Iterator[tuple[str, str]]:
    """The summary as pairs of a label and a line."""
    summary = report.summary
    yield "sessions", str(summary.sessions)
    yield "turns", f"{summary.turns}  ({_counts(summary.outcomes)})"
    yield "attempts", str(summary.attempts)
    yield "retries", str(sum(count for _, count in summary.retries))
    for reason, count in summary.retries:
        yield "", f"{count:>3}  {reason}"
    if summary.tool_calls:
        yield "tool calls", _total(summary.tool_calls)
    if summary.approvals:
        yield "approvals", _total(summary.approvals)
    yield "deltas", str(summary.deltas)
    yield "retractions", str(summary.retractions)
    yield "first chunk", _spread(summary.first_delta)
    yield "whole turn", _spread(summary.duration)
    if summary.tool_time is not None:
        yield "tool call", _spread(summary.tool_time)
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
        found = f"  ({check.found})" if check.holds and check.found else ""
        yield "", f"{'  ✔' if check.holds else '  ✘'}  {inert(check.what)}{inert(found)}"
    yield "wall time", f"{summary.wall_s:.1f} s"


def verdict(report: Report) -> tuple[str, str]:
    """The run in one line, and a style for it."""
    summary = report.summary
    match report.ending:
        case "interrupted":
            return f"interrupted: {_unfinished(summary)}", "bold yellow"
        case "failed":
            return f"the script failed: {'' if report.error is None else report.error.what}", "bold red"
        case "spent":
            return f"stopped: {report.spent}", "bold yellow"
    if summary.holds:
        return "passed: everything is as the script says", "bold green"
    wrong = len({(problem.session, problem.turn) for problem in summary.problems})
    wrong += dict(summary.outcomes).get("unfinished", 0) + sum(not check.holds for check in summary.checks)
    return f"not passed: {wrong} of the script's expectations do not hold", "bold red"


def show(report: Report, console: Console, *, plain: bool) -> None:
    """Print it: as a table, or with `plain` as lines without any control character."""
    if plain:
        console.out()
        for label, line in rows(report):
            console.out(f"{label:<12} {line}".rstrip(), highlight=False)
    else:
        table = RichTable(box=box.ROUNDED, show_header=False, title=report.bill.name, title_style="bold")
        table.add_column(style="dim", no_wrap=True)
        table.add_column()
        for label, line in rows(report):
            table.add_row(label, Text(line))
        console.print(table)
    for left in report.tables:
        console.out()
        for line in left.text():
            console.out(inert(line), highlight=False)
        console.out()
    for line in complaints(report):
        _line(console, line, "dim" if line.startswith(" ") else "red", plain=plain)
    _line(console, *verdict(report), plain=plain)
    if report.log:
        log = shlex.quote(report.log)
        _line(console, f"log: {report.log}    read it with: {command()} tail {log}", "", plain=plain)
    if report.again and not report.passed:
        _line(console, f"seed: {report.bill.seed}    run it again with: {report.again}", "", plain=plain)
    if report.error is not None:
        sys.stderr.write(report.error.traceback)


def complaints(report: Report) -> Iterator[str]:
    """What does not hold, a sentence each, with what happened there, indented, under it."""
    summary = report.summary
    told = 0
    broken = [check for check in summary.checks if not check.holds]
    for problem in summary.problems[:NAMED]:
        turn = f" turn {problem.turn}" if problem.turn else ""
        yield f"✘ {problem.session or 'the run'}{turn}: {problem.what}"
        yield from _indented(problem.timeline if told < TOLD else ())
        told += 1
    if len(summary.problems) > NAMED:
        yield f"✘ and {len(summary.problems) - NAMED} more"
    for check in broken:
        yield f"✘ {check.found or f'it does not hold that {check.what}'}" + (
            f", as in {check.where}" if check.where else ""
        )
        yield from _indented(check.timeline if told < TOLD else ())
        told += 1


def _indented(lines: tuple[str, ...]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _line(console: Console, line: str, style: str, *, plain: bool) -> None:
    if plain:
        console.out(inert(line), highlight=False)
    else:
        console.print(Text(inert(line), style), soft_wrap=True)


def _unfinished(summary: Summary) -> str:
    finished = summary.turns - dict(summary.outcomes).get("unfinished", 0)
    return f"{finished} of {summary.turns} turns had ended"


def _counts(counted: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{count} {label}" for label, count in counted)


def _total(counted: tuple[tuple[str, int], ...]) -> str:
    return f"{sum(count for _, count in counted)}  ({_counts(counted)})"


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return "none"
    ranks = ("p50", "p95", "p99", "max")
    return "   ".join(f"{rank} {getattr(spread, rank):.2f} s" for rank in ranks)


def command() -> str:
    """The command as it was typed, so that its next use can be copied; a script that runs itself has no such name."""
    return sys.argv[0] if Path(sys.argv[0]).name == "greenroom" else "greenroom"
