"""Quantiles of few values: each is one that was measured. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def nearest_rank(ordered: Sequence[T], share: float) -> T:
    """The least value that at least this share of them does not exceed.

    Args:
        ordered: in rising order; at least one.
        share: from 0, which is the least of all, to 1.
    """
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]
