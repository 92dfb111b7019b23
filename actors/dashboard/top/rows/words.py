"""Figures as a person reads them, in few characters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

UNKNOWN: Final = "·"
"""What the log does not say."""

THOUSAND: Final = 1000
MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
TEN: Final = 10

BARS: Final = "▁▂▃▄▅▆▇█"
EIGHTHS: Final = "▏▎▍▌▋▊▉█"


def number(value: float | None) -> str:
    """A count: `812`, `8.1k`, `81k`, `8.1M`."""
    if value is None:
        return UNKNOWN
    if value < THOUSAND:
        return f"{value:.0f}"
    for unit in "kMGT":
        value /= THOUSAND
        if value < TEN:
            return f"{value:.1f}{unit}"
        if round(value) < THOUSAND:
            break
    return f"{value:.0f}{unit}"


def rate(value: float | None) -> str:
    """Something a second: `0.4`, `35`."""
    return f"{value:.1f}" if value is not None and 0 < value < TEN else number(value)


def size(value: int | None) -> str:
    """Bytes, by the thousand: `57MB`."""
    return UNKNOWN if value is None else f"{number(value)}B"


def duration(seconds: float | None) -> str:
    """How long: `12ms`, `1.25s`, `12.5s`, `3m04s`, `2h05m`, `3d04h`."""
    if seconds is None:
        return UNKNOWN
    if round(seconds * THOUSAND) < THOUSAND:
        return f"{seconds * THOUSAND:.0f}ms"
    if seconds < TEN:
        return f"{seconds:.2f}s"
    if seconds < MINUTE - 0.05:
        return f"{seconds:.1f}s"
    return _long(round(seconds))


def age(seconds: float | None) -> str:
    """How long ago, to the second: `now`, `12s`, `3m04s`."""
    if seconds is None:
        return UNKNOWN
    whole = int(seconds)
    if whole < 1:
        return "now"
    return f"{whole}s" if whole < MINUTE else _long(whole)


def clock(at: float | None) -> str:
    """The time of day, in UTC."""
    return "--:--:--" if at is None else datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def moment(at: float) -> str:
    """The time of day to the millisecond, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3]


def spark(values: Iterable[float], width: int) -> str:
    """The last `width` values as bars, the greatest of them as the highest; nothing is a blank."""
    last = tuple(values)[-width:] if width > 0 else ()
    most = max(last, default=0)
    top = len(BARS) - 1
    return "".join(BARS[round(it / most * top)] if it > 0 else " " for it in last).rjust(max(0, width))


def bar(share: float, width: int) -> str:
    """A part of `width` characters, to an eighth; what is there at all is seen."""
    eighths = max(round(share * width * 8), 1) if share > 0 else 0
    full, rest = divmod(min(eighths, width * 8), 8)
    return "█" * full + (EIGHTHS[rest - 1] if rest else "")


def _long(seconds: int) -> str:
    if seconds < HOUR:
        return f"{seconds // MINUTE}m{seconds % MINUTE:02}s"
    if seconds < DAY:
        return f"{seconds // HOUR}h{seconds % HOUR // MINUTE:02}m"
    return f"{seconds // DAY}d{seconds % DAY // HOUR:02}h"
