"""Where the fleet comes from: logs that grow, or finished ones that are played again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from actors.dashboard.feed import Feed
from actors.dashboard.top.rows.headline import Status
from actors.fleet.fold import Fleet


class Source(Protocol):
    """What a dashboard polls and shows."""

    @property
    def fleet(self) -> Fleet:
        """What there is to see."""

    @property
    def status(self) -> Status:
        """How it is doing."""

    def now(self) -> float:
        """The time that is shown, in Unix seconds."""

    def poll(self) -> Iterator[None]:
        """Bring the fleet up to date, a little at a time."""

    def pause(self) -> None:
        """Stand still, or go on."""

    def close(self) -> None:
        """Close the files."""


class Live:
    """Follows logs. Paused, it does not read on: what is seen then can be sorted and filtered at leisure.

    Args:
        paths: files, which need not be there yet, and globs.
        clock: the wall clock.
    """

    def __init__(self, paths: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        self._feed = Feed(paths)
        self._clock = clock
        self._paused_at: float | None = None
        self._status = Status(source=" ".join(paths))

    @property
    def fleet(self) -> Fleet:
        """What there is to see."""
        return self._feed.fleet

    @property
    def status(self) -> Status:
        """How it is doing."""
        done = self._feed.progress
        return msgspec.structs.replace(
            self._status,
            paused=self._is_paused(),
            files=done.files,
            read=done.read,
            there=done.there,
        )

    def now(self) -> float:
        """The wall clock's time, or when it was paused."""
        return self._clock() if self._paused_at is None else self._paused_at

    def poll(self) -> Iterator[None]:
        """Read on, if it is not paused."""
        if self._is_paused():
            return
        for _ in self._feed.poll():
            yield
            if self._is_paused():  # meanwhile
                return

    def pause(self) -> None:
        """Stand still, or go on."""
        self._paused_at = self._clock() if self._paused_at is None else None

    def close(self) -> None:
        """Close the files."""
        self._feed.finish()

    def _is_paused(self) -> bool:
        return self._paused_at is not None
