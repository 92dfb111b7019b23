"""What the provider saw: every request, in order of arrival, for assertions from any thread."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from actors.kernel.future import LoopFuture
from actors.provider.desk import Request, Visitor
from actors.provider.served import Served

Serving: TypeAlias = Literal["serving", "held", "completed", "fault", "client_gone"]
"""How far serving has come.

`serving`: under way; `held`: at a `Pause` or in an endless fault, with everything before it written;
`completed`: the response was written whole; `fault`: a fault cut it short; `client_gone`: the client left
before either.
"""

_T = TypeVar("_T")


class ObservedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it stood when it was looked at."""

    key: str
    """The session header, else the body's `model`; empty where no script was asked for."""
    attempt: int
    """From 1 among the requests with this key; 0 where no script was asked for."""
    method: str
    path: str
    """The target, query included."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Any
    """The decoded JSON; None for none."""
    received_at: float
    """On the provider's clock (`time.monotonic()`, or virtual seconds), when its last byte was there."""
    outcome: Serving
    ended_at: float | None = None
    """On the provider's clock (`time.monotonic()`, or virtual seconds), when serving ended; None while it goes on."""
    served: Served = Served()
    """What was written of the response."""
    followed: bool = False
    """Whether it came to the port that a `Redirect` points to."""

    @property
    def ended(self) -> bool:
        """Whether serving has ended."""
        return self.outcome not in {"serving", "held"}


class Ledger:
    """Written by the provider's thread, read and waited on by every other.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._awaited: list[LoopFuture[None]] = []
        """Of those who wait on a loop: set at the next change."""
        self._requests: list[ObservedRequest] = []
        self._places: dict[tuple[str, int], int] = {}
        self._attempts: defaultdict[str, int] = defaultdict(int)
        self._serving = 0
        self._connections = 0

    def arrived(self, request: Request, visitor: Visitor, *, followed: bool) -> tuple[ObservedRequest, int]:
        """Enter a request; gives it as observed, and its place for `progressed`."""
        with self._changed:
            attempt = 0
            if visitor.page is None and not followed:
                self._attempts[visitor.key] += 1
                attempt = self._attempts[visitor.key]
                self._places[visitor.key, attempt] = len(self._requests)
            observed = ObservedRequest(
                key=visitor.key,
                attempt=attempt,
                method=request.method,
                path=request.path,
                headers=request.headers,
                body=visitor.body,
                received_at=self._clock(),
                outcome="serving",
                followed=followed,
            )
            self._requests.append(observed)
            self._serving += 1
            self._notify()
            return observed, len(self._requests) - 1

    def progressed(self, place: int, outcome: Serving) -> None:
        """Enter how far serving has come."""
        with self._changed:
            request = self._requests[place]
            if request.outcome == outcome:
                return
            ended = outcome not in {"serving", "held"}
            ended_at = self._clock() if ended else None
            self._requests[place] = msgspec.structs.replace(request, outcome=outcome, ended_at=ended_at)
            self._serving -= ended
            self._notify()

    def written(self, place: int, served: Served) -> None:
        """Enter what was written of a response."""
        with self._changed:
            self._requests[place] = msgspec.structs.replace(self._requests[place], served=served)

    def connected(self, change: Literal[1, -1]) -> None:
        """Enter that a connection came or went."""
        with self._changed:
            self._connections += change
            self._notify()

    @property
    def requests(self) -> tuple[ObservedRequest, ...]:
        """Every request so far, in order of arrival."""
        with self._changed:
            return tuple(self._requests)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        with self._changed:
            return self._connections

    def wait_request(
        self, key: str, attempt: int, timeout: float, until: Callable[[ObservedRequest], bool]
    ) -> ObservedRequest:
        """Block until `until` holds of that request; raises `TimeoutError` after `timeout` seconds."""
        request = self._wait(lambda: self._found(key, attempt, until), timeout)
        if request is None:
            seen = self._attempts.get(key, 0)
            raise TimeoutError(f"request {attempt} of {key!r}: not so far after {timeout} s ({seen} arrived)")
        return request

    async def request(
        self, key: str, attempt: int, until: Callable[[ObservedRequest], bool]
    ) -> ObservedRequest:
        """Wait on a loop until `until` holds of that request."""
        request = await self._until(lambda: self._found(key, attempt, until))
        assert request is not None  # noqa: S101 - that is what was waited for
        return request

    def _found(
        self, key: str, attempt: int, until: Callable[[ObservedRequest], bool]
    ) -> ObservedRequest | None:
        place = self._places.get((key, attempt))
        if place is None or not until(self._requests[place]):
            return None
        return self._requests[place]

    async def idle(self) -> None:
        """Wait on a loop until no request is being served."""
        await self._until(lambda: self._serving == 0)

    async def disconnected(self) -> None:
        """Wait on a loop until no connection is open."""
        await self._until(lambda: self._connections == 0)

    def wait_idle(self, timeout: float) -> bool:
        """Block until no request is being served; False if that took longer than `timeout` seconds."""
        return bool(self._wait(lambda: self._serving == 0, timeout))

    def wait_disconnected(self, timeout: float) -> bool:
        """Block until no connection is open; False if that took longer than `timeout` seconds."""
        return bool(self._wait(lambda: self._connections == 0, timeout))

    def _wait(self, holds: Callable[[], _T], timeout: float) -> _T:
        with self._changed:
            return self._changed.wait_for(holds, timeout)

    async def _until(self, holds: Callable[[], _T]) -> _T:
        while True:
            with self._changed:
                if held := holds():
                    return held
                change: LoopFuture[None] = LoopFuture()
                self._awaited.append(change)
            await change

    def _notify(self) -> None:
        self._changed.notify_all()
        awaited, self._awaited = self._awaited, []
        for change in awaited:
            change.set(None)
