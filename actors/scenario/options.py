"""The options that `greenroom run` reads in its own way, as click's callbacks."""

from __future__ import annotations

import re

import click

_UNITS = {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600}


def duration(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """Seconds; from a number of them, or one with its unit, such as `500ms`, `90s`, `5m` or `1h`."""
    if value is None:
        return None
    said = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|)", value)
    if said is None or not float(said[1]):
        raise click.BadParameter(f"{value!r} is no duration: write seconds, or such as 90s, 5m or 1h")
    return float(said[1]) * _UNITS[said[2]]


def seeds(_: click.Context, __: click.Parameter, value: str | None) -> range | None:
    """Seeds in order; from `A..B`, both included, or a single one."""
    if value is None:
        return None
    said = re.fullmatch(r"(\d+)(?:\.\.(\d+))?", value)
    found = range(int(said[1]), int(said[2] or said[1]) + 1) if said else range(0)
    if not found:
        raise click.BadParameter(f"{value!r} are no seeds: write the first and the last, as in 1..1000")
    return found


def settings(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Texts by name; from `NAME=VALUE`, of which the last of a name counts."""
    pairs = [value.partition("=") for value in values]
    for name, equals, text in pairs:
        if not name or not equals:
            raise click.BadParameter(
                f"{name + equals + text!r} sets nothing: write NAME=VALUE, as in failures=5"
            )
    return {name: text for name, _, text in pairs}
