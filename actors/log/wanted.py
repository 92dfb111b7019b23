"""Which records somebody wants to see. Pure."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from actors.log.schema import LEVELS, NAMES, PREFIX, TAG


class _Head(msgspec.Struct, gc=False, rename={"event": TAG, "session": NAMES["session"]}):
    timestamp: datetime
    level: str = ""
    event: str = ""
    session: str | None = None


_HEAD: Final = msgspec.json.Decoder(_Head)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """All of this must be so; by default everything is wanted, also a line that is no record."""

    since: datetime | None = None
    """With a time zone."""
    sessions: frozenset[str] = frozenset()
    """Any of these."""
    events: tuple[str, ...] = ()
    """Any of these globs, with or without the leading `actors.`."""
    level: str = LEVELS[0]
    """At least; a level that is not loguru's own is always wanted."""

    @property
    def everything(self) -> bool:
        """Whether there is nothing to look at in a line."""
        return self == Wanted()

    def wants(self, line: bytes) -> bool:
        """Whether a line is such a record."""
        if self.everything:
            return True
        try:
            head = _HEAD.decode(line)
        except (ValueError, RecursionError):
            return False
        return (
            (self.since is None or head.timestamp >= self.since)
            and (not self.sessions or head.session in self.sessions)
            and (not self.events or any(_fits(head.event, glob) for glob in self.events))
            and (head.level not in LEVELS or LEVELS.index(head.level) >= LEVELS.index(self.level))
        )


def _fits(event: str, glob: str) -> bool:
    return fnmatchcase(event, glob) or fnmatchcase(event.removeprefix(PREFIX), glob)
