from __future__ import annotations

import asyncio
import inspect
import socket
import ssl
import traceback
from types import ModuleType

import aiohttp
import httpx
import pytest

from actors.config import Endpoint
from actors.diagnosis import TROUBLE, TransportFailure, translate
from actors.outcome import Failure, Protocol, Stalled, Transport
from actors.provider import (
    BadChunk,
    BadStatusLine,
    Eof,
    Play,
    Redirect,
    Reply,
    Reset,
    ScriptedProvider,
    Status,
)
from actors.transport import HttpTransport

TRANSPORTS = ("aiohttp", "httpx")
KEY = "sk-never-to-be-seen"
SYSTEM = {
    socket.gaierror,
    ssl.SSLError,
    ssl.SSLCertVerificationError,
    ConnectionRefusedError,
    ConnectionResetError,
    ConnectionAbortedError,
    BrokenPipeError,
}
"""What the operating system and OpenSSL say, which both transports keep as a cause."""

NEVER_RAISED = {"UploadAbortedError"}
"""Of aiohttp since 3.14, for a future of its response that only who asks for it gets; older ones do not have it."""


def exceptions_of(module: ModuleType) -> set[type[BaseException]]:
    return {
        member
        for member in vars(module).values()
        if inspect.isclass(member) and issubclass(member, BaseException)
    }


def test_the_table_lists_each_exception_of_httpx_and_what_leaks_of_aiohttp_and_nothing_else() -> None:
    leaking = {
        error
        for error in exceptions_of(aiohttp.client_exceptions)
        if issubclass(error, aiohttp.ClientError) and error.__name__ not in NEVER_RAISED
    }

    assert exceptions_of(httpx) | leaking | SYSTEM == set(TROUBLE)


