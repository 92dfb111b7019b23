"""Waiting in virtual time, which passes at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from actors import Runtime


async def until(condition: Callable[[], bool]) -> None:
    """Until it holds."""
    while not condition():  # noqa: ASYNC110 - virtual time passes meanwhile
        await asyncio.sleep(0.1)


async def until_quiet(runtime: Runtime) -> None:
    """Until no turn runs or waits, and everybody in a room has heard everything."""
    services = runtime._services
    await until(
        lambda: (
            not any(ledger.current is not None or ledger.waiting for ledger in services.sessions.values())
            and not any(room.hearing for room in services.exchange.rooms.values())
        )
    )
