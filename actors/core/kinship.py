"""What becomes of children when one of them has ended: OTP's restart types and strategies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from actors.carried import EndReason
from actors.config import Strategy

Restarts: TypeAlias = Literal["permanent", "transient", "temporary"]
"""When a child is started anew: always, also when it was closed; when it failed; never."""

FAILURES: frozenset[EndReason] = frozenset({"restart_intensity", "child_intensity"})
"""Ends that nobody asked for."""


def comes_again(restarts: Restarts, reason: EndReason) -> bool:
    """Whether a child that has ended, by itself or by its host's wish, is started anew."""
    return restarts == "permanent" or (restarts == "transient" and reason in FAILURES)


def go_with(strategy: Strategy, children: Sequence[str], ended: str) -> tuple[str, ...]:
    """Which of the others are stopped, and started anew along with the one that ended.

    Args:
        strategy: the parent's.
        children: all of them by name, in the order in which they were started.
        ended: one of them.

    Returns:
        Names, in that order.
    """
    if strategy == "one_for_one":
        return ()
    first = 0 if strategy == "one_for_all" else children.index(ended)
    return tuple(name for name in children[first:] if name != ended)
