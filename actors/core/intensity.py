"""Restart intensity, as a sliding window: OTP's rule (`supervisor`, "Maximum Restart Intensity")."""

from __future__ import annotations

from actors.config import Intensity


def add_restart(
    restarts: tuple[float, ...], now: float, intensity: Intensity
) -> tuple[tuple[float, ...], bool]:
    """Count a restart at `now`.

    Args:
        restarts: the times of those before, as the last call gave them.
        now: a monotonic time in seconds.
        intensity: how many restarts are allowed within how many seconds.

    Returns:
        The times that still lie in the window, this one included, and whether they are within the intensity.
    """
    window = (*(then for then in restarts if now - then <= intensity.within), now)
    return window, len(window) <= intensity.restarts
