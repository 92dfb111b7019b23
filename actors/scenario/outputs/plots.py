"""The plots of a report: attempts as they ran, how long things took, and when what was tried again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from actors.plots import svg
from actors.scenario.outputs.chronicle import Chronicle, Span
from actors.scenario.outputs.looks import LOOKS, Look, look_of
from actors.scenario.ranks import nearest_rank

ROWS = 40
"""So many sessions have a row of their own."""
PER_ROW = 100
"""So many attempts of each are drawn."""
POINTS = 200
"""So many steps a distribution has at most."""
BINS = 48

_WIDTH = 760
_NAME = 116
_ROW = 15
_BAR = 9
_AXIS = 26
_TALL = 150
_LONGEST = 18


def chosen_sessions(chronicle: Chronicle, first: Collection[str]) -> list[str]:
    """Whose attempts are drawn: those of `first`, then others at even distances, in the order in which they came on."""
    every = list(chronicle.spans)
    if len(every) <= ROWS:
        return every
    chosen = dict.fromkeys([name for name in first if name in chronicle.spans][: ROWS // 2])
    rest = [name for name in every if name not in chosen]
    room = ROWS - len(chosen)
    chosen |= dict.fromkeys(rest[number * len(rest) // room] for number in range(room))
    return [name for name in every if name in chosen]


def attempts(chronicle: Chronicle, sessions: Sequence[str]) -> str:
    """A row a session, a bar an attempt: its colour and the letter behind it say how it ended."""
    began = chronicle.began or 0.0
    wide = max(chronicle.ended - began, 1e-3)
    place = svg.scale(0, wide, _NAME, _WIDTH - 18)
    height = _AXIS + _ROW * len(sessions) + 4

    def shapes() -> Iterator[str]:
        for tick in svg.ticks(wide, 6):
            yield svg.line(place(tick), 16, place(tick), height, "grid")
            yield svg.text(place(tick), 11, svg.seconds(tick), "axis", "middle")
        for row, name in enumerate(sessions):
            top = _AXIS + row * _ROW
            bars = [_bar(span, chronicle, place) for span in chronicle.spans[name][:PER_ROW]]
            shown = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
            yield svg.text(_NAME - 8, top + _BAR, shown, "label", "end")
            yield svg.line(_NAME, top + _BAR / 2 + 1, _WIDTH - 18, top + _BAR / 2 + 1, "track")
            for bar in bars:
                yield from _drawn(bar, top)
            for bar in bars:  # over all of them, so that none hides a letter
                if bar.look.letter:
                    yield svg.text(bar.start + bar.width + 1.5, top + _BAR, bar.look.letter, "letter")

    return svg.drawing(_WIDTH, height, f"attempts of {len(sessions)} sessions over time", shapes())


class _Bar(NamedTuple):
    start: float
    width: float
    first: float | None
    look: Look
    tip: str


def _bar(span: Span, chronicle: Chronicle, place: svg.Scale) -> _Bar:
    began = chronicle.began or 0.0
    ended = chronicle.ended if span.ended is None else span.ended
    start, end = place(span.began - began), place(ended - began)
    where = f"{span.session}, turn {span.turn}, step {span.step}, attempt {span.attempt}"
    when = f"{span.began - began:.3f} s to {ended - began:.3f} s"
    return _Bar(
        start,
        max(end - start, 1.5),
        None if span.first is None else place(span.first - began),
        look_of(span.kind),
        f"{where}: {span.reason or span.kind}, {when}",
    )


def _drawn(bar: _Bar, top: float) -> Iterator[str]:
    yield svg.rect(bar.start, top + 1, bar.width, _BAR, bar.look.css, bar.tip)
    if bar.first is not None:
        yield svg.line(bar.first, top + 1, bar.first, top + 1 + _BAR, "first")


def legend(chronicle: Chronicle) -> Iterator[tuple[str, str, str, int]]:
    """For each kind of outcome that there was: its class, its letter, its words and how many attempts ended so."""
    counts = Counter(span.kind for spans in chronicle.spans.values() for span in spans)
    for kind, look in LOOKS.items():
        if counts[kind]:
            yield look.css, look.letter, look.words, counts[kind]


def distribution(values: Sequence[float], what: str) -> str:
    """Which share of turns took at most how long, with the median and what 95 and 99 of 100 do not exceed."""
    width, left, right, bottom = 370, 38, 14, _TALL + 14
    ordered = sorted(values)
    high = ordered[-1] or 1e-3
    across, up = svg.scale(0, high, left, width - right), svg.scale(0, 1, bottom, 14)

    def shapes() -> Iterator[str]:
        for share in (0.0, 0.5, 1.0):
            yield svg.line(left, up(share), width - right, up(share), "grid")
            yield svg.text(left - 6, up(share) + 4, f"{share:.0%}", "axis", "end")
        for tick in svg.ticks(high, 4):
            yield svg.text(across(tick), bottom + 15, svg.seconds(tick), "axis", "middle")
        yield svg.path(((across(x), up(y)) for x, y in _steps(ordered)), "curve")
        for number, (name, value) in enumerate(_ranks(ordered)):
            yield svg.line(across(value), up(0), across(value), up(1), "rank")
            right_half = across(value) > (left + width) / 2
            anchor, aside = ("end", -4) if right_half else ("start", 4)
            said = f"{name} {svg.seconds(round(value, 3))}"
            yield svg.text(across(value) + aside, up(0.44 - 0.14 * number), said, "rank-label", anchor)

    return svg.drawing(width, bottom + 22, f"distribution of {what}", shapes())


def _ranks(ordered: Sequence[float]) -> Iterator[tuple[str, float]]:
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        yield name, nearest_rank(ordered, share)


def _steps(ordered: Sequence[float]) -> Iterator[tuple[float, float]]:
    """The distribution function's corners; of many values, only so many evenly spaced in rank."""
    count = len(ordered)
    picked = sorted(
        {round(step * (count - 1) / min(POINTS, count)) for step in range(min(POINTS, count) + 1)}
    )
    share = 0.0
    yield 0.0, 0.0
    for place in picked:
        yield ordered[place], share
        share = (place + 1) / count
        yield ordered[place], share


