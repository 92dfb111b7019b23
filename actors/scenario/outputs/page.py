"""`report.html`: one page that says what came of a run. It loads nothing, runs nothing, and obeys no text in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actors.plots.page import page, pairs, table
from actors.plots.svg import escape
from actors.scenario.outputs import plots
from actors.scenario.outputs.chronicle import Chronicle
from actors.scenario.report import Report, rows, verdict
from actors.scenario.summary import Check, Problem
from actors.scenario.table import Table

TOLD = 60
"""So many things that did not hold are told; the rest is counted."""
TIMELINES = 12
"""So many of them with what happened there."""
LINES = 60
"""So many lines of each such timeline."""


def report_html(report: Report, chronicle: Chronicle) -> str:
    """The page.

    Args:
        report: what came of the run; its tables are shown behind the plots.
        chronicle: of all its events.
    """
    bill = report.bill
    parts = (
        *_head(report),
        *_wrong(report),
        "<section><h2>Summary</h2>",
        *pairs(rows(report)),
        "</section>",
        *_plots(report, chronicle),
        *(part for told in report.tables for part in _table(told)),
    )
    return page(bill.name, parts)


def _head(report: Report) -> Iterator[str]:
    bill = report.bill
    mark, look = ("✔", "good") if report.passed else ("✘", "bad")
    yield f"<header><h1>{escape(bill.name)}</h1><p>{escape(bill.story)}</p></header>"
    yield f'<p class="verdict {look}"><span aria-hidden="true">{mark}</span> {escape(verdict(report)[0])}</p>'
    yield '<dl class="bill">'
    for label, said in (
        ("mode", bill.mode),
        ("seed", bill.seed),
        ("sessions", bill.sessions),
        ("provider", bill.provider),
        ("file", bill.file),
    ):
        yield f"<div><dt>{label}</dt><dd>{escape(said)}</dd></div>"
    yield "</dl>"
    if report.again:
        yield f'<p>Run it again with</p><pre class="command">{escape(report.again)}</pre>'


def _wrong(report: Report) -> Iterator[str]:
    summary = report.summary
    wrong: list[Problem | Check] = [
        *summary.problems,
        *(check for check in summary.checks if not check.holds),
    ]
    if report.error is not None:
        yield "<section><h2>What the script raised</h2><pre>"
        yield "\n".join(escape(line) for line in report.error.traceback.splitlines())
        yield "</pre></section>"
    if not wrong:
        return
    yield '<section><h2>What did not hold</h2><ol class="wrong">'
    for number, one in enumerate(wrong[:TOLD]):
        yield f"<li>{_sentence(one)}{_timeline(one.timeline if number < TIMELINES else ())}</li>"
    yield "</ol>"
    if len(wrong) > TOLD:
        yield f"<p>And {len(wrong) - TOLD:,} more: <code>summary.json</code> has them all.</p>"
    yield "</section>"


def _sentence(one: Problem | Check) -> str:
    if isinstance(one, Check):
        where = f", as in <strong>{escape(one.where)}</strong>" if one.where else ""
        return escape(one.found or f"it does not hold that {one.what}") + where
    turn = f" turn {one.turn}" if one.turn else ""
    return f"<strong>{escape(one.session or 'the run')}{turn}</strong>: {escape(one.what)}"


def _timeline(lines: tuple[str, ...]) -> str:
    if not lines:
        return ""
    more = f"\n... and {len(lines) - LINES} more lines" if len(lines) > LINES else ""
    told = "\n".join(escape(line) for line in lines[:LINES])
    return f"<details><summary>what happened there</summary><pre>{told}{more}</pre></details>"


def _plots(report: Report, chronicle: Chronicle) -> Iterator[str]:
    if not chronicle.spans:
        yield "<section><h2>Attempts</h2><p>There were none.</p></section>"
        return
    wrong = dict.fromkeys(problem.session for problem in report.summary.problems)
    sessions = plots.chosen_sessions(chronicle, wrong)
    every = len(chronicle.spans)
    note = f"All {every:,} sessions"
    if len(sessions) < every:
        bad = sum(name in wrong for name in sessions)
        first = f"{bad} in which something did not hold, the others" if bad else "chosen"
        note = f"{len(sessions)} of {every:,} sessions, {first} at even distances"
    if any(len(chronicle.spans[name]) > plots.PER_ROW for name in sessions):
        note += f"; the first {plots.PER_ROW} attempts of each"
    yield "<section><h2>Attempts over time</h2>"
    yield from _figure(
        plots.attempts(chronicle, sessions),
        plots.legend(chronicle),
        f"{note}. A bar is an attempt, its colour and the letter behind it say how it ended; the line in it is the "
        "first thing that it showed. The counts are of all sessions.",
    )
    yield "</section><section><h2>How long it took</h2>"
    yield '<div class="pair">'
    for title, values in (("First chunk", chronicle.first_chunks), ("Whole turn", chronicle.turns)):
        yield f"<figure><h3>{title}</h3>"
        yield plots.distribution(values, title.lower()) if values else "<p>None.</p>"
        yield f"<figcaption>{len(values):,} turns, counted from each turn's start.</figcaption></figure>"
    yield "</div></section><section><h2>Retries over time</h2>"
    if chronicle.retries:
        count = len(chronicle.retries)
        note = f"{count:,} attempts failed and were tried again; a column is 1/{plots.BINS} of the run."
        yield from _figure(plots.retries(chronicle), plots.retry_legend(chronicle), note)
    else:
        yield "<p>Nothing was tried again.</p>"
    yield "</section>"


def _figure(drawn: str, legend: Iterable[tuple[str, str, str, int]], caption: str) -> Iterator[str]:
    yield '<figure><ul class="legend">'
    for css, letter, words, count in legend:
        shown = f"<b>{letter}</b> " if letter else ""
        yield f'<li><span class="key {css}"></span>{shown}{escape(words)} <i>{count:,}</i></li>'
    yield f'</ul><div class="wide" tabindex="0"><div class="plot">{drawn}</div></div>'
    yield f"<figcaption>{escape(caption)}</figcaption></figure>"


def _table(told: Table) -> Iterator[str]:
    yield f"<section><h2>{escape(told.title)}</h2>"
    yield from table(told.columns, told.rows)
    yield f"<p>{escape(told.note)}</p></section>"
