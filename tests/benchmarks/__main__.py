"""The benchmarks: `python -m tests.benchmarks [--quick] [--write]`, from the root of a checkout.

The provider has one core and the client another; a figure is the median of interleaved runs. All of it takes less than
five minutes, `--quick` less than one; `--write` puts the table into the README.
"""

from __future__ import annotations

import argparse
import sys

from tests import manual
from tests.benchmarks.plan import run_all
from tests.benchmarks.table import render


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="each run once, and not all of them")
    parser.add_argument("--write", action="store_true", help="put the table into the README")
    args = parser.parse_args()
    report = render(run_all(quick=args.quick, say=lambda line: print(line, file=sys.stderr)))  # noqa: T201 - progress
    sys.stdout.write(report + "\n")
    if args.write:
        manual.write("benchmarks", report)


if __name__ == "__main__":
    main()
