"""Consumers of all of a runtime's sessions, those to come included: an outlet of its own in each.

So each session keeps its own order and its own bounds: a consumer that falls behind holds up only those that it is
behind with.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import pykka

from actors.config import Buffering
from actors.events import Event
from actors.ledger import Ledger
from actors.messages import Drained, Message, Subscribe, Unsubscribe
from actors.outlets import Outlet, StreamOutlet
from actors.services import Services


def tell(ledger: Ledger, message: Message) -> None:
    """Tell a session's supervisor what has no meaning any more once the session has ended."""
    try:
        ledger.supervisor.tell(message)
    except pykka.ActorDeadError:
        return


class Watch:
    """One consumer, and its outlets by session."""

    def __init__(self, make: Callable[[Ledger], Outlet], on_end: Callable[[], None] | None) -> None:
        self._make = make
        self._outlets: dict[Ledger, Outlet] = {}
        self.ended = on_end

    def attach(self, ledger: Ledger) -> Outlet:
        """An outlet for one more session."""
        outlet = self._outlets[ledger] = self._make(ledger)
        ledger.ended.add_done_callback(lambda _: self._outlets.pop(ledger, None))
        return outlet

    def detach(self) -> None:
        """Take no more from any session."""
        for ledger, outlet in list(self._outlets.items()):
            tell(ledger, Unsubscribe(outlet))
        self._outlets.clear()


class Watchers:
    """All consumers of a runtime. Whoever calls holds the runtime's lock, so that no session is missed."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._watches: dict[Watch, None] = {}

    def add(self, watch: Watch) -> None:
        """Subscribe to all sessions that there are; those to come call `outlets`."""
        self._watches[watch] = None
        for ledger in list(self._services.sessions.values()):
            tell(ledger, Subscribe(watch.attach(ledger)))

    def remove(self, watch: Watch) -> None:
        """Subscribe to no more."""
        if self._watches.pop(watch, watch) is None:
            watch.detach()

    def outlets(self, ledger: Ledger) -> tuple[Outlet, ...]:
        """What a new session's ledger begins with."""
        return tuple(watch.attach(ledger) for watch in list(self._watches))

    def close(self) -> None:
        """All sessions have ended, and there will be no more."""
        watches, self._watches = self._watches, {}
        for watch in watches:
            if watch.ended is not None:
                watch.ended()


class Fan(StreamOutlet):
    """Many sessions' outlets as one that can be read; thread-safe."""

    def __init__(self, buffering: Buffering | None = None) -> None:
        self.closed = False
        self._buffering = buffering
        """The bounds in each session; None: each session's own."""
        self._lock = threading.Lock()
        self._ready: deque[StreamOutlet] = deque()
        self._wakers: list[Callable[[], None]] = []

    def outlet(self, ledger: Ledger) -> StreamOutlet:
        """One more session's."""
        buffering = ledger.config.buffering if self._buffering is None else self._buffering
        outlet = StreamOutlet(buffering, lambda outlet: tell(ledger, Drained(outlet)))
        self._arm(outlet)
        return outlet

    def _arm(self, outlet: StreamOutlet) -> None:
        if not outlet.wake_when_ready(lambda: self._is_ready(outlet)):
            self._is_ready(outlet)

    def _is_ready(self, outlet: StreamOutlet) -> None:
        with self._lock:
            self._ready.append(outlet)
            wakers, self._wakers = self._wakers, []
        for wake in wakers:
            wake()

    def take(self) -> list[Event]:
        """What waits in the session that is next; the others have their turn after it."""
        while True:
            with self._lock:
                outlet = self._ready.popleft() if self._ready else None
            if outlet is None:
                return []
            events = outlet.take()
            if not outlet.exhausted:
                self._arm(outlet)
            if events:
                return events

    @property
    def exhausted(self) -> bool:
        """Whether nothing waits and nothing more will come."""
        with self._lock:
            return self.closed and not self._ready

    def wake_when_ready(self, wake: Callable[[], None]) -> bool:
        """As a `StreamOutlet`'s."""
        with self._lock:
            if self.closed or self._ready:
                return False
            self._wakers.append(wake)
            return True