@pytest.mark.parametrize("cls", TROUBLE, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_each_of_them_has_an_outcome_or_is_a_bug_of_ours(cls: type[BaseException]) -> None:
    error = cls.__new__(cls)  # their constructors want what only their libraries have

    outcome = translate(error, "host:1", 10, in_body=False)

    assert (outcome is None) == (TROUBLE[cls] == "bug")


@pytest.mark.parametrize("error", [ValueError("ours"), KeyError("ours"), asyncio.CancelledError()])
def test_what_is_not_theirs_is_not_translated(error: BaseException) -> None:
    assert translate(error, "host:1", 10, in_body=False) is None


def test_what_their_next_release_adds_is_still_trouble_with_the_transport() -> None:
    class NewError(aiohttp.ClientError):
        pass

    outcome = translate(NewError("new"), "host:1", 10, in_body=False)

    assert isinstance(outcome, Transport)


async def _fetch(endpoint: Endpoint, connect_s: float) -> TransportFailure:
    transport = HttpTransport(endpoint)
    try:
        async with transport.stream(
            b'{"model": "m", "messages": [], "stream": true}', {}, connect_s=connect_s
        ) as got:
            while await got.read():
                pass
    except TransportFailure as failure:
        return failure
    finally:
        await transport.aclose()
    raise AssertionError("the request did not fail")


def failure_of(url: str, transport: str, connect_s: float = 5) -> TransportFailure:
    endpoint = Endpoint(base_url=url, model="m", transport=transport, api_key=KEY)  # type: ignore[arg-type]
    return asyncio.run(_fetch(endpoint, connect_s))


def both(url: str) -> Failure:
    """What both transports make of it: the same, or it is a mistake."""
    first, second = (failure_of(url, transport) for transport in TRANSPORTS)
    assert first.outcome == second.outcome
    for failure in (first, second):
        told = "".join(traceback.TracebackException.from_exception(failure).format())
        assert KEY not in told + repr(failure.outcome)
    return first.outcome


IN_REPLY: dict[str, tuple[Play, str, str]] = {
    "reset before headers": (
        Reset(after="before_headers"),
        "transport:reset",
        "{where} closed the connection before the response was complete",
    ),
    "hung up before headers": (
        Eof(after="before_headers", terminated=False),
        "transport:reset",
        "{where} closed the connection before the response was complete",
    ),
    "reset in the body": (
        Reply("text").but(Reset(after=1)),
        "transport:read",
        "the response of {where} broke off",
    ),
    "hung up in the body": (
        Reply("text").but(Eof(after=1, terminated=False)),
        "transport:read",
        "the response of {where} broke off",
    ),
    "bad status line": (
        BadStatusLine(),
        "protocol:bad_http",
        "{where} answered with something that is not HTTP/1.1",
    ),
    "no HTTP at all": (
        BadStatusLine(line="SSH-2.0-OpenSSH_9.9"),
        "protocol:bad_http",
        "{where} answered with something that is not HTTP/1.1",
    ),
    "bad chunk header in the body": (
        Reply("text").but(BadChunk(after=1)),
        "protocol:bad_http",
        "{where} answered with something that is not HTTP/1.1",
    ),
    "compressed": (
        Reply("text", headers={"content-encoding": "gzip"}),
        "protocol:bad_http",
        "the body came as 'gzip' although only `identity` was accepted",
    ),
}


@pytest.mark.parametrize("name", IN_REPLY)
def test_both_transports_say_the_same_of_a_reply(name: str) -> None:
    play, reason, message = IN_REPLY[name]
    with ScriptedProvider(default=play) as provider:
        where = provider.base_url.removeprefix("http://").removesuffix("/v1")
        outcome = both(provider.base_url)

    assert outcome.describe() == f"{reason}: {message.format(where=where)}"


def test_both_say_the_same_of_a_refused_connection() -> None:
    with ScriptedProvider() as provider:
        outcome = both(provider.refused_url)

    assert outcome.reason == "transport:connect"
    assert "is it running, and is base_url right?" in outcome.message


def test_both_say_the_same_of_a_name_that_is_not_found() -> None:
    """RFC 6761, 6.4: names under `.invalid` never resolve."""
    outcome = both("http://nobody.invalid/v1")

    assert outcome.reason == "transport:dns"
    assert outcome.message.startswith("the host of nobody.invalid:80 can't be found")


def test_both_say_the_same_of_tls_to_a_port_that_speaks_none() -> None:
    with ScriptedProvider() as provider:
        outcome = both(provider.base_url.replace("http://", "https://"))

    assert outcome.reason == "transport:tls"


def test_both_say_the_same_of_a_connection_that_is_not_made_in_time() -> None:
    """A listener whose backlog is full drops what asks for a connection: nobody answers, nobody refuses."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, socket.socket() as first:
        first.connect(listener.getsockname())
        first.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        outcomes = [failure_of(url, transport, connect_s=0.1).outcome for transport in TRANSPORTS]

    assert outcomes[0] == outcomes[1]
    assert isinstance(outcomes[0], Stalled)
    assert (outcomes[0].reason, outcomes[0].seconds) == ("stalled:connect", 0.1)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_error_body_that_is_compressed_is_not_read(transport: str) -> None:
    with ScriptedProvider(default=Status(503, headers={"content-encoding": "gzip"})) as provider:
        failure = failure_of(provider.base_url, transport)

    assert isinstance(failure.outcome, Protocol)


async def statuses_of(endpoint: Endpoint, requests: int) -> list[int]:
    transport = HttpTransport(endpoint)
    statuses = []
    for _ in range(requests):
        async with transport.stream(b'{"model": "m", "messages": []}', {}, connect_s=5) as response:
            statuses.append(response.status)
    await transport.aclose()
    return statuses


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_cookies_are_given_back(transport: str) -> None:
    """Some load balancers keep a client at one server by them."""
    with ScriptedProvider(default=Status(503, headers={"set-cookie": "seat=12"})) as provider:
        asyncio.run(statuses_of(provider.endpoint(transport=transport), 2))

        assert [request.headers.get("cookie") for request in provider.requests] == [None, "seat=12"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_redirect_to_nowhere_is_a_status_like_others(transport: str) -> None:
    with ScriptedProvider(default=Redirect(location="http://[")) as provider:
        assert asyncio.run(statuses_of(provider.endpoint(transport=transport), 1)) == [307]
