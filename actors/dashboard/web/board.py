"""The logs' state, kept up to date, and who waits for it to change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from actors.dashboard.feed import Feed
from actors.fleet.view import STATES, Query, Sort, State, Timeline, View
from actors.log.tailer import Progress

POLL: Final = 0.1
"""How long it waits before it looks at the logs again, in seconds."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one reader wants to see: `actors.fleet.view.Query`, and a session for its timeline."""

    sort: Sort = "recent"
    reverse: bool = False
    text: Annotated[str, Meta(max_length=200)] = ""
    states: frozenset[State] = frozenset(STATES)
    top: Annotated[int, Meta(ge=1, le=500)] = 100
    run: str = ""
    session: str = ""

    def query(self) -> Query:
        """Which rows."""
        return Query(sort=self.sort, reverse=self.reverse, text=self.text, states=self.states, top=self.top)


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader is sent at a time: all of it, so that frames can be left out."""

    view: View
    timeline: Timeline | None
    progress: Progress


class Board:
    """Folds logs as they grow, and wakes its readers.

    Args:
        feed: the logs.
        clock: gives wall time, in Unix seconds.
    """

    def __init__(self, feed: Feed, clock: Callable[[], float] = time.time) -> None:
        self._feed = feed
        self._clock = clock
        self._read = feed.progress
        self._bell = asyncio.Event()
        self.version = 0
        """Goes up whenever there is something new to see."""
        self.readers = 0

    async def follow(self, going_on: Callable[[], bool]) -> None:
        """Read the logs until told otherwise; between chunks of a backlog the readers have their turn.

        Raises:
            OSError: a log is there and can't be read.
        """
        try:
            while going_on():
                for _ in self._feed.poll():
                    self._tell()
                    await asyncio.sleep(0)
                    if not going_on():
                        return
                self._tell()
                await asyncio.sleep(POLL)
        finally:
            self._feed.finish()

    async def changed(self, since: int, within: float) -> bool:
        """Wait until there is something newer than version `since`, or `within` seconds have passed."""
        try:
            async with asyncio.timeout(within):
                while self.version == since:
                    await self._bell.wait()
        except TimeoutError:
            return False
        return True

    def frame(self, wanted: Wanted) -> Frame:
        """Everything that a reader wants, as of now."""
        now = self._clock()
        fleet = self._feed.fleet
        return Frame(
            view=fleet.view(now, wanted.query()),
            timeline=fleet.timeline(wanted.run, wanted.session, now) if wanted.session else None,
            progress=self._read,
        )

    def _tell(self) -> None:
        read = self._feed.progress
        if read == self._read:
            return
        self._read = read
        self.version += 1
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()
