"""HTTP, and nothing of it outside: the one file that knows httpx, and the one to swap for another client.

Two transports speak under httpx: its own, and `httpx-aiohttp` on aiohttp's C parser (the default). They
report the same trouble in different words, and httpx-aiohttp calls most of it a `ConnectTimeout`; so what is
raised is looked up by its cause first, most specific class first, in one table, `TROUBLE`, and both say the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import ssl
import urllib.parse
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Literal, TypeAlias, TypeVar
from typing import Protocol as TypingProtocol

import aiohttp
import httpx
import msgspec
from httpx_aiohttp import AiohttpTransport

from actors.config import Endpoint
from actors.errors import GreenroomError
from actors.outcome import Failure, Protocol, Stalled, Transport
from actors.reach import headers_of, proxy_credentials, secrets_of, ssl_context
from actors.receiving import Body, Connector
from actors.shielding import ShieldedTransport
from actors.valve import Valve

KEEPALIVE_S = 4.0
"""Servers commonly close an idle connection at 5 s; a request sent at that moment would be lost."""

S = TypeVar("S", bound=msgspec.Struct)

READ_AHEAD = 128 * 1024
"""So many bytes of a stream aiohttp reads before we ask for them (it stops at twice its `read_bufsize`, of 256 KiB by
default): what every stream costs whose consumer is slow."""

Trouble: TypeAlias = Literal[
    "connect", "dns", "tls", "proxy", "reset", "read", "write", "timeout", "pool", "url", "bad_http", "bug"
]

TROUBLE: dict[type[BaseException], Trouble] = {
    # The operating system's and OpenSSL's own words, which both transports keep as a cause.
    socket.gaierror: "dns",
    ssl.SSLError: "tls",
    ssl.SSLCertVerificationError: "tls",
    ConnectionRefusedError: "connect",
    ConnectionResetError: "reset",
    ConnectionAbortedError: "reset",
    BrokenPipeError: "reset",
    # aiohttp, below httpx-aiohttp.
    aiohttp.ClientConnectorDNSError: "dns",
    aiohttp.ClientConnectorSSLError: "tls",
    aiohttp.ClientConnectorCertificateError: "tls",
    aiohttp.ClientSSLError: "tls",
    aiohttp.ServerFingerprintMismatch: "tls",
    aiohttp.ClientProxyConnectionError: "proxy",
    aiohttp.ClientHttpProxyError: "proxy",
    aiohttp.ClientConnectorError: "connect",
    aiohttp.client_exceptions.UnixClientConnectorError: "connect",
    aiohttp.ConnectionTimeoutError: "timeout",
    aiohttp.SocketTimeoutError: "read",
    aiohttp.ServerTimeoutError: "timeout",
    aiohttp.ServerDisconnectedError: "reset",
    aiohttp.ServerConnectionError: "reset",
    aiohttp.ClientConnectionResetError: "reset",
    aiohttp.ClientOSError: "reset",
    aiohttp.ClientConnectionError: "reset",
    aiohttp.ClientPayloadError: "read",
    aiohttp.InvalidURL: "url",
    aiohttp.InvalidUrlClientError: "url",
    aiohttp.InvalidUrlRedirectClientError: "url",
    aiohttp.NonHttpUrlClientError: "url",
    aiohttp.NonHttpUrlRedirectClientError: "url",
    aiohttp.RedirectClientError: "bug",
    aiohttp.TooManyRedirects: "bug",
    aiohttp.ContentTypeError: "bug",
    aiohttp.WSServerHandshakeError: "bug",
    aiohttp.ClientResponseError: "bad_http",
    aiohttp.ClientError: "read",
    # httpx, on its own transport and around the other.
    httpx.ConnectTimeout: "timeout",
    httpx.PoolTimeout: "pool",
    httpx.ReadTimeout: "read",
    httpx.WriteTimeout: "write",
    httpx.TimeoutException: "read",
    httpx.ConnectError: "connect",
    httpx.ReadError: "read",
    httpx.WriteError: "write",
    httpx.CloseError: "read",
    httpx.NetworkError: "read",
    httpx.RemoteProtocolError: "bad_http",
    httpx.LocalProtocolError: "bug",
    httpx.ProtocolError: "bad_http",
    httpx.ProxyError: "proxy",
    httpx.UnsupportedProtocol: "url",
    httpx.InvalidURL: "url",
    httpx.DecodingError: "bad_http",
    httpx.TransportError: "read",
    httpx.RequestError: "read",
    httpx.HTTPError: "read",
    # httpx's own misuse: none of these can come from what we call.
    httpx.HTTPStatusError: "bug",
    httpx.TooManyRedirects: "bug",
    httpx.CookieConflict: "bug",
    httpx.StreamError: "bug",
    httpx.StreamConsumed: "bug",
    httpx.StreamClosed: "bug",
    httpx.ResponseNotRead: "bug",
    httpx.RequestNotRead: "bug",
}

_HUNG_UP = ("Server disconnected", "peer closed connection")
"""httpx has one class for bad HTTP and for a peer that hung up; only its text tells which."""

_WORDS: dict[Trouble, str] = {
    "connect": "could not connect to {where}: is it running, and is base_url right?",
    "dns": "the host of {where} can't be found: check base_url and the network",
    "tls": "the TLS handshake with {where} failed: check the scheme, the certificate and the clock",
    "proxy": "no way to {where}: the proxy can't be reached, or refuses; check `proxy`",
    "reset": "{where} closed the connection before the response was complete",
    "read": "the response of {where} broke off",
    "write": "the request to {where} could not be sent whole",
    "pool": "no connection to {where} came free",
    "url": "{where} is no URL that can be requested: check base_url",
    "bad_http": "{where} answered with something that is not HTTP/1.1",
}


class TransportFailure(GreenroomError):  # noqa: N818 - theirs, not an error of ours; never leaves the caller
    """A request failed below HTTP's meaning. `outcome` says how."""

    def __init__(self, outcome: Failure) -> None:
        super().__init__(outcome.describe())
        self.outcome = outcome


