"""What a person sees of runs: a picture, plain lines, or only what does not hold."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeAlias

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from actors.scenario.display import Display, PlainDisplay
from actors.scenario.live import LiveDisplay
from actors.scenario.report import Report, complaints, show, verdict
from actors.scenario.words import inert

Style: TypeAlias = Literal["rich", "plain", "none"]
SHOWN = 10
"""So many runs that did not pass are told; the rest is counted."""


class Screen:
    """Shows what does not hold, and nothing else.

    Args:
        console: where.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def display(self) -> Display:
        """What shows the next run while it goes on."""
        return Display()

    def show(self, report: Report) -> None:
        """A run is over."""
        if not report.passed:
            self.say(
                *complaints(report),
                f"{report.bill.name}: {verdict(report)[0]}",
                f"run it again with: {report.again}",
            )

    @contextlib.contextmanager
    def progress(self, total: int) -> Iterator[Callable[[Report], None]]:  # noqa: ARG002 - nothing is shown of it
        """Inside the block so many runs go on at once; gives what is called with each that is over."""
        yield lambda _: None

    def sum_up(self, reports: Sequence[Report], total: int) -> None:
        """All runs are over: how many passed, and which did not."""
        wrong = [report for report in reports if not report.passed]
        wrong.sort(key=lambda report: (report.bill.name, report.bill.seed))
        passed = len(reports) - len(wrong)
        left = f", {total - len(reports)} were not run to their end" if len(reports) < total else ""
        self.say("", f"{total} runs: {passed} passed, {len(wrong)} did not{left}")
        for report in wrong[:SHOWN]:
            self.say(
                f"✘ {report.bill.name}, seed {report.bill.seed}: {verdict(report)[0]}",
                *([f"  {first.removeprefix('✘ ')}"] if (first := next(complaints(report), "")) else []),
                f"  {report.again}",
            )
        if len(wrong) > SHOWN:
            seeds = ", ".join(str(report.bill.seed) for report in wrong[SHOWN:])
            self.say(f"✘ and {len(wrong) - SHOWN} more, with the seeds {seeds}")

    def say(self, *lines: str) -> None:
        """Lines without any control character."""
        for line in lines:
            self._console.out(inert(line), highlight=False)


class PlainScreen(Screen):
    """Lines for pipes and people without colour."""

    def display(self) -> Display:
        """See `Screen`."""
        return PlainDisplay(self._console)

    def show(self, report: Report) -> None:
        """See `Screen`."""
        show(report, self._console, plain=True)

    @contextlib.contextmanager
    def progress(self, total: int) -> Iterator[Callable[[Report], None]]:
        """A line for each tenth of the way, and for each run that did not pass."""
        done = 0

        def advance(report: Report) -> None:
            nonlocal done
            done += 1
            if not report.passed:
                self.say(f"✘ seed {report.bill.seed}: {verdict(report)[0]}")
            if done * 10 // total > (done - 1) * 10 // total:
                self.say(f"{done} of {total} runs")

        yield advance


class RichScreen(Screen):
    """A picture that moves."""

    def display(self) -> Display:
        """See `Screen`."""
        return LiveDisplay(self._console)

    def show(self, report: Report) -> None:
        """See `Screen`."""
        show(report, self._console, plain=False)

    @contextlib.contextmanager
    def progress(self, total: int) -> Iterator[Callable[[Report], None]]:
        """A bar."""
        columns = (TextColumn("seeds"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[wrong]}"))
        wrong = 0
        with Progress(*columns, TimeRemainingColumn(), console=self._console) as bar:
            task = bar.add_task("seeds", total=total, wrong="")

            def advance(report: Report) -> None:
                nonlocal wrong
                wrong += not report.passed
                bar.update(task, advance=1, wrong=f"{wrong} did not pass" if wrong else "")

            yield advance


def screen_for(style: Style | None) -> Screen:
    """The screen of a style; None: a picture where one can be drawn, else lines."""
    console = Console()
    if style == "rich" or (style is None and _can_draw(console)):
        return RichScreen(console)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a pipe that is not UTF-8 still gets every line
    console = Console(force_terminal=False, color_system=None)
    return Screen(console) if style == "none" else PlainScreen(console)


def _can_draw(console: Console) -> bool:
    return (
        sys.stdout.isatty()  # rich would also say yes to a pipe when FORCE_COLOR is set
        and not console.is_dumb_terminal
        and not console.no_color
        and console.encoding.startswith("utf")
    )
