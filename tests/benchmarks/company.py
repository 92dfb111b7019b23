"""A thousand agents in one tree that talk to each other: greenroom's actors beside autogen-core's, in turns in one run.

Each does the same: messages of the same kind, as many of them, and every answer is awaited where there is one.

- ping-pong: five hundred pairs at once; one asks, awaits the answer, and asks again.
- fan-out: one asks all others at once and awaits all answers.
- published: one tells all others, who answer nothing.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import Any, Protocol

from tests.benchmarks.company_messages import AGENTS

ROUNDS = 3
EXCHANGES = 5
"""Of each pair in a round of ping-pong."""
SWEEPS = 2
"""Over all agents in a round of the others."""


class Company(Protocol):
    """A thousand agents."""

    @property
    def received(self) -> int:
        """Messages that the agents were handed so far, answers left out."""

    async def open(self) -> None: ...

    async def ping_pong(self, exchanges: int) -> None: ...

    async def fan_out(self) -> None: ...

    async def publish(self) -> None: ...

    async def close(self) -> None: ...


async def ping_pong(company: Company) -> int:
    await company.ping_pong(EXCHANGES)
    return AGENTS // 2 * EXCHANGES * 2


async def fan_out(company: Company) -> int:
    for _ in range(SWEEPS):
        await company.fan_out()
    return AGENTS * SWEEPS * 2


async def publish(company: Company) -> int:
    for _ in range(SWEEPS):
        await company.publish()
    return AGENTS * SWEEPS


GAMES: dict[str, tuple[Callable[[Company], Awaitable[int]], int]] = {
    "ping-pong": (ping_pong, 2),
    "fan-out": (fan_out, 2),
    "published": (publish, 1),
}
"""What is played, and how many messages an agent that is handed one makes of it: itself, and its answer."""


def companies() -> dict[str, Company]:
    from tests.benchmarks.company_actors import Actors  # noqa: PLC0415 - with the other, which may be missing

    made: dict[str, Company] = {"greenroom": Actors()}
    if find_spec("autogen_core") is not None:
        from tests.benchmarks.company_autogen import Autogen  # noqa: PLC0415 - extra `bench`

        made["autogen-core"] = Autogen()
    return made


async def rates() -> dict[str, dict[str, float]]:
    """Messages a second of CPU, by game and company: the median of rounds that alternate."""
    playing = companies()
    runs: dict[str, dict[str, list[float]]] = {game: {name: [] for name in playing} for game in GAMES}
    for company in playing.values():
        await company.open()
        await company.ping_pong(1)  # the first messages make what is made once
        await company.publish()
    for _ in range(ROUNDS):
        for game, (play, each) in GAMES.items():
            for name, company in playing.items():
                gc.collect()  # nobody pays for what another left behind
                before, begun = company.received, time.process_time()
                messages = await play(company)
                runs[game][name].append(messages / (time.process_time() - begun))
                assert (company.received - before) * each == messages, "messages are missing"
    for company in playing.values():
        await company.close()
    return {
        game: {name: statistics.median(each) for name, each in by_name.items()}
        for game, by_name in runs.items()
    }


def talk(_: int) -> dict[str, str]:
    """The rows of the table."""
    table = {}
    for game, by_name in asyncio.run(rates()).items():
        what = f"{AGENTS:,} agents in one tree, {game}: messages a second"
        table[what] = told(by_name)
    return table


def told(rates_of: dict[str, Any]) -> str:
    ours, theirs = rates_of["greenroom"], rates_of.get("autogen-core")
    if theirs is None:
        return f"{ours:,.0f}"
    return f"{ours:,.0f}; of autogen-core {theirs:,.0f} ({ours / theirs:.1f}x)"
