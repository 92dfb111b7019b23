"""Finished logs, played again at any speed, from any place."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence

from actors.dashboard.top.clock import Clock
from actors.dashboard.top.reading import Reading
from actors.dashboard.top.rows.headline import Status
from actors.fleet.fold import Fleet
from actors.fleet.view import Span


class Replay:
    """Plays logs as they came. Looks through them first; going back folds them anew from the beginning.

    Args:
        paths: files and globs.
        speed: seconds of the log a second.
        ticks: gives a clock's time, in seconds.
    """

    def __init__(
        self, paths: Sequence[str], speed: float, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._paths, self._speed, self._ticks = paths, speed, ticks
        self._reading = Reading(paths)
        self._ahead = self._reading
        """What is being folded, and shown once it is where it should be."""
        self._ticked = ticks()
        self.history: tuple[Span, ...] = ()
        """The whole log, once it was looked through."""
        self.clock: Clock | None = None
        """None until the logs were looked through, and if they hold nothing."""

    @property
    def fleet(self) -> Fleet:
        """What there is to see."""
        return self._reading.fleet

    @property
    def status(self) -> Status:
        """How it is doing; `read` and `there` differ only while there is something to wait for."""
        done = self._ahead.progress
        waits = self.clock is None or self._ahead is not self._reading
        return Status(
            source=" ".join(self._paths),
            mode="replay",
            paused=self.clock is not None and self.clock.paused,
            files=done.files,
            read=done.read if waits else done.there,
            there=done.there,
        )

    def now(self) -> float:
        """The replay's time."""
        return (self.fleet.newest or 0.0) if self.clock is None else self.clock.at

    def poll(self) -> Iterator[None]:
        """Look through the logs at first; then play on to where the clock is."""
        if self.clock is None:
            yield from self._look()
            return
        self._tick(self.clock)
        at = self.clock.at
        if at >= self._reading.reached:
            yield from self._reading.until(at)
            return
        self._ahead = Reading(self._paths)
        yield from self._ahead.until(at)
        self._reading.close()
        self._reading = self._ahead
        self._ticked = self._ticks()  # who waited for the fold shall miss nothing of what follows

    def pause(self) -> None:
        """Stand still, or go on; at the end, from the beginning."""
        if self.clock is None:
            return
        if self.clock.share >= 1 and not self.clock.paused:
            self.clock = self.clock.to(self.clock.begun)
        else:
            self.clock = self.clock.toggled()

    def seek(self, clock: Clock) -> None:
        """Go on with this clock."""
        self.clock = clock

    def close(self) -> None:
        """Close the files."""
        self._ahead.close()
        self._reading.close()

    def _tick(self, clock: Clock) -> None:
        now = self._ticks()
        self.clock = clock.after(now - self._ticked)
        self._ticked = now

    def _look(self) -> Iterator[None]:
        yield from self._reading.until(math.inf)
        begun, ended = self.fleet.begun, self.fleet.newest
        self.history = self.fleet.history()
        self._reading.close()
        self._reading = self._ahead = Reading(self._paths)
        if begun is not None and ended is not None:
            self.clock = Clock(begun=begun, ended=ended, at=begun, speed=self._speed)
        self._ticked = self._ticks()
