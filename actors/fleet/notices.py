"""What happened last, of each kind that somebody should see."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from actors.fleet.view import Notice
from actors.log.schema import EVENTS, PREFIX

LOUD: Final = frozenset({"WARNING", "ERROR", "CRITICAL"})

SHORT: Final[Mapping[type, str]] = MappingProxyType(
    {kind: event.removeprefix(PREFIX) for event, kind in EVENTS.items()}
)
"""What the records of this version's events are called in rows."""


class Notices:
    """Lists of the last records of a kind, newest first."""

    def __init__(self, recent: int) -> None:
        self.dead_letters: deque[Notice] = deque(maxlen=recent)
        self.stalls: deque[Notice] = deque(maxlen=recent)
        self.problems: deque[Notice] = deque(maxlen=recent)


def notice(record: Any, at: float, text: str) -> Notice:
    """A record as a line of such a list, which says `text`."""
    session = getattr(record, "session", None)
    return Notice(
        at=at,
        event=called(record),
        level=record.level,
        run=record.run_id,
        session=session or "",
        text=text,
    )


def clip(text: str, most: int) -> str:
    """A text of a length that can be kept."""
    return text if len(text) <= most else f"{text[:most]}…"


def called(record: Any) -> str:
    """A record's event name as rows show it."""
    return SHORT.get(type(record)) or record.event.removeprefix(PREFIX)
