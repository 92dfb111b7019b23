"""The nursery: the parent of the supervisors of a session's children, and itself a child of that session's supervisor.

It carries out what `core.kinship` decides. What it must not lose lies in the family, which its failures do not touch:
a later life looks there for what is to be done, and goes on.
"""

from __future__ import annotations

from typing import ClassVar

from actors.carried import EndReason
from actors.company.family import Child
from actors.company.messages import ChildBorn, ChildOverdue, ChildrenEnded, ChildrenFailed, EndChildren
from actors.company.overseer import Overseer, end_by_force
from actors.core.intensity import add_restart
from actors.core.kinship import comes_again, go_with
from actors.errors import RuntimeClosedError
from actors.ledger import Ending, Ledger, ending_below
from actors.messages import Close, FreeSlot
from actors.services import Services


class Nursery(Overseer):
    """Supervises the children of one session."""

    handlers: ClassVar[dict[type, str]] = {
        ChildBorn: "_child_born",
        EndChildren: "_end_children",
        ChildOverdue: "_child_overdue",
    }

    def __init__(self, parent: Ledger, services: Services) -> None:
        super().__init__(parent.family, services)
        self._parent = parent
        self._leaving: Child | None = None
        """Who was asked to end, and has not yet."""

    def on_start(self) -> None:
        """Go on with what the last life did not come to."""
        for child in self._family.children():
            child.tell_start()
        super().on_start()
        self._go_on()

    def _child_born(self, born: ChildBorn) -> None:
        born.child.tell_start()

    def _end_children(self, _: EndChildren) -> None:
        self._go_on()

    @property
    def _closes(self) -> EndReason | None:
        ending = self._parent.ending
        return None if ending is None else ending_below(ending.reason)

    def _child_ended(self, child: Child) -> None:
        child.tell_end()
        end = child.ledger.end
        assert end is not None  # noqa: S101 - it was closed before
        if child is self._leaving:
            self._leaving = None
            self._overdue.cancel()
        if self._family.ending or (child.fate == "stops" and child.restarts == "temporary"):
            self._let_go(child)
        elif child.fate == "stops":
            child.fate = "waits"
        elif comes_again(child.restarts, end.reason):
            self._start_anew(child, f"child {end.session!r} ended: {end.reason}")
        else:
            self._let_go(child)
        self._go_on()

    def _start_anew(self, child: Child, error: str) -> None:
        """Within the intensity the child waits for its next life, and those that go with it for their end."""
        config, family = self._parent.config, self._family
        family.failures, within = add_restart(family.failures, self.dispatcher.now(), config.child_intensity)
        if not within:
            self._let_go(child)
            self.send(self._parent.supervisor, ChildrenFailed(error))
            return
        child.fate = "waits"
        children = {one.ledger.session: one for one in family.children()}
        for name in go_with(config.strategy, tuple(children), child.ledger.session):
            if children[name].fate == "lives":
                children[name].fate = "stops"

    def _go_on(self) -> None:
        """Stop the newest of those that are to stop; when none is left, start those anew that wait for it."""
        if self._leaving is not None:
            return
        children = self._family.children()
        ending = self._family.ending
        for child in reversed(children):
            if child.fate == "waits" and ending:
                self._let_go(child)
            elif child.fate == "stops" or ending:
                self._ask_to_end(child)
                return
        if ending:
            self.send(self._parent.supervisor, ChildrenEnded())
            return
        for child in children:
            if child.fate == "waits":
                self._bring_back(child)

    def _ask_to_end(self, child: Child) -> None:
        self._leaving = child
        reason = self._closes
        self.send(child.ledger.supervisor, Close("sibling_failed" if reason is None else reason))
        self._overdue = self.send_after(self._parent.config.child_shutdown, ChildOverdue(child))

    def _child_overdue(self, overdue: ChildOverdue) -> None:
        child = overdue.child
        if child is not self._leaving:
            return
        ledger, patience = child.ledger, self._parent.config.child_shutdown
        reason = self._closes or "sibling_failed"
        ledger.ending = Ending(reason, f"it had not ended within {patience:g} s")
        end_by_force(ledger, self._services)
        self.kill(ledger.supervisor)

    def _bring_back(self, child: Child) -> None:
        try:
            child.again(child).tell_start()
        except RuntimeClosedError:  # it ends, and the parent with it
            self._let_go(child)

    def _release_slot(self, ledger: Ledger) -> None:
        gate = ledger.gate
        if gate is not None and gate.ticket is not None:
            self.send(self._services.root[0], FreeSlot(gate.ticket))
            gate.reset()