def retries(chronicle: Chronicle) -> str:
    """How many attempts were tried again in each stretch of time, stacked by why they had failed."""
    began = chronicle.began or 0.0
    wide = max(chronicle.ended - began, 1e-3)
    bins: list[Counter[str]] = [Counter() for _ in range(BINS)]
    for retry in chronicle.retries:
        bins[min(int((retry.at - began) / wide * BINS), BINS - 1)][retry.kind] += 1
    most = max(bin_.total() for bin_ in bins)
    left, bottom = 38, _TALL + 14
    across, up = svg.scale(0, wide, left, _WIDTH - 18), svg.scale(0, most, bottom, 14)

    def shapes() -> Iterator[str]:
        for tick in svg.ticks(most, 4):
            if tick == int(tick):
                yield svg.line(left, up(tick), _WIDTH - 18, up(tick), "grid")
                yield svg.text(left - 6, up(tick) + 4, f"{tick:g}", "axis", "end")
        for tick in svg.ticks(wide, 6):
            yield svg.text(across(tick), bottom + 15, svg.seconds(tick), "axis", "middle")
        for number, counted in enumerate(bins):
            yield from _stack(counted, across(number * wide / BINS), across((number + 1) * wide / BINS), up)

    return svg.drawing(_WIDTH, bottom + 22, "retries over time, by reason", shapes())


def _stack(counted: Counter[str], start: float, end: float, up: svg.Scale) -> Iterator[str]:
    below = 0
    for kind, look in LOOKS.items():
        count = counted[kind]
        if count:
            top = up(below + count)
            tip = f"{count} after {look.words}"
            yield svg.rect(start + 0.5, top, end - start - 1, up(below) - top, look.css, tip)
            below += count


def retry_legend(chronicle: Chronicle) -> Iterator[tuple[str, str, str, int]]:
    """For each kind of failure that was tried again: its class, letter, words with its reasons, and how many."""
    reasons: dict[str, Counter[str]] = {}
    for retry in chronicle.retries:
        reasons.setdefault(retry.kind, Counter())[retry.reason] += 1
    for kind, look in LOOKS.items():
        counted = reasons.get(kind)
        if counted:
            detailed = [(reason.removeprefix(f"{kind}:"), count) for reason, count in counted.most_common()]
            inner = ", ".join(f"{count} {reason}" for reason, count in detailed)
            words = look.words if set(counted) == {kind} else f"{look.words}: {inner}"
            yield look.css, look.letter, words, counted.total()
