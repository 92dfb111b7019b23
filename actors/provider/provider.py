"""The scripted provider: an endpoint on loopback that says and breaks what its scripts tell it to."""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from actors.config import Endpoint
from actors.errors import ConfigError, UsageError
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
from actors.provider.stage import Stage

_DEFAULT = Reply("All the world's a stage, and all the men and women merely players.")
_FOLLOWED = Status(421, message="a redirect was followed to here", code="redirect_followed")


class ScriptedProvider:
    """A real HTTP/1.1 server on 127.0.0.1 that speaks OpenAI's chat completions, streaming and not.

    A sync and an async context manager. It serves on a daemon thread of its own, so a host whose loop is
    blocked never blocks the provider, nor the other way round. Its waiting methods block the calling thread;
    on a loop, call them with `asyncio.to_thread`.

    Whose a request is (its key): the header `x-greenroom-session`, else the body's `model`.

    Args:
        default: what keys without a script of their own get; a tuple gives a play for each attempt.
        seed: of response ids, with the key and the attempt; and of what goes wrong by chance.
        keep_alive_s: so many seconds an idle connection stays open.

    Raises:
        ConfigError: a play or setting that can't be.
    """

    def __init__(
        self,
        *,
        default: Script = _DEFAULT,
        seed: int = 0,
        keep_alive_s: float = 60.0,
    ) -> None:
        if not keep_alive_s > 0:
            raise ConfigError(
                "ScriptedProvider.keep_alive_s", f"must be more than 0 seconds, got {keep_alive_s}"
            )
        self._seed = seed
        self._keep_alive_s = keep_alive_s
        self._repertoire = Repertoire(default)
        self._plan = Plan(seed)
        self._began = 0.0
        self._ledger = Ledger()
        self._stage: Stage | None = None
        self._doors: list[Door] = []
        self._closed = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        # Blocks for the moment that the provider's thread takes; an await could be cancelled half-way.
        self.close()

    def start(self) -> None:
        """Start serving. A provider is started once.

        Raises:
            UsageError: it was started before.
        """
        if self._stage is not None or self._closed:
            raise UsageError("a ScriptedProvider is started once; make a new one")
        self._began = time.monotonic()
        self._stage = Stage()
        self._stage.start()
        try:
            self._main, self._refused, self._elsewhere = self.door(), self.door(), self._door(followed=True)
            self._main.open()
            self._elsewhere.open()
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Drop every connection and stop; leaves no thread, task or socket. Closing again does nothing."""
        self._closed = True
        stage, self._stage = self._stage, None
        if stage is not None:
            for door in self._doors:
                stage.call(door.dismantle())
            stage.stop()

    @property
    def base_url(self) -> str:
        """Such as `http://127.0.0.1:8080/v1`."""
        self._running()
        return self._main.base_url

    @property
    def refused_url(self) -> str:
        """The base URL of a port that refuses every connection."""
        self._running()
        return self._refused.base_url

    def endpoint(self, **overrides: Any) -> Endpoint:
        """The settings of a client; `overrides` are fields of `Endpoint`."""
        self._running()
        return self._main.endpoint(**overrides)

    def door(self) -> Door:
        """A further port, for the same scripts; it refuses connections until `open()`. See `Door`."""
        return self._door(followed=False)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Inside the block the main port refuses every connection, and idle ones are closed."""
        self._running()
        self._main.shut()
        try:
            yield
        finally:
            self._main.open()

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

    def wait_request(self, key: str, attempt: int = 1, timeout: float = 5.0) -> ObservedRequest:
        """Block until that request has arrived; raises `TimeoutError` after `timeout` seconds."""
        return self._ledger.wait_request(key, attempt, timeout, lambda _: True)

    def reached(self, key: str, attempt: int = 1, timeout: float = 5.0) -> ObservedRequest:
        """Block until serving that request can't go on by itself: it is held, or has ended.

        Held at a `Pause` (of several, `Gate.wait_reached` says which) or in an endless fault; everything
        before is written. Raises `TimeoutError` after `timeout` seconds.
        """
        return self._ledger.wait_request(key, attempt, timeout, lambda request: request.outcome != "serving")

    def wait_served(self, key: str, attempt: int = 1, timeout: float = 5.0) -> ObservedRequest:
        """Block until serving that request has ended; raises `TimeoutError` after `timeout` seconds."""
        return self._ledger.wait_request(key, attempt, timeout, lambda request: request.ended)

    def wait_idle(self, timeout: float = 5.0) -> bool:
        """Block until no request is being served; False if that took longer than `timeout` seconds."""
        return self._ledger.wait_idle(timeout)

    def wait_disconnected(self, timeout: float = 5.0) -> bool:
        """Block until no client holds a connection; False if that took longer than `timeout` seconds."""
        return self._ledger.wait_disconnected(timeout)

    def _running(self) -> Stage:
        if self._stage is None:
            raise UsageError(
                "the provider is not running: use it inside `with ScriptedProvider(...) as provider:`"
            )
        return self._stage

    def _door(self, *, followed: bool) -> Door:
        answer: Callable[[Request], Answer] = functools.partial(self._answer, followed=followed)
        door = Door(self._running(), answer, self._ledger.connected, self._keep_alive_s)
        self._doors.append(door)
        return door

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
