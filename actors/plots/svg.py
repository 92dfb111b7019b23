"""Just enough of SVG to draw a plot: shapes as strings, every text escaped, colours by class so that a page's own
light and dark apply.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from actors.log.format import inert

Scale: TypeAlias = Callable[[float], float]
"""From a value to its place."""


def escape(text: object) -> str:
    """Any text, made fit for HTML and SVG: on one line, and nothing in it means anything."""
    return html.escape(inert(str(text)))


def rect(x: float, y: float, width: float, height: float, look: str, tip: str = "") -> str:
    """A rectangle; `tip` is shown where the pointer rests on it."""
    title = f"<title>{escape(tip)}</title>" if tip else ""
    shape = f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" class="{look}"'
    return f"{shape}>{title}</rect>" if title else f"{shape}/>"


def line(x1: float, y1: float, x2: float, y2: float, look: str) -> str:
    """A straight line."""
    return f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" class="{look}"/>'


def text(x: float, y: float, said: object, look: str = "label", anchor: str = "start") -> str:
    """A text whose baseline is at y."""
    return f'<text x="{_n(x)}" y="{_n(y)}" class="{look}" text-anchor="{anchor}">{escape(said)}</text>'


def path(points: Iterable[tuple[float, float]], look: str) -> str:
    """A line through these points."""
    steps = " L".join(f"{_n(x)} {_n(y)}" for x, y in points)
    return f'<path d="M{steps}" class="{look}"/>'


def drawing(width: float, height: float, title: str, shapes: Iterable[str]) -> str:
    """All of it, with a title for those who can't see it."""
    said = escape(title)
    return (
        f'<svg viewBox="0 0 {_n(width)} {_n(height)}" role="img" aria-label="{said}">{"".join(shapes)}</svg>'
    )


def scale(low: float, high: float, start: float, end: float) -> Scale:
    """From values to places: linear, and `low` lies at `start`."""
    wide = (high - low) or 1.0
    return lambda value: start + (value - low) / wide * (end - start)


def ticks(high: float, count: int = 5) -> Iterator[float]:
    """Round values from 0 up to `high`, about so many, of at least 3."""
    if high <= 0:
        yield 0.0
        return
    power = 10 ** math.floor(math.log10(high / count))
    step = next(step for nice in (1, 2, 5, 10) if (step := nice * power) >= high / count)
    value = 0.0
    number = 0
    while value <= high * (1 + 1e-9):
        yield value
        number += 1
        value = number * step


def seconds(value: float) -> str:
    """A duration as an axis says it."""
    if value >= 600:  # noqa: PLR2004 - from ten minutes on
        return f"{value / 60:g} min"
    if 0 < value < 1:
        return f"{value * 1000:g} ms" if value < 0.01 else f"{value:.3g} s"  # noqa: PLR2004 - below a tick of a clock
    return f"{value:.3g} s"


def _n(value: float) -> str:
    """A coordinate; a tenth of a pixel is enough."""
    return f"{value:.1f}".removesuffix(".0")
