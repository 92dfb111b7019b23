"""How each kind of outcome looks in every plot: a colour's class, a letter, and words. Never by colour alone."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """A kind of outcome."""

    css: str
    letter: str
    """Stands at the end of an attempt that ended so; empty for one that is as it should be."""
    words: str


LOOKS: dict[str, Look] = {
    "complete": Look("c-complete", "", "complete"),
    "truncated": Look("c-truncated", "T", "truncated"),
    "stalled": Look("c-stalled", "S", "stalled"),
    "transport": Look("c-transport", "N", "transport (network)"),
    "http_error": Look("c-http", "H", "http error"),
    "in_band_error": Look("c-inband", "B", "in-band error"),
    "protocol": Look("c-protocol", "P", "protocol"),
    "cancelled": Look("c-cancelled", "C", "cancelled"),
    "internal": Look("c-internal", "I", "internal"),
    "unfinished": Look("c-unfinished", "U", "unfinished"),
}


def look_of(kind: str) -> Look:
    """How a kind of outcome looks."""
    return LOOKS.get(kind, LOOKS["internal"])
