"""httpx's own transport, made safe for tasks that are cancelled.

httpcore shields its closing of connections from anyio's cancel scopes only: a task that asyncio cancels in the middle
of it, as ours are when a turn is cancelled, leaves sockets open that no pool knows any more. Here all closing runs in
tasks of its own, which nothing cancels and `aclose` awaits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import httpx


class ShieldedTransport(httpx.AsyncHTTPTransport):
    """`httpx.AsyncHTTPTransport`, whose connections are closed whoever is cancelled meanwhile."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._closing: set[asyncio.Task[None]] = set()
        pool: Any = self._pool
        close_connections = pool._close_connections  # noqa: SLF001 - a test fails when httpcore closes in another way

        async def close_shielded(connections: list[Any]) -> None:
            if connections:
                await self.shield(close_connections(connections))

        pool._close_connections = close_shielded  # noqa: SLF001 - the same

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As httpx's."""
        response = await super().handle_async_request(request)
        response.stream = _ShieldedStream(response.stream, self)
        return response

    async def shield(self, closing: Coroutine[Any, Any, None]) -> None:
        """Await in a task of its own, which goes on if this one is cancelled."""
        task = asyncio.ensure_future(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        await asyncio.shield(task)

    async def aclose(self) -> None:
        """Close all connections, and wait for those that are being closed."""
        await super().aclose()
        while self._closing:
            await asyncio.wait(self._closing)


class _ShieldedStream(httpx.AsyncByteStream):
    def __init__(self, stream: Any, transport: ShieldedTransport) -> None:
        self._stream = stream
        self._transport = transport

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._stream:
            yield data

    async def aclose(self) -> None:
        await self._transport.shield(self._stream.aclose())
