"""What `greenroom run` does: choose, run one after the other or scattered over the cores, and sum up."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from actors.config import Endpoint
from actors.errors import UsageError
from actors.extras import need
from actors.otel import MODULES
from actors.scenario.choice import choose, lines
from actors.scenario.declare import Scenario
from actors.scenario.exits import Exit
from actors.scenario.jobs import Job, jobs_for
from actors.scenario.outputs import write_junit
from actors.scenario.report import Report
from actors.scenario.scatter import scattered
from actors.scenario.screens import Screen, screen_for
from actors.scenario.wanted import Wanted

LIVE_TURNS = 1000
LIVE_TOKENS = 1_000_000
"""What a live run may cost that was not told."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was asked for."""

    paths: tuple[Path, ...]
    wanted: Wanted
    begin: str
    """What the command that runs one again begins with; see `jobs_for`."""
    seed: int
    seeds: Any
    """A range of them; None: only `seed`."""
    repeat: int
    tags: tuple[str, ...]
    listed: bool
    fail_fast: bool
    display: Literal["rich", "plain", "none"] | None
    log: str | None
    out: Path | None
    junit: Path | None
    otel: bool


def play(asked: Asked) -> Exit:
    """Do what was asked for, and give what the process should exit with.

    Raises:
        ScriptError: a script can't be loaded.
        UsageError: it can't be done so.
    """
    chosen = choose(asked.paths, asked.tags)
    screen = screen_for(asked.display)
    if asked.listed:
        screen.say(*lines(chosen))
        return Exit.PASSED
    _check(asked, chosen)
    seeds = (asked.seed,) if asked.seeds is None else asked.seeds
    jobs = tuple(
        jobs_for(
            chosen,
            _within_bounds(asked.wanted),
            seeds=seeds,
            repeat=asked.repeat,
            log=asked.log,
            out=asked.out,
            begin=asked.begin,
            otel=asked.otel,
        )
    )
    if asked.log is not None and len(jobs) > 1:
        raise UsageError(f"--log is for one run, and these are {len(jobs)}: --out DIR keeps the log of each")
    done = _scattered(jobs, screen) if len(seeds) > 1 else _in_turn(jobs, chosen, screen)
    reports, ended = _collected(done, fail_fast=asked.fail_fast)
    _leave_behind(asked, reports)
    if len(jobs) > 1:
        screen.sum_up(reports, len(jobs))
    return max((ended, *(report.exit for report in reports)))


def _collected(done: Generator[Report], *, fail_fast: bool) -> tuple[list[Report], Exit]:
    """The reports up to the end, or up to the one that ends it all; and whether somebody interrupted."""
    reports: list[Report] = []
    try:
        with contextlib.closing(done):
            for report in done:
                reports.append(report)
                if report.exit is Exit.INTERRUPTED or (fail_fast and not report.passed):
                    break
    except KeyboardInterrupt:
        return reports, Exit.INTERRUPTED
    return reports, Exit.PASSED


def _check(asked: Asked, chosen: Sequence[tuple[Path, Scenario]]) -> None:
    wanted = asked.wanted
    if asked.otel:
        _check_otel(wanted)
    for name in wanted.sets:
        if not any(name in {known.name for known in scenario.parameters} for _, scenario in chosen):
            there = "; ".join(
                f"{scenario.name} has {', '.join(map(str, scenario.parameters)) or 'none'}"
                for _, scenario in chosen
            )
            raise UsageError(f"--set {name}: there is no such parameter: {there}")
    if wanted.mode != "live":
        if wanted.base_url is not None or wanted.model is not None:
            raise UsageError(
                "--base-url and --model are for --mode live: the scripted provider has one model"
            )
        return
    if asked.seeds is not None:
        raise UsageError("--seeds are for wire and sim: a real model goes by no seed")
    for _, scenario in chosen:
        if not scenario.any_model:
            raise UsageError(
                f"{scenario.name} scripts its provider, and a real model follows no script: run it in wire or sim"
            )


def _check_otel(wanted: Wanted) -> None:
    if wanted.mode == "sim":
        raise UsageError(
            "--otel is for wire and live: in simulated time nothing happens when its spans would say. "
            "Keep the log with --log or --out, and send it with greenroom otel if these times are what you want"
        )
    need("greenroom run --otel", "otel", *MODULES)


def _within_bounds(wanted: Wanted) -> Wanted:
    if wanted.mode != "live":
        return wanted
    return msgspec.structs.replace(
        wanted,
        max_turns=LIVE_TURNS if wanted.max_turns is None else wanted.max_turns,
        max_tokens_total=LIVE_TOKENS if wanted.max_tokens_total is None else wanted.max_tokens_total,
    )


def _in_turn(
    jobs: Iterable[Job], chosen: Iterable[tuple[Path, Scenario]], screen: Screen
) -> Generator[Report]:
    loaded = {str(path): scenario for path, scenario in chosen}
    for job in jobs:
        job = job.with_log()  # noqa: PLW2901 - the same run
        with _model(job.wanted) as endpoint:
            report = job.perform(screen.display(), endpoint, loaded[job.path])
        screen.show(report)
        yield report


def _scattered(jobs: Sequence[Job], screen: Screen) -> Generator[Report]:
    with screen.progress(len(jobs)) as advance, contextlib.closing(scattered(jobs)) as done:
        for _, report in done:
            advance(report)
            yield report


@contextlib.contextmanager
def _model(wanted: Wanted) -> Iterator[Endpoint | None]:
    if wanted.local:
        from actors.local import LocalModel  # noqa: PLC0415 - an extra

        with LocalModel() as model:
            yield model.endpoint()
    elif wanted.mode == "live":
        said: dict[str, Any] = {} if wanted.base_url is None else {"base_url": wanted.base_url}
        yield Endpoint.from_env(wanted.model, **said)
    else:
        yield None


def _leave_behind(asked: Asked, reports: Sequence[Report]) -> None:
    """What all runs leave together."""
    if asked.junit is not None:
        write_junit(reports, asked.junit)
    if asked.out is not None and len(reports) > 1:
        write_junit(reports, asked.out / "junit.xml")
