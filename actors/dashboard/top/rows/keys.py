"""What the keys do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from actors.dashboard.top.rows.table import Line, Part, clip, pad, width_of

KEYS: Final = (
    ("1 … 9 0", "a panel; so do Tab and Shift-Tab"),
    ("↑ ↓ PgUp PgDn Home End", "move; also j k g G"),
    ("Enter", "the timeline of the session there"),
    ("/", "filter by id, agent, model, state or error"),
    ("Esc", "back; no filter"),
    ("s S", "sort by the next column, the one before"),
    ("r", "reverse the order"),
    ("Space", "pause, go on"),
    ("?", "this help"),
    ("q", "quit"),
)
REPLAY_KEYS: Final = (
    ("← →", "seek by a hundredth of the log"),
    ("Shift-← Shift-→", "seek by a tenth"),
    ("b e", "go to the beginning, to the end"),
    ("+ -", "play twice as fast, half as fast"),
)
SHORT: Final = (
    ("/", "filter"),
    ("s", "sort"),
    ("Enter", "timeline"),
    ("Space", "pause"),
    ("Tab", "panel"),
    ("?", "help"),
    ("q", "quit"),
)
SHORT_REPLAY: Final = (("←→", "seek"), ("+-", "speed"), *SHORT)


def footer(width: int, *, replay: bool) -> Line:
    """The most important keys, as many as there is room for."""
    return _short(SHORT_REPLAY if replay else SHORT, width)


def back(width: int) -> Line:
    """The keys of a timeline."""
    return _short((("Esc", "back"), ("↑↓", "scroll"), *SHORT[3:4], *SHORT[-2:]), width)


def page(*, replay: bool) -> tuple[Line, ...]:
    """All keys, a line each."""
    shown = (*KEYS, *REPLAY_KEYS) if replay else KEYS
    width = max(len(key) for key, _ in shown)
    return tuple(((f"{pad(key, width)}   ", "strong"), (what, "")) for key, what in shown)


def _short(keys: Iterable[tuple[str, str]], width: int) -> Line:
    line: list[Part] = []
    for key, what in keys:
        more: list[Part] = [(f" {key}", "strong"), (f" {what} ", "label")]
        if width_of((*line, *more)) > width:
            break
        line += more
    return clip(line, width)
