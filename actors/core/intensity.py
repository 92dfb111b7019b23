"""Restart intensity, as OTP has it: a pure sliding window over the times of restarts.

After Elixir's `DynamicSupervisor`: the restart that makes the window fuller than allowed is refused.
"""

from __future__ import annotations

from actors.config import Intensity


def add_restart(
    restarts: tuple[float, ...], now: float, intensity: Intensity
) -> tuple[tuple[float, ...], bool]:
    """Add a restart at `now` to the window.

    Args:
        restarts: the times of earlier restarts, oldest first, in seconds on the clock of `now`.
        now: the time of this restart.
        intensity: how many restarts are allowed within how many seconds.

    Returns:
        The restarts that lie within the window, this one included, and whether they are still allowed.
    """
    oldest = now - intensity.within
    window = (*(at for at in restarts if at > oldest), now)
    return window, len(window) <= intensity.restarts
