"""What the root supervisor and the nurseries share: they are the parents of sessions' supervisors.

A parent speaks for a supervisor that failed: it ends that session's turn with one `TurnFailed(internal)`, counts the
restart against the session's own intensity, and past it ends the session. Its siblings never notice.
"""

from __future__ import annotations

from typing import Any

import pykka

from actors.carried import EndReason
from actors.company.family import Child, Family
from actors.company.messages import ChildrenFailed
from actors.core.intensity import add_restart
from actors.events import Custom, SessionRestarted
from actors.kernel.handlers import HandlingActor
from actors.kernel.loop_actor import ChildFailed, Directive
from actors.ledger import Ending, Ledger
from actors.messages import BatchTaken, Cancel, Close, Publish, Submit, Subscribe, Unsubscribe
from actors.outcome import Internal
from actors.reporting import SessionReport, describe
from actors.services import Services


class Overseer(HandlingActor):
    """Supervises the supervisors of a family's sessions."""

    def __init__(self, family: Family, services: Services) -> None:
        super().__init__()
        self._family = family
        self._services = services

    def on_start(self) -> None:
        """In a later life, let go of whoever stopped when the last one failed."""
        for child in self._family.children():
            if not child.ledger.supervisor.is_alive():
                self.on_child_stopped(child.ledger.supervisor)

    def on_child_failed(self, failed: ChildFailed) -> Directive:
        """A session's supervisor failed: its turn fails, and it is started anew with its ledger."""
        ledger = self._services.supervisors[failed.ref.actor_urn]
        error = describe(failed.error)
        report = SessionReport(self._services.log, ledger.session)
        self._fail_turns(ledger, failed, error, report)
        _carry_out(ledger, failed.message)
        self._release_slot(ledger)
        ledger.restarts, within = add_restart(ledger.restarts, self.dispatcher.now(), ledger.config.intensity)
        if ledger.ending is None:
            ledger.ending = self._ending_for(failed, error, within=within)
        if ledger.ending is None:
            ledger.emit(SessionRestarted, restarts=len(ledger.restarts), error=error)
            report.session_restarted(error, failed.error, len(ledger.restarts), who="session's supervisor")
            return Directive.RESTART
        if within and len(ledger.family):
            return Directive.RESTART  # once more, to end its children in order
        end_by_force(ledger, self._services)
        return Directive.STOP

    def _ending_for(self, failed: ChildFailed, error: str, *, within: bool) -> Ending | None:
        """How the session ends for this failure; None: it goes on."""
        if type(failed.message) is Close:  # what it failed in is not handled again
            return Ending(failed.message.reason, error)
        if self._closes is not None:  # it was to end in any case
            return Ending(self._closes, error)
        return None if within else Ending("restart_intensity", error)

    @property
    def _closes(self) -> EndReason | None:
        """Why all sessions of the family end; None: they do not."""
        raise NotImplementedError

    def _fail_turns(self, ledger: Ledger, failed: ChildFailed, error: str, report: SessionReport) -> None:
        """The turn that ran, and one whose acceptance or cancelling failed, each get their terminal event."""
        message = failed.message
        outcome = Internal(message=error)
        broken = [] if ledger.current is None else [ledger.current]
        if type(message) is Submit and message.turn not in broken:
            ledger.accept(message.turn)
            broken.append(message.turn)
        if type(message) is Cancel and message.turn in ledger.waiting:
            broken.append(ledger.waiting[message.turn])
        for turn in broken:
            ledger.fail(turn, outcome)
            report.turn_failed(turn, outcome, self.dispatcher.now())

    def on_child_stopped(self, ref: pykka.ActorRef[Any]) -> None:
        """Called after a session's supervisor has stopped; it may not have come to say so to its consumers."""
        ledger = self._services.supervisors.get(ref.actor_urn)
        child = None if ledger is None else self._family.find(ledger)
        if ledger is None or child is None:
            return
        ledger.close("closed")
        for one in ledger.family.below():
            self._forget_supervisor(one.ledger)
            self._forget_session(one.ledger)
        self._forget_supervisor(ledger)
        self._child_ended(child)

    def _child_ended(self, child: Child) -> None:
        """A child of the family has ended: let go of it, or have it come again."""
        raise NotImplementedError

    def _let_go(self, child: Child) -> None:
        """It does not come again: its name is free."""
        self._family.remove(child)
        self._forget_session(child.ledger)

    def _forget_session(self, ledger: Ledger) -> None:
        if self._services.sessions.get(ledger.session) is ledger:
            del self._services.sessions[ledger.session]

    def _forget_supervisor(self, ledger: Ledger) -> None:
        self._services.supervisors.pop(ledger.supervisor.actor_urn, None)
        self._release_slot(ledger)

    def _release_slot(self, ledger: Ledger) -> None:
        """Whatever slot a session holds or waits for is given back."""


def end_by_force(ledger: Ledger, services: Services) -> None:
    """End a session, and what is left beneath it, without their supervisors."""
    below = [child.ledger for child in ledger.family.below() if child.ledger.end is None]
    ending = ledger.ending
    assert ending is not None  # noqa: S101 - it was to end
    ledger.close(ending.reason, ending.error)
    for one in (*below, ledger):
        if one.end is not None:
            SessionReport(services.log, one.session).session_ended(one.end.reason, one.end.error)


def _carry_out(ledger: Ledger, message: Any) -> None:
    """Do what others rely on of a message that a supervisor failed in, as it is not handled again."""
    match message:
        case Subscribe():
            ledger.outlets += (message.outlet,)
        case Unsubscribe():
            ledger.outlets = tuple(outlet for outlet in ledger.outlets if outlet is not message.outlet)
        case BatchTaken():
            message.outlet.taken()
        case Publish():
            ledger.emit(Custom, payload=message.payload)
        case ChildrenFailed():
            ledger.ending = Ending("child_intensity", message.error)
