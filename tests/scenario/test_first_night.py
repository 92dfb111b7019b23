"""The newcomer's first run, at full size; only its pace is quicker."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from actors.provider import RawBody, Redirect, Reply, Status
from actors.provider import faults as every_fault
from actors.provider.playhouse import Playhouse
from actors.scenario import Scenario, Stage
from actors.scenario.display import PlainDisplay
from actors.scenario.exits import Exit
from actors.scenario.loader import load
from actors.scenario.report import Report, show
from actors.scenario.runner import Settings, run

PATH = Path(__file__).parents[2] / "scenarios" / "first_night.py"
NOT_PLAYED = {"Pause", "Inject", "BadChunk"}
"""A test's handshake; any bytes at all; what no client that speaks chunks recovers from in good time."""


class Evening:
    """What was played, what the provider saw, and what was shown."""

    def __init__(self, folder: Path) -> None:
        found = load(PATH)
        stages: list[Stage] = []

        async def watched(stage: Stage) -> None:
            stages.append(stage)
            await found.script(stage)

        out = io.StringIO()
        console = Console(file=out, color_system=None)
        settings = Settings(log=str(folder / "log.jsonl"), pace=0.1)
        self.report: Report = run(Scenario(watched, sessions=found.sessions), settings, PlainDisplay(console))
        show(self.report, console, plain=True)
        self.shown = out.getvalue()
        self.programme: tuple[Any, ...] = found.script.__globals__["PROGRAMME"]
        self.provider: Playhouse = stages[0].provider


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    return Evening(tmp_path_factory.mktemp("first_night"))


def test_fifty_sessions_pass_each_verified(evening: Evening) -> None:
    assert evening.report.exit is Exit.PASSED, evening.shown
    summary = evening.report.summary
    assert (summary.sessions, summary.turns, summary.verified) == (50, 50, 50)
    assert summary.retractions == 3
    assert all(check.holds for check in summary.checks)
    assert len(summary.checks) > 1


def test_every_part_of_the_programme_was_asked_for_as_often_as_it_is_written(evening: Evening) -> None:
    asked = Counter(request.key for request in evening.provider.requests)
    for part in evening.programme:
        refusals = part.expect.after.count("transport:connect")  # they reach nobody who could count them
        assert asked[f"{part.name}-1"] == 1 + len(part.expect.after) - refusals, part.name


def test_every_failure_that_was_expected_was_retried_or_final(evening: Evening) -> None:
    retried = {reason for reason, _ in evening.report.summary.retries}
    assert retried == {reason for part in evening.programme for reason in part.expect.after}
    assert {
        "http_error:429", "http_error:503", "transport:connect", "transport:reset", "transport:read", "truncated",
        "stalled:first_event", "stalled:idle", "in_band_error", "protocol:bad_json", "protocol:not_a_stream",
    } <= retried  # fmt: skip


def test_the_programme_holds_every_fault_that_the_provider_knows(evening: Evening) -> None:
    plays = [play for part in evening.programme for play in part.script]
    replies = [play for play in plays if isinstance(play, Reply)]
    kinds = {type(play).__name__ for play in plays} | {
        type(f).__name__ for reply in replies for f in reply.faults
    }
    known = {kind.__name__ for kind in every_fault.Fault.__args__}
    assert known - kinds == NOT_PLAYED
    assert {Status.__name__, Redirect.__name__, RawBody.__name__} <= kinds
    shapes = {f.shape for reply in replies for f in reply.faults if isinstance(f, every_fault.InBandError)}
    assert shapes == {"event", "beside_choices", "field"}
    assert {reply.tool_shape for reply in replies} >= {"no_index", "index_zero", "repeated"}
    assert any(reply.slice == 1 for reply in replies)


def test_faults_were_carried_out_on_the_wire(evening: Evening) -> None:
    first = {request.key: request.outcome for request in evening.provider.requests if request.attempt == 1}
    for name in ("reset-at-once", "reset-in-text", "clean-eof", "bare-fin", "error-event", "bad-status-line"):
        assert first[f"{name}-1"] == "fault", name
    for name in ("stall-at-once", "stall-in-text", "keep-alives-only"):
        assert first[f"{name}-1"] == "client_gone", name  # it was the deadline that ended it


def test_what_is_shown_is_a_line_a_retry_and_a_line_an_ending(evening: Evening) -> None:
    lines = evening.shown.splitlines()
    assert sum("s  retry " in line for line in lines) == sum(
        count for _, count in evening.report.summary.retries
    )
    assert sum("as expected, after" in line for line in lines) == 50
    assert all(line.isprintable() for line in lines)
