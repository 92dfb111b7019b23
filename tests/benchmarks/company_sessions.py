"""A thousand agents that think: each message is a model's turn, streamed from the same provider.

greenroom's are sessions of one tree that ask each other by name; autogen-core's are agents that have the openai SDK
stream their answer, and keep their conversation, as sessions do.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import resource
import statistics
import time
from importlib.util import find_spec
from typing import Any, Protocol

from actors import Endpoint, Runtime, Session
from tests.benchmarks.company import told
from tests.benchmarks.company_messages import AGENTS, TEXT, Ball, Play, Sweep
from tests.benchmarks.provider import STAMP

LEADS = 10
ROUNDS = 2
MODEL = "flood-2"
ANSWER = 2 * STAMP
"""Characters."""


class Thinkers(Protocol):
    """A thousand agents that think."""

    async def open(self, base_url: str) -> None: ...

    async def ping_pong(self) -> int: ...

    async def fan_out(self) -> int: ...

    async def close(self) -> None: ...


class Sessions:
    """A root session, ten children, and ninety-nine of each of them."""

    async def open(self, base_url: str) -> None:
        self._runtime = await Runtime(Endpoint(base_url=base_url, model=MODEL)).__aenter__()
        self._root = self._runtime.spawn(id="root")
        leads = [self._root.spawn(id=f"lead {number}") for number in range(LEADS)]
        members = [lead.spawn() for lead in leads for _ in range(AGENTS // LEADS - 1)]
        self._all: list[Session] = [*leads, *members]

    async def ping_pong(self) -> int:
        pairs = zip(self._all[::2], self._all[1::2], strict=True)
        return await self._answers([left.ask(right.id, TEXT) for left, right in pairs])

    async def fan_out(self) -> int:
        return await self._answers([self._root.ask(one.id, TEXT) for one in self._all])

    async def _answers(self, asked: list[Any]) -> int:
        for one in asked:
            assert len((await one).text) == ANSWER
        return len(asked)

    async def close(self) -> None:
        await self._runtime.aclose()


class Agents:
    """The same with autogen-core and openai."""

    async def open(self, base_url: str) -> None:
        parts = importlib.import_module("tests.benchmarks.company_autogen")
        self._core: Any = parts.core
        self._client: Any = importlib.import_module("openai").AsyncOpenAI(base_url=base_url, api_key="none")
        client = self._client

        async def on_ball(self: Any, message: Ball, ctx: Any) -> Ball:
            self.messages.append({"role": "user", "content": message.text})
            stream = await client.chat.completions.create(model=MODEL, messages=self.messages, stream=True)
            said = ""
            async for chunk in stream:
                for choice in chunk.choices:
                    said += choice.delta.content or ""
            self.messages.append({"role": "assistant", "content": said})
            assert len(said) == ANSWER
            return Ball(message.number + 1, said)

        on_ball.__annotations__ |= {"message": Ball, "return": Ball}
        cls = parts.agent_class(on_ball=on_ball, on_play=parts.on_play, on_sweep=parts.on_sweep)

        def made() -> Any:
            agent = cls("an agent")
            agent.messages = []
            return agent

        self._runtime = self._core.SingleThreadedAgentRuntime()
        await cls.register(self._runtime, "agent", made)
        self._runtime.start()

    async def ping_pong(self) -> int:
        pairs = [self._core.AgentId("agent", str(key)) for key in range(0, AGENTS, 2)]
        await asyncio.gather(*(self._runtime.send_message(Play(1), one) for one in pairs))
        return len(pairs)

    async def fan_out(self) -> int:
        await self._runtime.send_message(Sweep(), self._core.AgentId("agent", "root"))
        return AGENTS

    async def close(self) -> None:
        await self._runtime.close()
        await self._client.close()


def thinkers() -> dict[str, Thinkers]:
    made: dict[str, Thinkers] = {"greenroom": Sessions()}
    if find_spec("autogen_core") is not None and find_spec("openai") is not None:
        made["autogen-core"] = Agents()
    return made


async def rates(base_url: str) -> dict[str, dict[str, float]]:
    """Asks a second of CPU, each answered by a turn: the median of rounds that alternate."""
    playing = thinkers()
    runs: dict[str, dict[str, list[float]]] = {
        game: {name: [] for name in playing} for game in ("ping-pong", "fan-out")
    }
    for company in playing.values():
        await company.open(base_url)
        await company.ping_pong()  # what is made once is made by then
    for _ in range(ROUNDS):
        for name, company in playing.items():
            for game, play in (("ping-pong", company.ping_pong), ("fan-out", company.fan_out)):
                gc.collect()
                begun = time.process_time()
                asked = await play()
                runs[game][name].append(asked / (time.process_time() - begun))
    for company in playing.values():
        await company.close()
    return {game: {name: statistics.median(each) for name, each in by.items()} for game, by in runs.items()}


def think(port: int) -> dict[str, str]:
    """The rows of the table."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    what = f"{AGENTS:,} sessions in one tree, {{}}: asks a second, each a model's turn"
    return {
        what.format(game): told(by_name)
        for game, by_name in asyncio.run(rates(f"http://127.0.0.1:{port}/v1")).items()
    }
