"""A replay's time: pure."""

from __future__ import annotations

from typing import Final, Self

import msgspec

FASTEST: Final = 1_000_000.0
SLOWEST: Final = 0.01
FASTER: Final = 2.0


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """A place between a log's first and last record, in Unix seconds, and how fast it moves on."""

    begun: float
    ended: float
    at: float
    speed: float
    """Seconds of the log a second."""
    paused: bool = False

    def after(self, elapsed: float) -> Self:
        """The clock `elapsed` seconds later; it stops at the end."""
        return self if self.paused else self.to(self.at + elapsed * self.speed)

    def to(self, at: float) -> Self:
        """The clock at another place, within the log."""
        return msgspec.structs.replace(self, at=min(max(at, self.begun), self.ended))

    def moved(self, share: float) -> Self:
        """The clock moved by a share of the log, and by a second at least."""
        step = max(1.0, abs(share) * (self.ended - self.begun))
        return self.to(self.at + (step if share > 0 else -step))

    def faster(self, factor: float) -> Self:
        """The clock at another speed."""
        return msgspec.structs.replace(self, speed=min(max(self.speed * factor, SLOWEST), FASTEST))

    def toggled(self) -> Self:
        """The clock stopped, or going on."""
        return msgspec.structs.replace(self, paused=not self.paused)

    @property
    def share(self) -> float:
        """How much of the log lies behind, from 0 to 1."""
        return (self.at - self.begun) / (self.ended - self.begun) if self.ended > self.begun else 1.0