def _causes(error: BaseException) -> list[BaseException]:
    """The exception and its causes, the deepest first."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ if link.__cause__ is not None else link.__context__
    return chain[::-1]


def diagnose(error: BaseException) -> Trouble | None:
    """What really happened, by the deepest cause that the table knows; None: nothing of the transport's."""
    if not isinstance(
        error, httpx.HTTPError | httpx.InvalidURL | httpx.StreamError | aiohttp.ClientError | OSError
    ):
        return None
    if isinstance(error, httpx.RemoteProtocolError) and str(error).startswith(_HUNG_UP):
        return "reset"
    for link in _causes(error):
        for cls in type(link).__mro__:
            if cls in TROUBLE:
                return TROUBLE[cls]
    return "read"


def translate(
    error: BaseException, where: str, connect_s: float, *, in_body: bool, proxy: str | None = None
) -> Failure | None:
    """A transport's exception as an outcome; None for an exception that is not a transport's.

    Args:
        error: what the transport raised.
        where: `host:port`, for the message.
        connect_s: the connect deadline in seconds, for the message.
        in_body: whether the headers had come. From then on a reset and a body that ends too early are one:
            aiohttp can't tell them apart.
        proxy: the proxy's URL, where there is one: only it is ever connected to.
    """
    trouble = diagnose(error)
    if trouble is None or trouble == "bug":
        return None
    if in_body and trouble == "reset":
        trouble = "read"
    if proxy is not None:
        where = f"{where} by the proxy {urllib.parse.urlsplit(proxy).netloc.rpartition('@')[2]}"
        trouble = "proxy" if trouble in {"connect", "dns"} else trouble
    if trouble == "timeout":
        message = f"no connection to {where} within {connect_s:g} s"
        return Stalled(message=message, deadline="connect", seconds=connect_s)
    message = _WORDS[trouble].format(where=where)
    if trouble == "bad_http":
        return Protocol(message=message, type=trouble)
    return Transport(message=message, type=trouble)


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
            if take(data):
                return True
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

    async def reads(self) -> AsyncGenerator[bytes, None]:
        """All reads until the body's end. Raises as `read` does."""
        while data := await self.read():
            yield data

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
        self._client = httpx.AsyncClient(
            transport=_real_transport(endpoint) if over is None else over,
            follow_redirects=False,  # httpx forwards `x-api-key` across origins
            timeout=None,  # noqa: S113 - deadlines are the caller's, and count parsed chunks, not bytes
        )
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
        timeout = {"connect": connect_s, "read": None, "write": None, "pool": None}
        translated = functools.partial(self._translated, connect_s, in_body=True)
        request = self._client.build_request(
            "POST", self._url, content=body, headers=self._headers | headers, extensions={"timeout": timeout}
        )
        with self._translated(connect_s, in_body=False):
            response = await self._client.send(request, stream=True)
        try:
            yield Response(response, translated)
        finally:
            # What a transport says of a connection that we give up is of no interest.
            with contextlib.suppress(httpx.HTTPError, aiohttp.ClientError, OSError):
                await response.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

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
