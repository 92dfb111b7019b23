"""A response of aiohttp's that never leaves its reader waiting on a connection that is gone."""

from __future__ import annotations

import asyncio
import functools

import aiohttp
from aiohttp.connector import Connection


class WakingResponse(aiohttp.ClientResponse):
    """Wakes its reader when the connection closes under it.

    aiohttp closes the connection when a chunk's header in mid-body is garbage, and tells everyone but the reader.
    """

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Called when the request is sent; returns when the headers have come."""
        await super().start(connection)
        closed = None if connection.protocol is None else connection.protocol.closed
        if closed is not None and not self.content.is_eof():
            closed.remove_done_callback(_retrieve)  # of an earlier response on the same connection
            closed.add_done_callback(_retrieve)
            closed.add_done_callback(self._wake)
            self.content.on_eof(functools.partial(self._forget, closed))
        return self

    def _forget(self, closed: asyncio.Future[None]) -> None:
        closed.remove_done_callback(self._wake)  # the connection lives on, and others come

    def _wake(self, _: asyncio.Future[None]) -> None:
        if not self.content.is_eof() and self.content.exception() is None:
            self.content.set_exception(aiohttp.ClientResponseError(self.request_info, self.history))


def _retrieve(closed: asyncio.Future[None]) -> None:
    """An exception that nobody looks at would be reported as never retrieved."""
    if not closed.cancelled():
        closed.exception()
