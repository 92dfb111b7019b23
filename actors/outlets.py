"""Where events go: a consumer as the supervisor sees it. The runtime holds these, never the host's handle.

A session's consumers keep a bounded `core.coalesce.Buffer`. One that falls behind first gets coarser deltas; past the
bounds its outlet is `full`, and the supervisor stops reading the socket until it says that there is room.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import pykka

from actors.config import Buffering
from actors.core.coalesce import Buffer
from actors.events import Event
from actors.kernel.future import LoopFuture
from actors.messages import EventBatch

T = TypeVar("T")


class Waiting(Protocol[T]):
    """What waits for a consumer, oldest first; bounded in a way of its own."""

    def push(self, item: T, /) -> bool:
        """Take in one more, and say whether no more should be made until some is taken."""

    def take(self) -> list[T]:
        """All that waits; it waits no longer."""

    def __len__(self) -> int: ...


class Outlet(Protocol):
    """What the supervisor needs of a consumer."""

    full: bool
    """True: read no more from the socket for now."""

    def push(self, event: Event) -> None:
        """Take one more event. Never blocks and never refuses."""

    def close(self) -> None:
        """Nothing more will come."""


class Outbox(Generic[T]):
    """What waits between an actor and one host-side stream; thread-safe.

    The actor pushes on its loop; the host takes from any thread or loop.
    """

    def __init__(self, buffer: Waiting[T]) -> None:
        self.full = False
        self.closed = False
        self._buffer = buffer
        self._lock = threading.Lock()
        self._wakers: list[Callable[[], None]] = []

    def push(self, item: T) -> None:
        """Take one more and wake whoever waits for it."""
        with self._lock:
            if self._buffer.push(item):
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

    def take(self) -> list[T]:
        """Everything that waits, which makes room."""
        with self._lock:
            items = self._buffer.take()
            room = self.full
            self.full = False
        if room:
            self.on_room()
        return items

    def on_room(self) -> None:
        """Called after it was full and everything was taken."""

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


class StreamOutlet(Outbox[Event]):
    """The events of a session, or of one of its turns, that wait for one stream."""

    def __init__(self, buffering: Buffering, on_room: Callable[[StreamOutlet], None]) -> None:
        super().__init__(Buffer(buffering))
        self._on_room = on_room

    def on_room(self) -> None:
        """Have the socket read again."""
        self._on_room(self)


class BatchOutlet(Generic[T]):
    """Batches for a subscribed actor, one outstanding: its reply is its demand. Used on the runtime's loop only."""

    def __init__(
        self,
        ref: pykka.ActorRef[Any],
        buffer: Waiting[T],
        ask: Callable[[pykka.ActorRef[Any], Any], LoopFuture[Any]],
        batch: Callable[[tuple[T, ...]], Any],
    ) -> None:
        self.ref = ref
        self.full = False
        self._buffer = buffer
        self._ask = ask
        self._batch = batch
        self._outstanding = False

    def push(self, item: T) -> None:
        """Take one more; it goes at once if the last batch was taken."""
        crowded = self._buffer.push(item)
        if not self._outstanding:
            self._flush()
        elif crowded:
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
        batch = self._batch(tuple(self._buffer.take()))
        self.full = False
        self._outstanding = True
        self._ask(self.ref, batch).add_done_callback(self._replied)

    def _replied(self, future: LoopFuture[Any]) -> None:
        self.on_reply(future.outcome()[1])

    def on_reply(self, error: BaseException | None) -> None:
        """Called when a batch was replied to, on whatever thread; its actor is to call `taken`."""
        raise NotImplementedError


class ActorOutlet(BatchOutlet[Event]):
    """The events of a session that wait for an actor."""

    def __init__(
        self,
        ref: pykka.ActorRef[Any],
        buffering: Buffering,
        ask: Callable[[pykka.ActorRef[Any], Any], LoopFuture[Any]],
        on_taken: Callable[[ActorOutlet, BaseException | None], None],
    ) -> None:
        super().__init__(ref, Buffer(buffering), ask, EventBatch)
        self._on_taken = on_taken

    def on_reply(self, error: BaseException | None) -> None:
        """Tell the session's supervisor."""
        self._on_taken(self, error)
