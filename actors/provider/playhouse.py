"""What a scripted provider is, whatever carries its bytes: scripts, what goes wrong beside them, and what was seen."""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from actors.config import Endpoint
from actors.errors import ConfigError
from actors.provider.chunks import Asked
from actors.provider.connection import Answer
from actors.provider.desk import Request, Visitor, receive
from actors.provider.door import Door
from actors.provider.ledger import Ledger, ObservedRequest
from actors.provider.plan import Plan, Rule, What
from actors.provider.plays import Play, Reply, Script, Status
from actors.provider.render import render
from actors.provider.repertoire import Repertoire
from actors.provider.served import watched

DEFAULT = Reply("All the world's a stage, and all the men and women merely players.")
_FOLLOWED = Status(421, message="a redirect was followed to here", code="redirect_followed")


class Playhouse:
    """The verbs and the memory of every scripted provider.

    A subclass makes its doors (`_new_door`), and calls `_open_house` when it begins to serve.

    Args:
        default: what keys without a script of their own get; a tuple gives a play for each attempt.
        seed: of response ids, with the key and the attempt; and of what goes wrong by chance.
        keep_alive_s: so many seconds an idle connection stays open.
        clock: seconds, monotonic.

    Raises:
        ConfigError: a play or setting that can't be.
    """

    def __init__(
        self, *, default: Script, seed: int, keep_alive_s: float, clock: Callable[[], float]
    ) -> None:
        if not keep_alive_s > 0:
            raise ConfigError(
                "ScriptedProvider.keep_alive_s", f"must be more than 0 seconds, got {keep_alive_s}"
            )
        self._seed = seed
        self._keep_alive_s = keep_alive_s
        self._clock = clock
        self._repertoire = Repertoire(default)
        self._plan = Plan(seed)
        self._began = 0.0
        self._ledger = Ledger(clock)
        self._refusals = 0
        """Blocks of `refusing` that are entered, on whatever threads."""
        self._at_the_door = threading.Lock()
        self._main: Door
        self._refused: Door
        self._elsewhere: Door

    # Doors

    @property
    def base_url(self) -> str:
        """Such as `http://127.0.0.1:8080/v1`."""
        self._check_running()
        return self._main.base_url

    @property
    def refused_url(self) -> str:
        """The base URL of a port that refuses every connection."""
        self._check_running()
        return self._refused.base_url

    def endpoint(self, **overrides: Any) -> Endpoint:
        """The settings of a client; `overrides` are fields of `Endpoint`."""
        self._check_running()
        return self._main.endpoint(**overrides)

    def door(self) -> Door:
        """A further port, for the same scripts; it refuses connections until `open()`. See `Door`."""
        return self._door(followed=False)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Inside the block the main port refuses every connection, and idle ones are closed; blocks may overlap."""
        self._check_running()
        self._refuse(1)
        try:
            yield
        finally:
            self._refuse(-1)

    def _refuse(self, change: Literal[1, -1]) -> None:
        with self._at_the_door:
            refusals = self._refusals + change
            if self._refusals == 0:
                self._main.shut()
            elif refusals == 0:
                self._main.open()
            self._refusals = refusals

    # Scripts

    def script(self, key: str, *attempts: Play) -> None:
        """From now on the n-th request with this key plays the n-th of `attempts`; the last one repeats.

        Raises:
            ConfigError: no play, or something that is none.
        """
        self._repertoire.set(key, attempts)

    def fault(
        self,
        what: What,
        of: str | Iterable[str] = "*",
        *,
        times: int | None = None,
        chance: float = 1.0,
        at: float = 0.0,
        lasting: float | None = None,
    ) -> None:
        """Have something go wrong beside the scripts, from now on; what was laid before goes wrong too.

        Args:
            what: a play instead of the script's, a fault put into the script's reply, or a toxic over all that is sent.
            of: whose requests: keys, or patterns of them such as `vip-*`.
            times: the first so many requests of each key that it fits; None: all of them.
            chance: how likely it is for each request; the provider's seed, the key and the request's number decide.
            at: from this moment on, in seconds since the provider was started.
            lasting: for so many seconds; None: to the end.

        Raises:
            ConfigError: an argument can't be.
        """
        names = (of,) if isinstance(of, str) else tuple(of)
        self._plan.lay(Rule(what=what, of=names, times=times, chance=chance, at=at, lasting=lasting))

    # What was seen

    @property
    def requests(self) -> tuple[ObservedRequest, ...]:
        """Every request so far, in order of arrival; what is not HTTP is not among them."""
        return self._ledger.requests

    def requests_of(self, key: str) -> tuple[ObservedRequest, ...]:
        """The requests with this key that a script answered, in order of arrival."""
        return tuple(request for request in self.requests if request.key == key and request.attempt)

    @property
    def followed(self) -> tuple[ObservedRequest, ...]:
        """The requests that came by following a `Redirect`; they count as no attempt."""
        return tuple(request for request in self.requests if request.followed)

    @property
    def open_connections(self) -> int:
        """How many connections are open, idle ones too."""
        return self._ledger.connections

    # Waiting, on a loop; `asyncio.timeout` says for how long

    async def arrived(self, key: str, attempt: int = 1) -> ObservedRequest:
        """Wait until that request has arrived."""
        return await self._ledger.request(key, attempt, _has_arrived)

    async def halted(self, key: str, attempt: int = 1) -> ObservedRequest:
        """Wait until serving that request can't go on by itself: it is held, or has ended.

        Held at a `Pause` (of several, `Gate.reached` says which) or in an endless fault; everything before is
        written.
        """
        return await self._ledger.request(key, attempt, _has_halted)

    async def served(self, key: str, attempt: int = 1) -> ObservedRequest:
        """Wait until serving that request has ended."""
        return await self._ledger.request(key, attempt, _has_ended)

    async def idle(self) -> None:
        """Wait until no request is being served."""
        await self._ledger.idle()

    async def disconnected(self) -> None:
        """Wait until no client holds a connection."""
        await self._ledger.disconnected()

    # Waiting, on a thread

    def wait_request(self, key: str, attempt: int = 1, timeout: float = 30.0) -> ObservedRequest:
        """As `arrived`, but blocks the thread; raises `TimeoutError` after `timeout` seconds."""
        self._check_blocking("wait_request", "arrived")
        return self._ledger.wait_request(key, attempt, timeout, _has_arrived)

    def reached(self, key: str, attempt: int = 1, timeout: float = 30.0) -> ObservedRequest:
        """As `halted`, but blocks the thread; raises `TimeoutError` after `timeout` seconds."""
        self._check_blocking("reached", "halted")
        return self._ledger.wait_request(key, attempt, timeout, _has_halted)

    def wait_served(self, key: str, attempt: int = 1, timeout: float = 30.0) -> ObservedRequest:
        """As `served`, but blocks the thread; raises `TimeoutError` after `timeout` seconds."""
        self._check_blocking("wait_served", "served")
        return self._ledger.wait_request(key, attempt, timeout, _has_ended)

    def wait_idle(self, timeout: float = 30.0) -> bool:
        """Block until no request is being served; False if that took longer than `timeout` seconds."""
        self._check_blocking("wait_idle", "idle")
        return self._ledger.wait_idle(timeout)

    def wait_disconnected(self, timeout: float = 30.0) -> bool:
        """Block until no client holds a connection; False if that took longer than `timeout` seconds."""
        self._check_blocking("wait_disconnected", "disconnected")
        return self._ledger.wait_disconnected(timeout)

    # Inside

    def _check_running(self) -> None:
        """Refuse what needs doors that are not there; always there unless a subclass says otherwise."""

    def _check_blocking(self, what: str, instead: str) -> None:
        """Refuse a call that would block its thread; fine unless a subclass says otherwise."""

    def _new_door(self, answer: Callable[[Request], Answer]) -> Door:
        raise NotImplementedError

    def _open_house(self) -> None:
        self._began = self._clock()
        self._main, self._refused, self._elsewhere = self.door(), self.door(), self._door(followed=True)
        self._main.open()
        self._elsewhere.open()

    def _door(self, *, followed: bool) -> Door:
        return self._new_door(functools.partial(self._answer, followed=followed))

    def _answer(self, request: Request, *, followed: bool) -> Answer:
        visitor = receive(request)
        observed, place = self._ledger.arrived(request, visitor, followed=followed)
        progressed = functools.partial(self._ledger.progressed, place)
        written = functools.partial(self._ledger.written, place)
        asked = self._asked(request, visitor, observed.attempt)
        if followed:
            return render(_FOLLOWED, asked), progressed
        if visitor.page is not None:
            return render(visitor.page, asked), progressed
        moment = observed.received_at - self._began
        course = self._plan.course(visitor.key, observed.attempt, self._repertoire.next(visitor.key), moment)
        return watched(course.over(render(course.play, asked)), written), progressed

    def _asked(self, request: Request, visitor: Visitor, attempt: int) -> Asked:
        body = visitor.body if isinstance(visitor.body, dict) else {}
        options = body.get("stream_options")
        name = f"{self._seed}/{visitor.key}/{attempt}".encode("utf-8", "surrogatepass")
        return Asked(
            stream=body.get("stream") is True,
            include_usage=isinstance(options, dict) and options.get("include_usage") is True,
            model=str(body.get("model", "")),
            response_id=f"chatcmpl-{hashlib.blake2b(name, digest_size=12).hexdigest()}",
            elsewhere=f"http://127.0.0.1:{self._elsewhere.port}{request.path}",
            method=request.method,
            http_version=request.http_version,
            close=request.close,
        )


def _has_arrived(_: ObservedRequest) -> bool:
    return True


def _has_halted(request: ObservedRequest) -> bool:
    return request.outcome != "serving"


def _has_ended(request: ObservedRequest) -> bool:
    return request.ended
