"""The top of the tree: the root supervisor over the sessions' supervisors, and a guardian over it.

What the root does about a session that fails is in `actors.company.overseer`; here is what there is one of in a
runtime: the slots, the statistics, and the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any, ClassVar

import pykka

from actors.carried import EndReason
from actors.company.family import Child
from actors.company.overseer import Overseer
from actors.company.switchboard import Switchboard
from actors.core.intensity import add_restart
from actors.core.slots import Slots, Ticket
from actors.kernel.future import LoopFuture
from actors.kernel.handlers import HandlingActor
from actors.kernel.loop_actor import ChildFailed, Directive, Restart
from actors.ledger import Ledger
from actors.mcp.supervisor import McpSupervisor
from actors.messages import (
    Close,
    FreeSlot,
    Shutdown,
    SlotGranted,
    StatsDue,
    WantSlot,
)
from actors.reporting import describe
from actors.services import Services


class Guardian(HandlingActor):
    """Holds the root supervisor, the switchboard, and the MCP servers' supervisor: too simple to fail in anything."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services
        self._restarts: tuple[float, ...] = ()
        services.root.append(self.spawn(RootSupervisor, services, restart=Restart.PERMANENT))
        services.exchange.switchboard = self.spawn(Switchboard, services, restart=Restart.PERMANENT)
        if services.mcp:
            self.spawn(McpSupervisor, services.mcp, services.log, restart=Restart.PERMANENT)

    def on_child_failed(self, failed: ChildFailed) -> Directive:
        """Restart the root within the runtime's intensity; past it, end every session, typed."""
        if failed.ref.actor_urn != self._services.root[0].actor_urn:  # sessions go on without the others
            return (
                Directive.RESTART
                if failed.restarts <= self._services.config.intensity.restarts
                else Directive.STOP
            )
        self._restarts, within = add_restart(
            self._restarts, self.dispatcher.now(), self._services.config.intensity
        )
        if within:
            return Directive.RESTART
        for ledger in list(self._services.sessions.values()):
            ledger.close("restart_intensity", f"the root supervisor failed: {describe(failed.error)}")
        return Directive.STOP

    def on_child_stopped(self, ref: pykka.ActorRef[Any]) -> None:
        """Called after a child was given up: nobody is left waiting for it."""
        if ref == self._services.exchange.switchboard:
            self._services.exchange.close()


class RootSupervisor(Overseer):
    """Supervises the supervisors of the sessions that have no parent."""

    handlers: ClassVar[dict[type, str]] = {
        Shutdown: "_shutdown",
        StatsDue: "_stats_due",
        WantSlot: "_want_slot",
        FreeSlot: "_free_slot",
    }

    def __init__(self, services: Services) -> None:
        super().__init__(services.family, services)
        self._closed: LoopFuture[None] | None = None

    def on_start(self) -> None:
        """Begin to report; in a later life, forget whoever stopped when the last one failed."""
        super().on_start()
        self._reconcile_slots()
        self._tick = self.dispatcher.now()
        self.send_after(self._services.config.stats_every, StatsDue())

    @property
    def _closes(self) -> EndReason | None:
        return None if self._closed is None else "runtime_closed"

    def _child_ended(self, child: Child) -> None:
        self._let_go(child)
        if self._closed is not None and not len(self._family):
            self._closed.set(None)

    def _shutdown(self, _: Shutdown) -> LoopFuture[None]:
        self._closed = LoopFuture()
        for child in self._family.children():
            self.send(child.ledger.supervisor, Close("runtime_closed"))
        if not len(self._family):
            self._closed.set(None)
        return self._closed

    # Slots

    def _want_slot(self, message: WantSlot) -> None:
        if self._services.slots is not None:
            self._services.slots.want(message.ticket)
            self._grant_slots(self._services.slots)

    def _free_slot(self, message: FreeSlot) -> None:
        if self._services.slots is not None:
            self._services.slots.free(message.ticket)
            self._grant_slots(self._services.slots)

    def _release_slot(self, ledger: Ledger) -> None:
        slots, gate = self._services.slots, ledger.gate
        if slots is not None and gate is not None and gate.ticket is not None:
            slots.free(gate.ticket)
            gate.reset()
            self._grant_slots(slots)

    def _grant_slots(self, slots: Slots) -> None:
        if self._closed is None:
            self._announce(slots.grant())

    def _announce(self, tickets: Collection[Ticket]) -> None:
        for ticket in tickets:
            ledger = self._services.supervisors.get(ticket.supervisor)
            if ledger is not None:
                self.send(ledger.supervisor, SlotGranted(ticket))

    def _reconcile_slots(self) -> None:
        """In a later life: the last one may have failed over a request, or before it granted one."""
        slots = self._services.slots
        if slots is None:
            return
        gates = [ledger.gate for ledger in self._services.supervisors.values()]
        slots.reconcile(gate.ticket for gate in gates if gate is not None and gate.ticket is not None)
        slots.grant()
        self._announce(slots.held)

    def _stats_due(self, _: StatsDue) -> None:
        now = self.dispatcher.now()
        every = self._services.config.stats_every
        lag = max(0.0, now - self._tick - every)
        self._tick = now
        if self._services.log.enabled:
            self._emit_stats(lag)
        self.send_after(every, StatsDue())

    def _emit_stats(self, lag: float) -> None:
        counters = self._services.counters
        ledgers = list(self._services.sessions.values())  # the host may spawn meanwhile
        states = Counter(ledger.state for ledger in ledgers)
        self._services.log.emit(
            "actors.runtime.stats",
            f"{len(ledgers)} sessions, {states['streaming']} streaming, {states['retrying']} retrying",
            level="DEBUG",
            sessions_total=len(ledgers),
            sessions_idle=states["idle"],
            sessions_streaming=states["streaming"],
            sessions_retrying=states["retrying"],
            sessions_ended=counters.sessions_ended,
            turns_started=counters.turns_started,
            turns_completed=counters.turns_completed,
            turns_failed=counters.turns_failed,
            turns_cancelled=counters.turns_cancelled,
            retries=counters.retries,
            dead_letters=self.dispatcher.dead_letters,
            mailbox_depth=sum(cell.inbox_size for cell in self.dispatcher.cells()),
            loop_lag=lag,
            rss=self._services.rss(),
        )
