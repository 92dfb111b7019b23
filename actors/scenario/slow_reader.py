"""A second consumer of all events, slow and with next to no buffer: what it is sent is merged as far as can be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from actors.config import Buffering
from actors.events import Event
from actors.stream import EventStream

BUFFERING = Buffering(max_events=1)
NAP_S = 0.02


async def read_slowly(events: EventStream, take: Callable[[Event], None]) -> None:
    """Take events up to the end, now and then, so that they wait and merge in between.

    Args:
        events: of `Runtime.events(BUFFERING)`.
        take: told each.
    """
    loop = asyncio.get_running_loop()
    rested = loop.time()
    async for event in events:
        take(event)
        if loop.time() - rested >= NAP_S:  # as long as nothing comes, no timer runs
            await asyncio.sleep(NAP_S)
            rested = loop.time()
