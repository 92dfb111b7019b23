"""The figures as Markdown, and their place in the README."""

from __future__ import annotations

import datetime as dt
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.benchmarks.plan import (
    ALONE,
    FLOOD,
    OURS,
    PACED,
    PEERS,
    THOUSAND,
    TUNED,
    TWO_THOUSAND,
    Case,
    Results,
)

NAMES = {
    "byte loop": "byte loop (httpx on aiohttp)",
    "byte loop, tuned": "byte loop (on greenroom's connections)",
    "httpx": "byte loop (plain httpx)",
}


def name_of(client: str) -> str:
    return NAMES.get(client, client)


def times(part: float | None, whole: float | None) -> str:
    return "" if part is None or whole is None else f"{part / whole:.2f}"


def number(figure: float | None, form: str = ".1f") -> str:
    return "" if figure is None else format(figure, form)


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def flood(results: Results) -> list[str]:
    lines = [
        row("flood, 64 streams: CPU a delta", "asyncio, µs", "x byte loop", "uvloop, µs", "x byte loop"),
        "|---|--:|--:|--:|--:|",
    ]
    for client in (*OURS, TUNED, *PEERS):
        cells = [name_of(client)]
        for loop in ("asyncio", "uvloop"):
            mine = results.get(loop, FLOOD, client, "cpu_us")
            cells += [number(mine), times(mine, results.get(loop, FLOOD, "byte loop", "cpu_us"))]
        if cells[1]:
            lines.append(row(*cells))
    return lines


def paced(results: Results) -> list[str]:
    lines = [
        row("paced", "loop", "client", "CPU a delta, µs", "x byte loop", "real time", "added p50 / p99, ms"),
        "|---|---|---|--:|--:|--:|--:|",
    ]
    for case, loop in (
        (PACED, "asyncio"),
        (PACED, "uvloop"),
        (THOUSAND, "asyncio"),
        (TWO_THOUSAND, "asyncio"),
    ):
        for client in (*OURS, TUNED, *PEERS):
            mine = results.get(loop, case, client, "cpu_us")
            if mine is not None:
                cells = [case.title, loop, name_of(client), number(mine)]
                cells.append(times(mine, results.get(loop, case, "byte loop", "cpu_us")))
                lines.append(row(*cells, *kept_up(results, loop, case, client)))
    return lines


def kept_up(results: Results, loop: str, case: Case, client: str) -> tuple[str, str]:
    """Whether the client was as fast as the deltas came, and how late it had them."""
    p50, p99 = (results.get(loop, case, client, figure) for figure in ("late_p50", "late_p99"))
    assert p99 is not None
    interval = int(case.model.split("-")[2]) / 1000
    return "yes" if p99 < max(interval, 100) else "no", f"{number(p50)} / {number(p99)}"


def singles(results: Results) -> list[str]:
    table = dict(results.singles)
    ours, loop = (results.get("asyncio", THOUSAND, client, "memory_kb") for client in OURS)
    if ours is not None and loop is not None:
        table["a streaming session, beyond the byte loop's"] = f"{ours - loop:.1f} kB"
    ours, loop = (results.get("asyncio", ALONE, client, "first_p50") for client in OURS)
    if ours is not None and loop is not None:
        table["time to the first delta, beyond the byte loop's"] = f"{ours - loop:.2f} ms of {ours:.2f}"
    ours, logged = (
        results.get("asyncio", FLOOD, client, "cpu_us") for client in ("greenroom", "greenroom, logged")
    )
    if ours is not None and logged is not None:
        table["the log at DEBUG, flood of 400 deltas a stream"] = f"{(logged / ours - 1) * 100:+.0f} % CPU"
    return [
        row("", "measured"),
        "|---|--:|",
        *(row(what, figure) for what, figure in table.items()),
    ]


def machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(": ")[2] if names else model
    found = []
    for package in ("aiohttp", "autogen-core", "httpx", "openai", "openai-agents", "uvloop"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    today = dt.datetime.now(dt.UTC).date()
    return (
        f"Measured on {today}: {os.cpu_count()} cores of {model}, Python {platform.python_version()}, "
        f"{', '.join(found)}."
    )


def render(results: Results) -> str:
    """The whole report."""
    lines = [machine(), ""]
    for part in (flood(results), paced(results), singles(results)):
        lines += [*part, ""]
    lines.append(
        f"The provider used at most {results.worst('server_share') * 100:.0f} % of its core and paced deltas left "
        f"it at most {results.worst('server_late_p99'):.1f} ms late (p99)."
    )
    if results.skipped:
        lines.append(f"Not installed, so not measured: {', '.join(sorted(results.skipped))}.")
    if results.failed:
        lines.append(f"Did not finish: {', '.join(sorted(results.failed))}.")
    return "\n".join(lines)
