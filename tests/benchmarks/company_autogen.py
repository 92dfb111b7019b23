"""The company as autogen-core's agents on its `SingleThreadedAgentRuntime`, which knows no tree.

It gets what is best for it: tracing is off, the agents that are asked are of one type (a send looks at all types), and
news go by a topic.
"""

from __future__ import annotations

import asyncio
import importlib
import os
from typing import Any

from tests.benchmarks.company_actors import Counter
from tests.benchmarks.company_messages import AGENTS, TEXT, Ball, News, Play, Sweep

os.environ["AUTOGEN_DISABLE_RUNTIME_TRACING"] = "true"
core: Any = importlib.import_module("autogen_core")


async def on_ball(self: Any, message: Ball, ctx: Any) -> Ball:
    self.counter.count()
    return Ball(message.number + 1, message.text)


async def on_play(self: Any, message: Play, ctx: Any) -> Ball:
    partner = core.AgentId("agent", str(int(self.id.key) + 1))
    for number in range(message.exchanges):
        answer = await self.send_message(Ball(number, TEXT), partner)
        assert answer.number == number + 1
    return Ball(0, "")


async def on_sweep(self: Any, message: Sweep, ctx: Any) -> Ball:
    all_agents = [core.AgentId("agent", str(key)) for key in range(AGENTS)]
    answers = await asyncio.gather(*(self.send_message(Ball(1, TEXT), one) for one in all_agents))
    assert all(answer.number == 2 for answer in answers)
    return Ball(0, "")


async def on_news(self: Any, message: News, ctx: Any) -> None:
    self.counter.count()


def agent_class(**handlers: Any) -> Any:
    made = {name: core.message_handler(function) for name, function in handlers.items()}
    return type("Agent", (core.RoutedAgent,), made)


class Autogen:
    """See `Company`."""

    def __init__(self) -> None:
        self._counter = Counter()
        self._asked = core.SingleThreadedAgentRuntime()
        self._told = core.SingleThreadedAgentRuntime()
        self._root = core.AgentId("agent", "root")

    @property
    def received(self) -> int:
        return self._counter.received

    async def open(self) -> None:
        player = agent_class(on_ball=on_ball, on_play=on_play, on_sweep=on_sweep)
        reader = agent_class(on_news=on_news)
        await player.register(self._asked, "agent", lambda: self._made(player))
        for number in range(AGENTS):
            name = f"reader_{number}"
            await reader.register(self._told, name, lambda: self._made(reader))
            await self._told.add_subscription(core.TypeSubscription("news", name))
        self._asked.start()
        self._told.start()

    def _made(self, cls: Any) -> Any:
        agent = cls("an agent")
        agent.counter = self._counter
        return agent

    async def ping_pong(self, exchanges: int) -> None:
        pairs = [core.AgentId("agent", str(key)) for key in range(0, AGENTS, 2)]
        await asyncio.gather(*(self._asked.send_message(Play(exchanges), one) for one in pairs))

    async def fan_out(self) -> None:
        await self._asked.send_message(Sweep(), self._root)

    async def publish(self) -> None:
        heard = self._counter.expect(AGENTS)
        await self._told.publish_message(News(1, TEXT), core.TopicId("news", "default"))
        await heard.wait()

    async def close(self) -> None:
        await self._asked.close()
        await self._told.close()
