"""The children of a session, or of the runtime itself, in the order in which they were started.

Children are added from any thread; everything else happens on the runtime's loop. A family lies in its parent's
ledger, so it outlives every actor that minds it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from actors.core.kinship import Restarts
from actors.events import ChildEnded, ChildStarted
from actors.kernel.future import LoopFuture

if TYPE_CHECKING:
    from actors.ledger import Ledger
    from actors.turn import Turn


class Origin(NamedTuple):
    """Which tool call of which turn something was begun in."""

    turn: Turn
    call_id: str
    over: LoopFuture[None]
    """Done once the call has its result."""

    @property
    def runs(self) -> bool:
        """Whether the turn has not ended."""
        return self.turn.terminal is None


class Child:
    """One life of a child."""

    __slots__ = (
        "_ended",
        "_started",
        "again",
        "fate",
        "incarnation",
        "ledger",
        "origin",
        "parent",
        "restarts",
    )

    def __init__(
        self,
        ledger: Ledger,
        parent: Ledger | None,
        *,
        restarts: Restarts,
        again: Callable[[Child], Child],
        origin: Origin | None = None,
        incarnation: int = 0,
    ) -> None:
        self.ledger = ledger
        self.parent = parent
        """None: the runtime itself."""
        self.restarts = restarts
        self.again = again
        """Starts its next life."""
        self.origin = origin
        self.incarnation = incarnation
        """How many lives it has had before."""
        self.fate: Literal["lives", "stops", "waits"] = "lives"
        """`stops`: it is to end, with a sibling; `waits`: it has ended and is started anew once those are gone."""
        self._started = self._ended = False

    def tell_start(self) -> None:
        """Say to the parent that this life has begun; once."""
        if self.parent is None or self._started or self.parent.end is not None:
            return
        self._started = True
        self.parent.emit(
            ChildStarted,
            self._turn(),
            child=self.ledger.session,
            agent=self.ledger.agent,
            call_id="" if self.origin is None else self.origin.call_id,
            incarnation=self.incarnation,
        )

    def tell_end(self) -> None:
        """Say to the parent how this life ended, once it has; once."""
        end = self.ledger.end
        if self.parent is None or end is None or self._ended or self.parent.end is not None:
            return
        self.tell_start()
        self._ended = True
        self.parent.emit(
            ChildEnded,
            self._turn(),
            child=self.ledger.session,
            agent=self.ledger.agent,
            reason=end.reason,
            error=end.error,
        )

    def _turn(self) -> Turn | None:
        """The turn that it belongs to, if that runs: nothing is told of a turn behind its terminal event."""
        return self.origin.turn if self.origin is not None and self.origin.runs else None


class Family:
    """The children of one parent."""

    def __init__(self) -> None:
        self.lock = threading.RLock()  # a signal handler may spawn while its thread holds it
        """Held while a child is born, so that nobody meets one that is not there yet."""
        self.ending = False
        """Whether the parent ends: no child is added any more."""
        self.failures: tuple[float, ...] = ()
        """When children were started anew, within the intensity's window."""
        self._children: dict[str, Child] = {}

    def __len__(self) -> int:
        return len(self._children)

    def children(self) -> list[Child]:
        """All of them, oldest first: a snapshot."""
        with self.lock:
            return list(self._children.values())

    def put(self, child: Child) -> None:
        """Add a child, or the next life of one in its place."""
        self._children[child.ledger.session] = child

    def find(self, ledger: Ledger) -> Child | None:
        """The child that has this ledger."""
        with self.lock:
            child = self._children.get(ledger.session)
        return child if child is not None and child.ledger is ledger else None

    def remove(self, child: Child) -> None:
        """It has ended for good."""
        with self.lock:
            self._children.pop(child.ledger.session, None)

    def end(self) -> bool:
        """Let no child be added any more; gives whether there is none."""
        with self.lock:
            self.ending = True
            return not self._children

    def below(self, *, ending: bool = False) -> list[Child]:
        """All descendants in the order in which they are to end: children before their parents, the newest first.

        Args:
            ending: let none be added any more, to any of the families.
        """
        found: list[Child] = []
        rest = self.newest_first(ending=ending)
        while rest:
            child = rest.pop()
            found.append(child)
            rest += child.ledger.family.newest_first(ending=ending)
        return found[::-1]

    def newest_first(self, *, ending: bool = False) -> list[Child]:
        """Its children alone; `ending` as in `below`."""
        with self.lock:
            self.ending |= ending
            return self.children()[::-1]
