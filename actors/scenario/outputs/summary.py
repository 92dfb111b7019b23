"""`summary.json`: what a run came to, for programs."""

from __future__ import annotations

from typing import Any

import msgspec

from actors.log.encode import to_line
from actors.scenario.report import Report, verdict

SCHEMA = 1
"""Goes up when a field changes its meaning."""


def summary_json(report: Report) -> bytes:
    """The report as JSON: the verdict, the bill, the figures, and what did not hold."""
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "passed": report.passed,
        "exit": int(report.exit),
        "verdict": verdict(report)[0],
        **msgspec.to_builtins(report, enc_hook=repr),
    }
    return msgspec.json.format(to_line(record), indent=2) + b"\n"
