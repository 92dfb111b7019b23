"""Reports to write out, with all that can be in one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from actors.events import Event
from actors.scenario.outputs import Chronicle
from actors.scenario.report import Bill, Ending, Raised, Report
from actors.scenario.summary import Check, Problem, summarise
from actors.scenario.tally import Tally

NASTY = '</pre><script>alert(1)</script> & "quoted" \x00\x1b[31m \u202e right to left'


def report_of(
    events: Iterable[Event] = (),
    *,
    name: str = "night",
    seed: int = 3,
    ending: Ending = "finished",
    problems: tuple[Problem, ...] = (),
    checks: tuple[Check, ...] = (),
    **more: Any,
) -> Report:
    tally = Tally()
    for event in events:
        tally.apply(event)
    summary = summarise(tally, checks, 1.25)
    bill = Bill(
        name=name, story=NASTY, file="night.py", sessions=1, seed=seed, provider="http://127.0.0.1:1/v1"
    )
    error = Raised(f"ValueError: {NASTY}", f"line one\n{NASTY}") if ending == "failed" else None
    return Report(
        bill=bill,
        summary=type(summary)(**{**_fields(summary), "problems": problems}),
        ending=ending,
        error=error,
        log="",
        again=f"greenroom run night.py --seed {seed}",
        **more,
    )


def broken_report(events: Iterable[Event] = ()) -> Report:
    """Nothing in it holds, and it says so in words that a page must not obey."""
    return report_of(
        events,
        problems=(Problem("ada", 1, NASTY, ("0.1 s  begins", NASTY)), Problem("", 0, "a law is broken")),
        checks=(Check("it is so", holds=False, found=NASTY, where=f"{NASTY} turn 1"),),
    )


def chronicle_of(events: Iterable[Event]) -> Chronicle:
    chronicle = Chronicle()
    for event in events:
        chronicle.apply(event)
    return chronicle


def _fields(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
