"""What the provider saw: every request, in order of arrival, for assertions from any thread."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

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
    """`time.monotonic()` when its last byte was there."""
    outcome: Serving
    ended_at: float | None = None
    """`time.monotonic()` when serving ended; None while it goes on."""
    served: Served = Served()
    """What was written of the response."""
    followed: bool = False
    """Whether it came to the port that a `Redirect` points to."""

    @property
    def ended(self) -> bool:
        """Whether serving has ended."""
        return self.outcome not in {"serving", "held"}


class Ledger:
    """Written by the provider's thread, read and waited on by every other."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
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
                received_at=time.monotonic(),
                outcome="serving",
                followed=followed,
            )
            self._requests.append(observed)
            self._serving += 1
            self._changed.notify_all()
            return observed, len(self._requests) - 1

    def progressed(self, place: int, outcome: Serving) -> None:
        """Enter how far serving has come."""
        with self._changed:
            request = self._requests[place]
            if request.outcome == outcome:
                return
            ended = outcome not in {"serving", "held"}
            ended_at = time.monotonic() if ended else None
            self._requests[place] = msgspec.structs.replace(request, outcome=outcome, ended_at=ended_at)
            self._serving -= ended
            self._changed.notify_all()

    def written(self, place: int, served: Served) -> None:
        """Enter what was written of a response."""
        with self._changed:
            self._requests[place] = msgspec.structs.replace(self._requests[place], served=served)

    def connected(self, change: Literal[1, -1]) -> None:
        """Enter that a connection came or went."""
        with self._changed:
            self._connections += change
            self._changed.notify_all()

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

        def found() -> ObservedRequest | None:
            place = self._places.get((key, attempt))
            if place is None or not until(self._requests[place]):
                return None
            return self._requests[place]

        request = self._wait(found, timeout)
        if request is None:
            seen = self._attempts.get(key, 0)
            raise TimeoutError(f"request {attempt} of {key!r}: not so far after {timeout} s ({seen} arrived)")
        return request

    def wait_idle(self, timeout: float) -> bool:
        """Block until no request is being served; False if that took longer than `timeout` seconds."""
        return bool(self._wait(lambda: self._serving == 0, timeout))

    def wait_disconnected(self, timeout: float) -> bool:
        """Block until no connection is open; False if that took longer than `timeout` seconds."""
        return bool(self._wait(lambda: self._connections == 0, timeout))

    def _wait(self, holds: Callable[[], _T], timeout: float) -> _T:
        with self._changed:
            return self._changed.wait_for(holds, timeout)
