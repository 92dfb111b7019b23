"""What an endpoint reports, against what was estimated: a session's ratio, learned as it goes."""

from __future__ import annotations

LEAST, MOST = 0.5, 4.0
"""Beyond these, what is reported counts something else than the request: the languages measured with
`actors.core.tokens.count_pieces` lie between 0.68 and 2.8. An endpoint that leaves out what it had cached would else
soon have everything sent."""
_WEIGHT = 0.5
_FULL = 512
"""From so many estimated tokens a report counts in full: in short requests the chat template is most of it."""


def correct(ratio: float, estimate: int, reported: int) -> float:
    """The ratio after one more report.

    Args:
        ratio: reported to estimated tokens, as known so far.
        estimate: of that request, without the ratio.
        reported: its input tokens, as the endpoint counts them.
    """
    if estimate <= 0 or reported <= 0:
        return ratio
    weight = _WEIGHT * min(1.0, estimate / _FULL)
    return ratio + weight * (clamp(reported / estimate) - ratio)


def clamp(ratio: float) -> float:
    """The ratio, as far as it can be one."""
    return min(max(ratio, LEAST), MOST)
