"""HTTP, and nothing of it outside: the file to swap for another client, with `diagnosis` and `receiving` beside it.

Two transports speak under httpx: its own, and `httpx-aiohttp` on aiohttp's C parser (the default).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeVar
from typing import Protocol as TypingProtocol

import aiohttp
import httpx
import msgspec
from httpx_aiohttp import AiohttpTransport

from actors.config import Endpoint
from actors.diagnosis import TransportFailure, translate
from actors.outcome import Protocol
from actors.reach import headers_of, proxy_credentials, secrets_of, ssl_context
from actors.receiving import Body, Connector
from actors.shielding import ShieldedTransport
from actors.valve import Valve

KEEPALIVE_S = 4.0
"""Servers commonly close an idle connection at 5 s; a request sent at that moment would be lost."""

S = TypeVar("S", bound=msgspec.Struct)

READ_AHEAD = 128 * 1024
"""So many bytes of a body that is read, not poured, aiohttp takes before we ask for them: it stops at twice its
`read_bufsize`, of 256 KiB by default."""

BODY = "greenroom.body"
"""The extension of an `httpx.Response` under which a transport of ours leaves its body, as a `Readable`."""


class Readable(TypingProtocol):
    """A body that is read without httpx's generators between."""

    async def read(self) -> bytes:
        """What the next read gives; empty at its end."""


class Response:
    """A response whose headers have come: `status`, `headers` (lower-case names) and its bytes.

    They are either read, or poured: then a transport that can calls from the socket's callback.
    """

    __slots__ = ("_body", "_next", "_response", "_translated", "headers", "status")

    def __init__(
        self,
        response: httpx.Response,
        translated: Callable[[], contextlib.AbstractContextManager[None]],
    ) -> None:
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self._response = response
        self._body: Readable | None = response.extensions.get(BODY)
        self._translated = translated
        self._next: Callable[[], Awaitable[bytes]] | None = None

    async def pour(self, take: Callable[[bytes], bool], valve: Valve) -> bool:
        """Have `take` called with each read of the socket, until it says that it is enough: then True; or to the end.

        Whenever the valve is shut, nothing more is read. What comes after enough can be poured again.

        Raises:
            TransportFailure: as for `read`.
        """
        self._check_coding()
        try:
            if isinstance(self._body, Body) and self._body.pours:
                return await self._body.pour(take, valve)
            return await self._pull(take, valve)
        except Exception:
            with self._translated():
                raise

    async def _pull(self, take: Callable[[bytes], bool], valve: Valve) -> bool:
        while data := await self.read():
            if not valve.is_open:  # it may have been shut while the socket had nothing yet
                await valve.wait()
            if take(data):
                return True
            if not valve.is_open:
                await valve.wait()
        return False

    async def read(self) -> bytes:
        """What the next read of the socket gives; empty at the body's end.

        Raises:
            TransportFailure: the connection broke, or the body is compressed although we asked for `identity`:
                317 bytes of brotli can become 200 MiB in one piece.
        """
        if self._next is None:
            self._next = self._open()
        try:
            return await self._next()
        except Exception:
            with self._translated():
                raise

    def _open(self) -> Callable[[], Awaitable[bytes]]:
        self._check_coding()
        if self._body is not None:
            return self._body.read
        raw = self._response.aiter_raw()
        return lambda: anext(raw, b"")

    def _check_coding(self) -> None:
        coding = self.headers.get("content-encoding", "identity")
        if coding not in {"identity", ""}:
            message = f"the body came as {coding!r} although only `identity` was accepted"
            raise TransportFailure(Protocol(message=message, type="bad_http"))

    async def read_at_most(self, limit: int) -> bytes:
        """The first `limit` bytes of the body. Raises as `read` does."""
        body = bytearray()
        while len(body) < limit and (data := await self.read()):
            body += data
        return bytes(body[:limit])


