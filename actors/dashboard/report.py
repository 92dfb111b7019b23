"""A finished log as text, and as one self-contained page. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actors.dashboard.contents import Section, contents, headline
from actors.fleet.view import Span, View
from actors.log.format import inert
from actors.plots import svg
from actors.plots.page import figure, page, pairs, section, table

CLIP = 100
"""The longest cell of the text, in characters; the page shows them whole."""

_WIDTH, _TALL, _LEFT, _TOP = 760, 150, 46, 18


def as_text(name: str, view: View) -> str:
    """The report, with neither colour nor anything that a terminal would obey."""
    lines = [inert(name), headline(view)]
    for it in contents(view):
        lines += ["", it.title, *(f"  {line}" for line in _aligned(it))]
    return "\n".join(lines) + "\n"


def as_html(name: str, view: View, history: Sequence[Span]) -> str:
    """The report as a page; `history` is the whole log, for its plots."""

    def parts() -> Iterator[str]:
        yield f"<header><h1>{svg.escape(name)}</h1><p>{svg.escape(headline(view))}</p></header>"
        for number, it in enumerate(contents(view)):
            if number == 1 and history:
                yield from section("Over time", _plots(history))
            yield from section(it.title, _table(it))

    return page(name, parts())


def _table(it: Section) -> Iterator[str]:
    return table(it.columns, it.rows) if it.columns else pairs((row[0], row[1]) for row in it.rows)


def _plots(history: Sequence[Span]) -> Iterator[str]:
    width = svg.seconds(history[0].seconds)
    for title, look, counts in (
        ("turns that ended", "c-complete", [it.turns for it in history]),
        ("attempts that failed", "c-transport", [it.failures for it in history]),
        ("tokens that came out", "c-inband", [it.tokens for it in history]),
    ):
        if any(counts):
            caption = f"{title.capitalize()}; a column is {width}."
            yield from figure(_columns(title, look, history, counts), caption)


def _columns(title: str, look: str, history: Sequence[Span], counts: Sequence[int]) -> str:
    begun = history[0].at
    wide = history[-1].at + history[-1].seconds - begun
    across = svg.scale(0, wide, _LEFT, _WIDTH - 10)
    up = svg.scale(0, max(counts), _TALL, _TOP)

    def shapes() -> Iterator[str]:
        for tick in svg.ticks(max(counts), 4):
            yield svg.line(_LEFT, up(tick), _WIDTH - 10, up(tick), "grid")
            yield svg.text(_LEFT - 6, up(tick) + 4, f"{tick:g}", "axis", "end")
        for tick in svg.ticks(wide, 6):
            yield svg.text(across(tick), _TALL + 16, svg.seconds(tick), "axis", "middle")
        for span, count in zip(history, counts, strict=True):
            start, end = across(span.at - begun), across(span.at - begun + span.seconds)
            if count:
                tip = f"{count:,} after {svg.seconds(span.at - begun)}"
                yield svg.rect(start, up(count), max(end - start - 0.5, 0.8), _TALL - up(count), look, tip)

    return svg.drawing(_WIDTH, _TALL + 22, f"{title} over time", shapes())


def _aligned(it: Section) -> Iterator[str]:
    rows = [
        tuple(_clipped(cell) for cell in row) for row in ((it.columns, *it.rows) if it.columns else it.rows)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _clipped(cell: str) -> str:
    shown = inert(cell)
    return shown if len(shown) <= CLIP else f"{shown[: CLIP - 1]}…"
