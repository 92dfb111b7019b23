"""The table of fault coverage: `python -m tests.scenario.coverage [--write]`, from the root of a checkout.

It plays `scenarios/fault_coverage.py` in simulated time, in a second; `--write` puts the table into the README.
"""

from __future__ import annotations

import argparse
import sys

from actors.scenario.display import Display
from actors.scenario.loader import load
from actors.scenario.report import Mode, Report
from actors.scenario.runner import Settings, run
from tests import manual

PART = "fault coverage"
PATH = manual.README.parent / "scenarios" / "fault_coverage.py"


def cover(mode: Mode, seed: int = 0, **params: float) -> Report:
    """Run every cell."""
    return run(load(PATH), Settings(mode=mode, seed=seed, params=params), Display())


def shown(report: Report) -> str:
    """The table, as the README shows it."""
    (table,) = report.tables
    return "\n".join(table.markdown())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.scenario.coverage", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into the README")
    args = parser.parse_args()
    text = shown(cover("sim"))
    sys.stdout.write(text + "\n")
    if args.write:
        manual.write(PART, text)


if __name__ == "__main__":
    main()