class HttpTransport:
    """A pool of connections for one endpoint. Made and used on one loop.

    Args:
        endpoint: where to, and over which of the two real transports.
        over: what carries the requests instead of those, such as a simulator's network.
    """

    def __init__(self, endpoint: Endpoint, over: httpx.AsyncBaseTransport | None = None) -> None:
        # Not by way of an `httpx.AsyncClient`: but for cookies we want nothing of what that does, such as following
        # redirects (with `x-api-key`, across origins), and it costs more than the simulator's transport.
        self._over = _real_transport(endpoint) if over is None else over
        self._cookies = httpx.Cookies()
        # Not the pools' own limits: they do not say when the wait is over.
        self._slots: contextlib.AbstractAsyncContextManager[Any] = (
            contextlib.nullcontext()
            if endpoint.max_connections is None
            else asyncio.Semaphore(endpoint.max_connections)
        )
        query = urllib.parse.urlencode(dict(endpoint.profile.query) | dict(endpoint.query))
        self._url = f"{endpoint.base_url.rstrip('/')}/chat/completions" + (f"?{query}" if query else "")
        url = urllib.parse.urlsplit(endpoint.base_url)
        self.host = url.hostname if url.hostname is not None else ""
        self.port = url.port if url.port is not None else {"http": 80, "https": 443}[url.scheme]
        self._where = f"{self.host}:{self.port}"
        self._proxy = endpoint.proxy
        self._headers = headers_of(endpoint)
        self._secrets = secrets_of(endpoint, self._headers)

    def redact(self, fact: S) -> S:
        """A struct without the endpoint's keys in its texts: endpoints quote the key that they refuse."""
        said = {name: getattr(fact, name) for name in fact.__struct_fields__}
        clean = {
            name: functools.reduce(lambda text, key: text.replace(key, "***"), self._secrets, value)
            for name, value in said.items()
            if isinstance(value, str)
        }
        return msgspec.structs.replace(fact, **clean)

    @contextlib.asynccontextmanager
    async def stream(
        self,
        body: bytes,
        headers: dict[str, str],
        *,
        connect_s: float,
        on_begin: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[Response]:
        """POST a body and stream the response; leaving the block closes a connection that was not read to its end.

        Past `max_connections` it waits first, for as long as it takes; `on_begin` is called when that is over.

        Raises:
            TransportFailure: no response came.
        """
        async with self._slots:
            on_begin()
            async with self._exchange(body, headers, connect_s) as response:
                yield response

    @contextlib.asynccontextmanager
    async def _exchange(
        self, body: bytes, headers: dict[str, str], connect_s: float
    ) -> AsyncIterator[Response]:
        translated = functools.partial(self._translated, connect_s, in_body=True)
        with self._translated(connect_s, in_body=False):
            response = await self._send(body, headers, connect_s)
        try:
            yield Response(response, translated)
        finally:
            # What a transport says of a connection that we give up is of no interest.
            with contextlib.suppress(httpx.HTTPError, aiohttp.ClientError, OSError):
                await response.aclose()

    async def _send(self, body: bytes, headers: dict[str, str], connect_s: float) -> httpx.Response:
        request = httpx.Request(
            "POST",
            self._address,
            content=body,
            headers=self._headers | headers,
            cookies=self._cookies,
            # Other deadlines are the caller's, and count parsed chunks, not bytes.
            extensions={"timeout": {"connect": connect_s, "read": None, "write": None, "pool": None}},
        )
        response = await self._over.handle_async_request(request)
        if "set-cookie" in response.headers:
            response.request = request
            self._cookies.extract_cookies(response)
        return response

    @functools.cached_property
    def _address(self) -> httpx.URL:
        return httpx.URL(self._url)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._over.aclose()

    @contextlib.contextmanager
    def _translated(self, connect_s: float, *, in_body: bool) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            outcome = translate(error, self._where, connect_s, in_body=in_body, proxy=self._proxy)
            if outcome is None:
                raise
            raise TransportFailure(outcome) from error


def _proxy(endpoint: Endpoint) -> httpx.Proxy | None:
    if endpoint.proxy is None:
        return None
    # As a header of ours: httpx-aiohttp would make a `BasicAuth` of a user in the URL, which aiohttp warns about.
    url, headers = proxy_credentials(endpoint.proxy)
    return httpx.Proxy(url, headers=headers)


def _real_transport(endpoint: Endpoint) -> httpx.AsyncBaseTransport:
    tls = ssl_context(endpoint.tls, httpx.create_ssl_context)
    return _TRANSPORTS[endpoint.transport](tls, _proxy(endpoint))


class _DirectTransport(AiohttpTransport):
    """httpx on aiohttp, with a shortcut to the body.

    httpx puts six generators between a read and who asks for it, which is most of what a paced delta costs.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        stream: Any = response.stream
        response.extensions[BODY] = Body(stream._aiohttp_response)  # noqa: SLF001 - a test holds it to that
        return response


def _aiohttp_transport(tls: ssl.SSLContext, proxy: httpx.Proxy | None) -> httpx.AsyncBaseTransport:
    def session() -> aiohttp.ClientSession:
        connector = Connector(
            limit=0,  # none; httpx-aiohttp would make 100 of httpx's None
            keepalive_timeout=KEEPALIVE_S,
            ssl=tls,
        )
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), read_bufsize=READ_AHEAD // 2
        )

    return _DirectTransport(client=session, verify=tls, proxy=proxy)


def _httpx_transport(tls: ssl.SSLContext, proxy: httpx.Proxy | None) -> httpx.AsyncBaseTransport:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=KEEPALIVE_S)
    return ShieldedTransport(verify=tls, limits=limits, proxy=proxy)


_TRANSPORTS = {"aiohttp": _aiohttp_transport, "httpx": _httpx_transport}
