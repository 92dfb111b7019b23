"""A task that is cancelled while httpcore closes connections leaves none open."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from actors.provider import Reply, ScriptedProvider
from actors.shielding import ShieldedTransport


class Connection:
    """An idle connection whose closing is held until the test lets it go."""

    def __init__(self, held: asyncio.Event) -> None:
        self.begun = asyncio.Event()
        self.held = held
        self.closed = False

    async def aclose(self) -> None:
        self.begun.set()
        await self.held.wait()
        self.closed = True


@pytest.mark.parametrize("cancelled", [False, True])
def test_connections_that_a_cancelled_task_was_closing_are_closed(cancelled: bool) -> None:
    async def main() -> None:
        held = asyncio.Event()
        first, second = Connection(held), Connection(held)
        transport = ShieldedTransport()
        pool: Any = transport._pool
        task = asyncio.ensure_future(pool._close_connections([first, second]))
        await first.begun.wait()
        if cancelled:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        held.set()
        await transport.aclose()
        assert first.closed
        assert second.closed

    asyncio.run(main())


def test_a_response_is_closed_though_its_task_was_cancelled() -> None:
    async def main() -> None:
        transport = ShieldedTransport()
        with ScriptedProvider(default=Reply("hello")) as provider:
            async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
                url = f"{provider.base_url}/chat/completions"
                request = client.build_request(
                    "POST", url, json={"model": "m", "messages": [], "stream": True}
                )
                response = await client.send(request, stream=True)
                closing = asyncio.ensure_future(response.aclose())
                await asyncio.sleep(0)  # it has begun
                closing.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await closing
            assert provider.wait_disconnected()

    asyncio.run(main())


def test_the_pool_closes_through_what_is_replaced() -> None:
    """Should httpcore rename it, our replacement would be called by nobody."""

    async def main() -> None:
        transport = ShieldedTransport()
        pool: Any = transport._pool
        held = asyncio.Event()
        held.set()
        connection = Connection(held)
        pool._connections.append(connection)
        tasks: list[Any] = []
        shield = transport.shield

        async def seen(closing: Any) -> None:
            tasks.append(closing)
            await shield(closing)

        transport.shield = seen  # type: ignore[method-assign]
        await pool.aclose()
        assert connection.closed
        assert len(tasks) == 1

    asyncio.run(main())
