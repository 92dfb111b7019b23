"""Sessions that spend, in simulated time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from actors import Price, Runtime, RuntimeConfig, Session, TurnFailedError, TurnHandle
from actors.events import TurnFailed
from actors.outcome import BudgetExceeded
from actors.provider.plays import Play
from actors.sim import Simulation

T = TypeVar("T")


def play(
    main: Callable[[Runtime], Awaitable[T]],
    plays: dict[str, tuple[Play, ...]],
    *,
    price: Price | None = None,
    config: RuntimeConfig = RuntimeConfig(),  # noqa: B008 - frozen
) -> T:
    """Run a host's function in simulated time."""
    sim = Simulation(7)
    for session, script in plays.items():
        sim.provider.script(session, *script)

    async def run() -> T:
        async with sim.runtime(sim.provider.endpoint(price=price), config=config) as runtime:
            return await main(runtime)

    result = sim.run(run)
    assert not sim.leftovers()
    return result


async def fails(session: Session, text: str = "Go on.", **settings: Any) -> BudgetExceeded:
    return await end_of(session.send(text, **settings))


async def end_of(handle: TurnHandle) -> BudgetExceeded:
    with pytest.raises(TurnFailedError) as caught:
        await handle
    assert isinstance(caught.value.event, TurnFailed)
    assert isinstance(caught.value.event.outcome, BudgetExceeded)
    return caught.value.event.outcome
