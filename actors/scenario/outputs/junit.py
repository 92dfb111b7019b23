"""JUnit XML, for continuous integration: a test case for each run, which is a scenario with a seed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from actors.scenario.report import Report, complaints, verdict
from actors.scenario.words import inert


def write_junit(reports: Iterable[Report], path: Path) -> None:
    """Write the runs' results; a run that does not pass says why, and which command runs it again.

    Args:
        reports: in order; all runs of a scenario are one suite.
        path: is written anew, with the folder that it lies in.
    """
    suites: dict[str, TestSuite] = {}
    for report in reports:
        name = inert(report.bill.name)
        suite = suites.setdefault(name, TestSuite(name))
        suite.add_testcase(_case(report))
    xml = JUnitXml("greenroom")
    for suite in suites.values():
        xml.add_testsuite(suite)
    path.parent.mkdir(parents=True, exist_ok=True)
    xml.write(str(path), pretty=True)


def _case(report: Report) -> TestCase:
    bill = report.bill
    name = inert(bill.name)
    case = TestCase(f"{name}, seed {bill.seed}, {bill.mode}", name, round(report.summary.wall_s, 3))
    said = inert(verdict(report)[0])
    if report.passed:
        return case
    match report.ending:
        case "failed":
            result: Error | Failure | Skipped = Error(said, "ScriptFailed")
        case "interrupted":
            result = Skipped(said, "Interrupted")
        case _:
            result = Failure(said, "NotAsExpected")
    told = [*complaints(report), *([] if report.error is None else report.error.traceback.splitlines())]
    result.text = "\n".join(inert(line) for line in (*told, f"run it again with: {report.again}"))
    case.result = [result]
    return case
