"""Admission: how many turns may be accepted (`Door`), and when an accepted one may begin (`Gate`)."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Literal

from actors.core.slots import Ticket
from actors.errors import DrainingError, QueueFullError
from actors.kernel.future import LoopFuture
from actors.messages import FreeSlot, WantSlot


class Door:
    """Counts the turns that came in and have not ended; thread-safe."""

    def __init__(self) -> None:
        self.accepted = 0
        """How many turns came in so far, but for those that were withdrawn."""
        self._lock = threading.RLock()  # a signal handler may send while its thread holds it
        self._inside = 0
        self._empty: LoopFuture[None] | None = None

    def enter(self, bound: int | None, what: str, *, nested: bool = False) -> None:
        """Let one turn in.

        Args:
            bound: how many may be inside; None: any number.
            what: what has so many of them, for the message.
            nested: it is for a turn that is inside, which could not end without it: a shut door lets it in.

        Raises:
            QueueFullError: so many are inside already.
            DrainingError: the door is shut.
        """
        with self._lock:
            if self._empty is not None and not nested:
                raise DrainingError("the runtime is draining: it takes no new turns")
            if bound is not None and self._inside >= bound:
                raise QueueFullError(
                    f"{what} has {self._inside} turns that run or wait, and takes no more until one has ended"
                )
            self._inside += 1
            self.accepted += 1

    def withdraw(self) -> None:
        """One turn was not accepted in the end."""
        with self._lock:
            self.accepted -= 1
        self.leave()

    def leave(self) -> None:
        """One turn has ended."""
        with self._lock:
            self._inside -= 1
            empty = self._empty if self._inside == 0 else None
        if empty is not None:
            empty.set(None)

    def shut(self) -> LoopFuture[None]:
        """Let nobody in any more; once. The future is done when the last one has left."""
        with self._lock:
            empty = self._empty = LoopFuture[None]()
            done = self._inside == 0
        if done:
            empty.set(None)
        return empty


class Gate:
    """A session's side of the slots: kept in its ledger, used by its supervisor, on the loop only.

    ::

        away ─ want ─► waiting ─ granted ─► granted ─ a turn begins ─► used
          ▲               └────── no turn waits any more ──┴─ the turn ended ─┤
          └───────────────────────────────────────────────────────────────────┘
    """

    __slots__ = ("_numbers", "_state", "ticket")

    def __init__(self) -> None:
        self.ticket: Ticket | None = None
        """What the session holds or waits with."""
        self._state: Literal["away", "waiting", "granted", "used"] = "away"
        self._numbers = itertools.count(1)

    def passes(
        self, supervisor: str, send: Callable[[WantSlot | FreeSlot], object], *, turns_wait: bool
    ) -> bool:
        """Whether the session's next turn may begin, now that none of its own runs.

        Gives back the slot of the last one, asks for the next, or leaves the line, as it should be.
        """
        if self._state == "granted" and turns_wait:
            self._state = "used"
            return True
        if self.ticket is not None and (self._state != "waiting" or not turns_wait):
            send(FreeSlot(self.ticket))
            self.reset()
        if turns_wait and self.ticket is None:
            self._state = "waiting"
            self.ticket = Ticket(supervisor, next(self._numbers))
            send(WantSlot(self.ticket))
        return False

    def granted(self, ticket: Ticket) -> bool:
        """Take a slot; False if it is not what the session waits for."""
        if self._state != "waiting" or ticket != self.ticket:
            return False
        self._state = "granted"
        return True

    def reset(self) -> None:
        """Hold nothing and wait for nothing."""
        self.ticket = None
        self._state = "away"
