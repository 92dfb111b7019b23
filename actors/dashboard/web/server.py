"""Serving the board over HTTP until somebody ends it."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
from collections.abc import Callable, Iterable
from contextlib import closing

import uvicorn

from actors.dashboard.feed import Feed
from actors.dashboard.web.app import build
from actors.dashboard.web.board import Board
from actors.errors import UsageError


class Server(uvicorn.Server):
    """A uvicorn that ends at once: its streams have no end that could be waited for."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up on all readers, then end in order."""
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await super().shutdown(sockets)


def serve(
    paths: Iterable[str], *, host: str, port: int, names: Iterable[str], ready: Callable[[str], None]
) -> None:
    """Show the logs in `paths` to browsers, until SIGINT or SIGTERM.

    Args:
        paths: files and globs, as `Feed` takes them.
        host: an address of this machine.
        port: 0 takes a free one.
        names: further names under which a browser may ask.
        ready: called with the URL to open.

    Raises:
        UsageError: the address can't be had.
        OSError: a log is there and can't be read.
    """
    with closing(_listen(host, port)) as listener:
        asyncio.run(_serve(Feed(paths), listener, names, ready))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _serve(
    feed: Feed, listener: socket.socket, names: Iterable[str], ready: Callable[[str], None]
) -> None:
    token = secrets.token_urlsafe(32)
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = socket.gethostname()
    board = Board(feed)
    app = build(board, token, names=(host, *names), any_address=not is_loopback(host))
    server = Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
    )
    serving = asyncio.create_task(server.serve([listener]))
    ready(f"http://{f'[{host}]' if ':' in host else host}:{port}/#{token}")
    try:
        await board.follow(lambda: not (server.should_exit or serving.done()))
    finally:
        server.should_exit = True
        await serving


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server((str(address[0]), int(address[1])), family=family)
    except OSError as error:
        raise UsageError(f"{host}:{port} can't be listened at: {error.strerror}") from error
