"""The two ways to an MCP server, as streams of the SDK: the file that knows its transports, and their HTTP client."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, Self

import anyio
import httpx2
from mcp import StdioServerParameters, stdio_client
from mcp.client.stdio import get_default_environment
from mcp.client.streamable_http import streamable_http_client

from actors.mcp.process import SHELL, Stderr, shell_arguments
from actors.mcp.server import McpServer
from actors.settings import MiB

EVENT_BYTES: Final = 16 * MiB
"""The longest answer over HTTP, as it is for a model's endpoint."""
GOODBYE_S: Final = 2.0
"""How long a server has to take notice that a session over HTTP is over."""

Streams = tuple[Any, Any]


class Watched:
    """What is read from a server; `on_end` is called when it has ended, which the SDK tells nobody who only waits."""

    def __init__(self, stream: Any, on_end: Callable[[], None]) -> None:
        self._stream = stream
        self._on_end = on_end

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._stream.__anext__()
        except StopAsyncIteration:
            self._on_end()
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Trail:
    """What a server left behind that says why it did not answer."""

    def __init__(self) -> None:
        self.stderr = Stderr()
        self.status: int | None = None
        """Of the last response over HTTP that was an error."""

    async def note(self, response: httpx2.Response) -> None:
        """Called with each response."""
        if response.is_error:
            self.status = response.status_code


@contextlib.asynccontextmanager
async def open_streams(server: McpServer, trail: Trail, on_end: Callable[[], None]) -> AsyncIterator[Streams]:
    """Inside the block the server is spoken with; entered and left in one task, as anyio's scopes are.

    Leaving it ends a server's process: its stdin is closed, then come SIGTERM and SIGKILL, each after 2 s; and with
    it its whole group.
    """
    way = _process(server, trail) if server.command else _http(server, trail)
    async with way as (reading, writing):
        yield Watched(reading, on_end), writing


@contextlib.asynccontextmanager
async def _process(server: McpServer, trail: Trail) -> AsyncIterator[Streams]:
    inherited = {name: os.environ[name] for name in server.inherit if name in os.environ}
    environ = get_default_environment() | inherited | dict(server.env)
    parameters = StdioServerParameters(
        command=SHELL,
        args=shell_arguments(server, environ),
        env=environ,
        cwd=server.cwd,
        encoding_error_handler="replace",
    )
    async with trail.stderr.listening() as pen:
        with anyio.CancelScope(shield=True) as spawning:
            async with stdio_client(parameters, errlog=pen) as streams:
                spawning.shield = False
                yield streams


@contextlib.asynccontextmanager
async def _http(server: McpServer, trail: Trail) -> AsyncIterator[Streams]:
    headers = dict(server.headers)
    if server.api_key is not None:
        headers["authorization"] = f"Bearer {server.api_key.reveal()}"
    async with (
        httpx2.AsyncClient(
            headers=headers,
            timeout=httpx2.Timeout(
                None, connect=server.connect
            ),  # deadlines are the connection's and the tools' own
            trust_env=False,  # a proxy in the environment would be another place than the given one
            event_hooks={"response": [trail.note]},
        ) as http,
        streamable_http_client(server.url, http_client=http, max_sse_event_size=EVENT_BYTES) as streams,
    ):
        try:
            yield streams
        finally:
            http.timeout = httpx2.Timeout(GOODBYE_S)  # the SDK says goodbye now, and would wait for ever
