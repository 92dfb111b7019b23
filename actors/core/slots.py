"""Who may run a turn now, where their number is limited: slots, and a line in the order of asking.

A session asks for each turn anew, behind those that wait already: so none starves, however many turns another has
queued. Holds no actor: a ticket names the session's supervisor and which of its requests this is.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from typing import NamedTuple


class Ticket(NamedTuple):
    """One request for a slot."""

    supervisor: str
    """The URN of the session's supervisor."""
    number: int
    """Of the session's requests, from 1."""


class Slots:
    """So many turns at once. Every call may be repeated: what is known already changes nothing."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._held: dict[Ticket, None] = {}
        self._line: dict[Ticket, None] = {}

    @property
    def held(self) -> Collection[Ticket]:
        """Those that have a slot, in the order in which they got it."""
        return tuple(self._held)

    @property
    def line(self) -> Collection[Ticket]:
        """Those that wait, the next one first."""
        return tuple(self._line)

    def want(self, ticket: Ticket) -> None:
        """Stand at the end of the line."""
        if ticket not in self._held:
            self._line.setdefault(ticket)

    def free(self, ticket: Ticket) -> None:
        """Give the slot back, or leave the line."""
        self._held.pop(ticket, None)
        self._line.pop(ticket, None)

    def grant(self) -> tuple[Ticket, ...]:
        """Let in as many as there is room for; gives those that were let in now."""
        granted = tuple(itertools.islice(self._line, max(0, self.limit - len(self._held))))
        for ticket in granted:
            del self._line[ticket]
            self._held[ticket] = None
        return granted

    def reconcile(self, tickets: Iterable[Ticket]) -> None:
        """Go by the tickets that the sessions hold by their own account, as a message may have been lost."""
        theirs = dict.fromkeys(tickets)
        for ticket in (*self._held, *self._line):
            if ticket not in theirs:
                self.free(ticket)
        for ticket in theirs:
            self.want(ticket)
