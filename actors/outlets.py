"""Where events go: a consumer as the supervisor sees it. The runtime holds these, never the host's handle.

Both kinds keep a bounded `core.coalesce.Buffer`. A consumer that falls behind first gets coarser deltas; past the
bounds its outlet is `full`, and the supervisor stops reading the socket until it says that there is room.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

import pykka

from actors.config import Buffering
from actors.core.coalesce import Buffer
from actors.events import Event
from actors.kernel.future import LoopFuture
from actors.messages import EventBatch


class Outlet(Protocol):
    """What the supervisor needs of a consumer."""

    full: bool
    """True: read no more from the socket for now."""

    def push(self, event: Event) -> None:
        """Take one more event. Never blocks and never refuses."""

    def close(self) -> None:
        """Nothing more will come."""


class StreamOutlet:
    """The buffer between a session and one host-side stream; thread-safe.

    The supervisor pushes on its loop; the host takes from any thread or loop.
    """

    def __init__(self, buffering: Buffering, on_room: Callable[[StreamOutlet], None]) -> None:
        self.full = False
        self.closed = False
        self._buffer = Buffer(buffering)
        self._lock = threading.Lock()
        self._wakers: list[Callable[[], None]] = []
        self._on_room = on_room

    def push(self, event: Event) -> None:
        """Take one more event and wake whoever waits for it."""
        with self._lock:
            if self._buffer.push(event):
                self.full = True
            if not self._wakers:
                return
            wakers, self._wakers = self._wakers, []
        for wake in wakers:
            wake()

    def close(self) -> None:
        """Nothing more will come; what waits can still be taken."""
        with self._lock:
            self.closed = True
            wakers, self._wakers = self._wakers, []
        for wake in wakers:
            wake()

    def take(self) -> list[Event]:
        """Everything that waits, which makes room."""
        with self._lock:
            events = self._buffer.take()
            room = self.full
            self.full = False
        if room:
            self._on_room(self)
        return events

    @property
    def exhausted(self) -> bool:
        """Whether nothing waits and nothing more will come."""
        with self._lock:
            return self.closed and len(self._buffer) == 0

    def wake_when_ready(self, wake: Callable[[], None]) -> bool:
        """Have `wake` called once when there is something to take, or nothing more to come.

        Returns:
            False if that is so already; then `wake` is not called.
        """
        with self._lock:
            if self.closed or len(self._buffer) > 0:
                return False
            self._wakers.append(wake)
            return True


class ActorOutlet:
    """Batches for a subscribed actor, one outstanding: its reply is its demand. Used on the supervisor's loop only."""

    def __init__(
        self,
        ref: pykka.ActorRef[Any],
        buffering: Buffering,
        ask: Callable[[pykka.ActorRef[Any], Any], LoopFuture[Any]],
        on_taken: Callable[[ActorOutlet, BaseException | None], None],
    ) -> None:
        self.ref = ref
        self.full = False
        self._buffer = Buffer(buffering)
        self._ask = ask
        self._on_taken = on_taken
        self._outstanding = False

    def push(self, event: Event) -> None:
        """Take one more event; it goes at once if the last batch was taken."""
        self._buffer.push(event)
        if not self._outstanding:
            self._flush()
        if self._buffer.full:
            self.full = True

    def taken(self) -> None:
        """The last batch was replied to."""
        self._outstanding = False
        if len(self._buffer) > 0:
            self._flush()

    def close(self) -> None:
        """Send the rest without waiting to be asked: it is bounded, and nobody will be there to send it later."""
        if len(self._buffer) > 0:
            self._flush()

    def _flush(self) -> None:
        batch = EventBatch(tuple(self._buffer.take()))
        self.full = False
        self._outstanding = True
        self._ask(self.ref, batch).add_done_callback(self._replied)

    def _replied(self, future: LoopFuture[Any]) -> None:
        self._on_taken(self, future.outcome()[1])
