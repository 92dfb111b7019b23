"""Server-sent events: a frame whenever the board has changed, never faster than a reader takes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from actors.dashboard.web.board import Board, Wanted

BEAT: Final = b": nothing new\n\n"
"""A comment, by which the page knows that it is still connected."""


class Pace(msgspec.Struct, frozen=True):
    """How often a reader hears something, in seconds."""

    frame: float = 0.25
    beat: float = 5.0


async def frames(board: Board, wanted: Wanted, pace: Pace) -> AsyncGenerator[bytes]:
    """Give a frame, and a new one each time that the board has changed.

    None is made before the one before has been sent: a slow reader costs no memory, and gets the newest when it is
    ready.
    """
    board.readers += 1
    try:
        told = -1
        while True:
            if not await board.changed(told, pace.beat):
                yield BEAT
                continue
            told = board.version
            yield b"data: " + msgspec.json.encode(board.frame(wanted)) + b"\n\n"
            await asyncio.sleep(pace.frame)
    finally:
        board.readers -= 1


class FrameStream(StreamingResponse):
    """A response that ends its generator when its reader leaves, and not when the garbage is collected."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncGenerator[bytes]) -> None:
        super().__init__(content)
        self._frames = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the frames until the reader leaves."""
        async with aclosing(self._frames):
            await super().__call__(scope, receive, send)
