from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator

import httpx
import pytest

from actors.provider import SESSION_HEADER, ScriptedProvider

Connect = Callable[..., socket.socket]


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a client does, the server's loop has nothing to complain about."""
    yield
    complaints = [
        record.getMessage()
        for phase in ("setup", "call", "teardown")
        for record in caplog.get_records(phase)
        if record.name == "asyncio"
    ]
    # In debug mode a loop also reports what took long, on a busy machine.
    assert [complaint for complaint in complaints if not complaint.startswith("Executing ")] == []


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as running:
        yield running


@pytest.fixture
def client(provider: ScriptedProvider) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=provider.base_url, trust_env=False, timeout=30) as plain:
        yield plain


@pytest.fixture
def send(provider: ScriptedProvider) -> Iterator[Connect]:
    """Connect, send a request for a key, give the socket."""
    sockets: list[socket.socket] = []

    def connect(key: str, *, stream: bool = True, close: bool = True) -> socket.socket:
        port = int(provider.base_url.split(":")[2].split("/")[0])
        body = json.dumps({"model": "m", "messages": [], "stream": stream})
        lines = [
            "POST /v1/chat/completions HTTP/1.1",
            "host: test",
            f"{SESSION_HEADER}: {key}",
            f"content-length: {len(body)}",
            *(["connection: close"] if close else []),
        ]
        raw = socket.create_connection(("127.0.0.1", port), timeout=30)
        sockets.append(raw)
        raw.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        return raw

    yield connect
    for raw in sockets:
        raw.close()
