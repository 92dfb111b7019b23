"""What a law is, and what it says when it is broken."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from actors.events import Event
from actors.scenario.laws.evidence import Evidence, SessionFacts


class Breach(msgspec.Struct, frozen=True):
    """A law that did not hold."""

    law: str
    """The law's name: a short sentence."""
    session: str
    """Empty: it is about the run."""
    turn: int
    """0: it is about the session itself."""
    what: str
    """What was seen against what should be, in a sentence."""


class Law:
    """A law over the events of one life of a session."""

    name: ClassVar[str]
    of: ClassVar[tuple[type[Event], ...]] = ()
    """The events that it reads; none: all of them."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.breaches: list[Breach] = []

    def apply(self, event: Event) -> None:
        """Called with each event of the session that it reads, in order."""
        raise NotImplementedError

    def judge(self, facts: SessionFacts | None, evidence: Evidence) -> None:
        """Called once, at the end; `facts` are of this life of the session, None: unknown."""

    def broken(self, turn: int, what: str) -> None:
        """Enter a breach."""
        self.breaches.append(Breach(self.name, self.session, turn, what))


def named(event: Event) -> str:
    """An event as a breach names it, such as `turn_started`."""
    return str(event.__struct_config__.tag)
