"""How sessions come into being: beneath the root supervisor, or beneath the session that they are a child of."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping
from typing import Any

import msgspec
import pykka

from actors.admission import Gate
from actors.client import Admission, Session
from actors.company.exchange import Exchange
from actors.company.family import Child, Family, Origin
from actors.company.messages import ChildBorn
from actors.company.nursery import Nursery
from actors.config import Endpoint, SessionConfig
from actors.core.kinship import Restarts
from actors.endpoints import Endpoints
from actors.errors import ConfigError, DrainingError, SessionClosedError
from actors.house import House
from actors.kernel import future
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import LoopFuture
from actors.kernel.loop_actor import Restart
from actors.ledger import Ledger
from actors.overrides import replace
from actors.supervisor import Supervisor
from actors.turn import Turn
from actors.user_input import Messages, to_messages


class Birth(msgspec.Struct, frozen=True, kw_only=True):
    """What a session begins with, in each of its lives."""

    session: str
    endpoint: Endpoint
    config: SessionConfig
    messages: tuple[Mapping[str, Any], ...]
    agent: str = ""
    restarts: Restarts = "temporary"


class Births:
    """Starts the sessions of a runtime, and makes their handles. From any thread; never blocks."""

    def __init__(self, house: House, endpoints: Endpoints, config: SessionConfig, bound: int | None) -> None:
        self._house = house
        self._endpoints = endpoints
        self._config = config
        self._bound = bound

    def spawn(
        self,
        settings: Mapping[str, Any],
        *,
        endpoint: Endpoint | str | None,
        id: str | None,  # noqa: A002 - as in `Runtime.spawn`
        messages: Messages,
        agent: str | None = None,
        restart: Restarts = "temporary",
        parent: Ledger | None = None,
        origin: Origin | None = None,
        keeps: object = None,
    ) -> Session:
        """See `Runtime.spawn` and `Session.spawn`.

        Args:
            settings: settings by name.
            endpoint: as there; the parent's if not given.
            id: as there.
            messages: as there.
            agent: its name, for events and the log.
            restart: whether it is started anew.
            parent: whose child it is; None: nobody's.
            origin: the tool call that it is spawned in.
            keeps: what the handle keeps alive.
        """
        if endpoint is None and parent is not None:
            endpoint = parent.endpoint
        chosen = self._endpoints.find(endpoint)
        config = replace(self._config, settings, chosen)
        system = () if config.system is None else ({"role": "system", "content": config.system},)
        house = self._house
        birth = Birth(
            session=house.services.ids().hex if id is None else id,
            endpoint=chosen,
            config=config,
            messages=(*system, *to_messages(messages, config.parts)),  # may read files: not under a lock
            agent=agent or "",
            restarts=restart,
        )
        house.open()  # before the lock: a fork may find it held for ever
        with house.lock:
            house.open()
            if house.draining and not (origin is not None and origin.runs):
                raise DrainingError("the runtime is draining: it takes no new sessions")
            if birth.session in house.services.sessions:
                why = f"session {birth.session!r} exists already; close it first or take another id"
                raise ConfigError("id", why)
            child = self._bear(birth, parent, origin)
        return self.session(child.ledger, keeps, origin)

    @property
    def exchange(self) -> Exchange:
        """What sessions ask each other, and their rooms."""
        return self._house.services.exchange

    def session(self, ledger: Ledger, keeps: object = None, origin: Origin | None = None) -> Session:
        """A session's handle.

        Args:
            ledger: the session's.
            keeps: what it keeps alive.
            origin: the tool call that it is used in.
        """
        dispatcher = self._house.dispatcher
        assert dispatcher is not None  # noqa: S101 - there is a ledger
        ask = functools.partial(future.ask, loop=dispatcher.loop)
        bound = self._bound if ledger.parent is None else None
        return Session(ledger, ask, Admission(self._house.services.door, bound), keeps, self, origin)

    def _bear(self, birth: Birth, parent: Ledger | None, origin: Origin | None) -> Child:
        dispatcher, root = self._house.open()
        family = self._house.services.family if parent is None else parent.family
        with family.lock:
            above = root if parent is None else self._nursery(parent, dispatcher)
            child = self._child(birth, parent, origin, dispatcher)
            self._begin(child, family, above, dispatcher)
        return child

    def _nursery(self, parent: Ledger, dispatcher: Dispatcher) -> pykka.ActorRef[Any]:
        """The parent of a session's children; started with the first of them."""
        services = self._house.services
        if parent.family.ending or parent.end is not None:
            raise SessionClosedError(f"session {parent.session!r} ends: it can have no further child")
        if parent.nursery is None:
            try:
                parent.nursery = dispatcher.spawn(
                    Nursery, parent, services, parent=parent.supervisor, restart=Restart.PERMANENT
                )
            except pykka.ActorDeadError:
                raise SessionClosedError(f"session {parent.session!r} has ended") from None
        return parent.nursery

    def _child(
        self,
        birth: Birth,
        parent: Ledger | None,
        origin: Origin | None,
        dispatcher: Dispatcher,
        incarnation: int = 0,
    ) -> Child:
        services = self._house.services
        slots = services.slots is not None and parent is None  # a child works in a slot of its parent's
        ledger = Ledger(
            birth.session,
            endpoint=birth.endpoint,
            endpoints=self._endpoints,
            config=birth.config,
            messages=birth.messages,
            counters=services.counters,
            wall=dispatcher.wall,
            gate=Gate() if slots else None,
            parent=parent,
            agent=birth.agent,
        )
        ledger.here = functools.partial(self._here, ledger)
        again = functools.partial(self._again, birth)
        return Child(
            ledger, parent, restarts=birth.restarts, again=again, origin=origin, incarnation=incarnation
        )

    def _here(self, ledger: Ledger, turn: Turn, call_id: str) -> Session:
        return self.session(ledger, origin=Origin(turn, call_id, LoopFuture()))

    def _again(self, birth: Birth, last: Child) -> Child:
        """The next life of a child, as it was in the beginning; on the loop."""
        parent = last.parent
        assert parent is not None  # noqa: S101 - only children come again
        house = self._house
        with house.lock, parent.family.lock:
            dispatcher, _ = house.open()
            child = self._child(birth, parent, last.origin, dispatcher, last.incarnation + 1)
            self._begin(child, parent.family, self._nursery(parent, dispatcher), dispatcher)
        return child

    def _begin(
        self, child: Child, family: Family, above: pykka.ActorRef[Any], dispatcher: Dispatcher
    ) -> None:
        services, ledger = self._house.services, child.ledger
        ledger.outlets = self._house.watchers.outlets(ledger)
        services.sessions[ledger.session] = ledger
        try:
            dispatcher.spawn(Supervisor, ledger, services, parent=above, restart=Restart.TRANSIENT)
        except pykka.ActorDeadError:
            del services.sessions[ledger.session]
            raise SessionClosedError("the parent has ended") from None
        family.put(child)
        if child.parent is not None:
            with contextlib.suppress(pykka.ActorDeadError):  # the parent ends, and has told it
                above.tell(ChildBorn(child))
