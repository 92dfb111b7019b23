"""What went wrong beneath HTTP, whichever transport says so, as an outcome.

httpx's own transport and httpx-aiohttp report the same trouble in different words, and the latter calls most of it a
`ConnectTimeout`; so what is raised is looked up by its cause first, most specific class first, in one table, `TROUBLE`,
and both say the same.
"""

from __future__ import annotations

import socket
import ssl
import urllib.parse
from typing import Literal, TypeAlias

import aiohttp
import httpx

from actors.errors import GreenroomError
from actors.outcome import Failure, Protocol, Stalled, Transport

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
