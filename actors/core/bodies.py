"""How the fields of a request's body are laid over each other: profile, endpoint, session, turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both as one, `above` winning: objects merge, everything else replaces. Neither is changed.

    RFC 7396's merge, but for null: it is a value that some endpoints want, and is sent.
    """
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        merged[name] = overlay(under, value) if both else value  # type: ignore[arg-type]  # `both` says so
    return merged
