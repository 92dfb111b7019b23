"""What a run leaves for programs: events, a summary, a JUnit report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped

from actors.errors import ConfigError
from actors.events import Custom, Event, TextDelta
from actors.scenario.declare import scenario
from actors.scenario.display import Display
from actors.scenario.laws import Evidence, Laws
from actors.scenario.outputs import EventsFile, Folder, read_events, summary_json, write_junit
from actors.scenario.report import Ending
from actors.scenario.runner import Settings, run
from actors.scenario.stage import Stage
from tests.scenario.laws.histories import Teller, histories, rich
from tests.scenario.outputs.reports import NASTY, broken_report, report_of


def written(events: list[Event], path: Path) -> list[Event]:
    file = EventsFile(path)
    for event in events:
        file.write(event)
    file.close()
    return list(read_events(path))


@given(histories())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each example writes the file anew
def test_events_are_read_as_they_were_written(tmp_path: Path, told: Teller) -> None:
    assert written(told.events, tmp_path / "events.jsonl") == told.events


def test_a_line_is_an_event(tmp_path: Path) -> None:
    told = rich()
    written(told.events, tmp_path / "events.jsonl")
    lines = (tmp_path / "events.jsonl").read_bytes().splitlines()
    assert [msgspec.json.decode(line)["seq"] for line in lines] == [event.seq for event in told.events]


@pytest.mark.parametrize("payload", [object(), "\ud800", {1j: 2}, [b"\xff", {"deep": object()}]])
def test_whatever_a_host_publishes_can_be_written(payload: Any, tmp_path: Path) -> None:
    event = Custom(session="a\ud800b", seq=1, timestamp=0, payload=payload)
    (read,) = written([event], tmp_path / "events.jsonl")
    assert read.session == "a�b"
    assert isinstance(read, Custom)


def test_the_laws_can_be_judged_again_from_the_file(tmp_path: Path) -> None:
    laws = Laws()
    for event in written(rich().events, tmp_path / "events.jsonl"):
        laws.apply(event)
    assert laws.breaches(Evidence()) == ()


def test_the_summary_holds_the_verdict_the_bill_and_the_figures() -> None:
    said = msgspec.json.decode(summary_json(report_of(rich().events)))
    assert (said["schema"], said["passed"], said["exit"]) == (1, True, 0)
    assert said["bill"]["seed"] == 3
    assert said["summary"]["turns"] == 4
    assert {"p50", "p95", "p99", "max"} <= said["summary"]["duration"].keys()
    assert msgspec.json.decode(summary_json(broken_report()))["summary"]["problems"][0]["what"] == NASTY


def test_a_passed_run_is_a_passed_case(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "junit.xml"
    write_junit([report_of(seed=1), report_of(seed=2), report_of(name="day")], path)
    night, day = JUnitXml.fromfile(str(path))
    assert [case.name for case in night] == ["night, seed 1, wire", "night, seed 2, wire"]
    assert (night.tests, night.failures, day.tests) == (2, 0, 1)


@pytest.mark.parametrize(
    ("ending", "kind", "counter"),
    [("finished", Failure, "failures"), ("failed", Error, "errors"), ("interrupted", Skipped, "skipped")],
)
def test_a_run_that_does_not_pass_says_why_and_how_to_run_it_again(
    ending: Ending, kind: type, counter: str, tmp_path: Path
) -> None:
    report = broken_report() if ending == "finished" else report_of(ending=ending)
    write_junit([report], tmp_path / "junit.xml")
    (suite,) = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    (case,) = suite
    (result,) = case.result
    assert type(result) is kind
    assert getattr(suite, counter) == 1
    assert result.text.splitlines()[-1] == "run it again with: greenroom run night.py --seed 3"
    if ending == "finished":
        assert result.text.startswith("✘ ada turn 1: </pre><script>alert(1)</script>")
        assert "it does not" in result.message or "do not hold" in result.message


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_the_xml(tmp_path: Path, text: str) -> None:
    write_junit([report_of(name=text or "x", ending="spent", spent=text)], tmp_path / "junit.xml")
    (suite,) = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    assert suite.failures == 1


@scenario(sessions=2)
async def quick(stage: Stage) -> None:
    """Two sessions say their line."""
    for number in range(stage.sessions):
        stage.send(stage.spawn(f"player-{number}"), "Your line?")


@scenario(sessions=1)
async def broken_off(stage: Stage) -> None:
    """It fails half-way."""
    await stage.spawn("ada").send("Your line?")
    raise ValueError("boom")


@pytest.mark.parametrize(("piece", "passed"), [(quick, True), (broken_off, False)])
def test_a_folder_has_everything_whatever_comes_of_the_run(piece: Any, passed: bool, tmp_path: Path) -> None:
    with Folder(tmp_path / "out") as folder:
        report = run(piece, Settings(log=str(folder.log)), Display(), (folder.watch,))
        folder.finish(report)
    names = {"events.jsonl", "log.jsonl", "summary.json", "junit.xml", "report.html"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    events = list(read_events(tmp_path / "out" / "events.jsonl"))
    assert any(isinstance(event, TextDelta) for event in events)
    assert msgspec.json.decode((tmp_path / "out" / "summary.json").read_bytes())["passed"] is passed


def test_a_folder_that_can_not_be_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="out: can't be written"):
        Folder(tmp_path / "file")
