"""What must hold of many turns together: `stage.expect(p99(first_chunk) < 2)`. Pure.

A figure compared with a number is a threshold, which is judged at the end of the run and then reads as a sentence.
"""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from actors.errors import ScriptError
from actors.scenario.metrics import RELATIONS, Condition, Metric
from actors.scenario.ranks import nearest_rank
from actors.scenario.tally import TurnTally


class Measured(NamedTuple):
    """What a figure came to."""

    value: float
    turn: TurnTally | None
    """The turn that it is best seen in; None: it is in none."""


class Verdict(msgspec.Struct, frozen=True):
    """A threshold, judged."""

    what: str
    """What must hold."""
    found: str
    """What was found, against what must hold where it does not."""
    holds: bool


class Figure:
    """A number that many turns have together. Compare it with `<`, `<=`, `>`, `>=` or `==`.

    Args:
        name: as it reads in a sentence.
        unit: such as `s`; empty for a number of things.
        of: a pattern of sessions; only their turns count.
        measure: the figure of such turns; None: of these there is none. `high`: whether a high value is the bad one.
    """

    __hash__ = None  # type: ignore[assignment]  # comparing makes a threshold

    def __init__(
        self, name: str, unit: str, of: str, measure: Callable[[Sequence[TurnTally], bool], Measured | None]
    ) -> None:
        self.name = name if of == "*" else f"{name} of {of}"
        self.unit = unit
        self._of = of
        self._measure = measure

    def __lt__(self, bound: float) -> Threshold:
        return Threshold(self, "<", bound)

    def __le__(self, bound: float) -> Threshold:
        return Threshold(self, "<=", bound)

    def __gt__(self, bound: float) -> Threshold:
        return Threshold(self, ">", bound)

    def __ge__(self, bound: float) -> Threshold:
        return Threshold(self, ">=", bound)

    def __eq__(self, bound: object) -> Threshold:  # type: ignore[override]  # as above
        if not isinstance(bound, int | float):
            raise ScriptError(f"compare {self.name} with a number, not with {bound!r}")
        return Threshold(self, "==", bound)

    def measure(self, turns: Iterable[TurnTally], *, high: bool) -> Measured | None:
        """The figure of those turns that it is about."""
        own = [turn for turn in turns if fnmatch.fnmatchcase(turn.session, self._of)]
        return self._measure(own, high)

    def said(self, value: float) -> str:
        """A value with its unit."""
        shown = f"{value:.0f}" if value == int(value) else f"{value:.3g}"
        return f"{shown} {self.unit}".rstrip()


class Threshold:
    """What must hold of a figure. State it: `stage.expect(...)`."""

    def __init__(self, figure: Figure, relation: str, bound: float) -> None:
        self._figure = figure
        self._bound = bound
        self._relation = relation
        self._holds, self._words = RELATIONS[relation]

    def __bool__(self) -> bool:
        raise ScriptError(
            f"{self.what} is judged at the end of the run: state it with stage.expect(...), one bound at a time"
        )

    @property
    def what(self) -> str:
        """What must hold, in a sentence."""
        return f"{self._figure.name} is {self._wanted}"

    @property
    def _wanted(self) -> str:
        return f"{self._words} {self._figure.said(self._bound)}"

    def judge(self, turns: Iterable[TurnTally]) -> tuple[Verdict, TurnTally | None]:
        """Whether it holds of these turns; and, if not, the turn that shows it best."""
        measured = self._figure.measure(turns, high=self._relation in {"<", "<=", "=="})
        if measured is None:
            return Verdict(self.what, f"there is no {self._figure.name}: no turn has one", holds=False), None
        got = f"{self._figure.name} is {self._figure.said(measured.value)}"
        if self._holds(measured.value, self._bound):
            return Verdict(self.what, got, holds=True), None
        return Verdict(self.what, f"{got}, not {self._wanted}", holds=False), measured.turn


def p50(metric: Metric, of: str = "*") -> Figure:
    """The median over turns; `of`: only of sessions that match this pattern, here and below."""
    return _ranked("p50", 0.5, metric, of)


def p95(metric: Metric, of: str = "*") -> Figure:
    """What 95 of 100 turns do not exceed (nearest rank: one of the values)."""
    return _ranked("p95", 0.95, metric, of)


def p99(metric: Metric, of: str = "*") -> Figure:
    """What 99 of 100 turns do not exceed."""
    return _ranked("p99", 0.99, metric, of)


def maximum(metric: Metric, of: str = "*") -> Figure:
    """The highest value of all turns."""
    return _ranked("maximum", 1, metric, of)


def minimum(metric: Metric, of: str = "*") -> Figure:
    """The lowest value of all turns."""
    return _ranked("minimum", 0, metric, of)


def mean(metric: Metric, of: str = "*") -> Figure:
    """The arithmetic mean over turns."""

    def measure(turns: Sequence[TurnTally], high: bool) -> Measured | None:
        values = _values(metric, turns)
        if not values:
            return None
        return Measured(math.fsum(value for value, _ in values) / len(values), values[-1 if high else 0].turn)

    return Figure(f"mean of {metric.name}", metric.unit, of, measure)


def total(metric: Metric, of: str = "*") -> Figure:
    """The sum over turns."""

    def measure(turns: Sequence[TurnTally], high: bool) -> Measured | None:
        values = _values(metric, turns)
        worst = values[-1 if high else 0].turn if values else None
        return Measured(math.fsum(value for value, _ in values), worst)

    return Figure(f"total of {metric.name}", metric.unit, of, measure)


def share(condition: Condition, of: str = "*") -> Figure:
    """Of how many turns it holds, from 0 to 1."""

    def measure(turns: Sequence[TurnTally], high: bool) -> Measured | None:
        said = _said(condition, turns)
        return Measured(sum(holds for holds, _ in said) / len(said), _example(said, high)) if said else None

    return Figure(f"share of {condition.name}", "", of, measure)


def count(condition: Condition, of: str = "*") -> Figure:
    """Of how many turns it holds."""

    def measure(turns: Sequence[TurnTally], high: bool) -> Measured | None:
        said = _said(condition, turns)
        return Measured(sum(holds for holds, _ in said), _example(said, high))

    return Figure(f"count of {condition.name}", "", of, measure)


def _ranked(name: str, rank: float, metric: Metric, of: str) -> Figure:
    def measure(turns: Sequence[TurnTally], _: bool) -> Measured | None:
        values = _values(metric, turns)
        return nearest_rank(values, rank) if values else None

    return Figure(f"{name} of {metric.name}", metric.unit, of, measure)


def _values(metric: Metric, turns: Sequence[TurnTally]) -> list[Measured]:
    values = [Measured(value, turn) for turn in turns if (value := metric.of(turn)) is not None]
    return sorted(values, key=lambda measured: measured.value)


def _said(condition: Condition, turns: Sequence[TurnTally]) -> list[tuple[bool, TurnTally]]:
    return [(holds, turn) for turn in turns if (holds := condition.holds(turn)) is not None]


def _example(said: list[tuple[bool, TurnTally]], high: bool) -> TurnTally | None:
    """A turn that makes it so many, or so few."""
    return next((turn for holds, turn in said if holds == high), None)
