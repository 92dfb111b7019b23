"""The company as greenroom's actors: a root, ten leads, and ninety-nine members under each."""

from __future__ import annotations

import asyncio
from typing import Any

import pykka

from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import LoopFuture, ask
from actors.kernel.loop_actor import LoopActor, TaskResult
from tests.benchmarks.company_messages import AGENTS, TEXT, Ball, News, Play, Sweep

LEADS = 10


class Counter:
    """How many messages came, and who waits for so many."""

    def __init__(self) -> None:
        self.received = 0
        self.wanted = 0
        self.reached = asyncio.Event()

    def count(self) -> None:
        self.received += 1
        if self.received == self.wanted:
            self.reached.set()

    def expect(self, more: int) -> asyncio.Event:
        self.wanted = self.received + more
        self.reached.clear()
        return self.reached


class Agent(LoopActor):
    """Answers, and plays with its partner."""

    def __init__(self, counter: Counter, members: int = 0) -> None:
        super().__init__()
        self.counter = counter
        self.partner: pykka.ActorRef[Any]
        self.playing: LoopFuture[None]
        self.members = [self.spawn(Agent, counter) for _ in range(members)]

    def on_receive(self, message: Any) -> Any:
        match message:
            case Ball():
                self.counter.count()
                return Ball(message.number + 1, message.text)
            case News():
                self.counter.count()
            case Play():
                self.playing = LoopFuture()
                self.spawn_task(self.play(message.exchanges))
                return self.playing
            case TaskResult():
                self.playing.set()
            case "members":
                return self.members
            case _:
                self.partner = message
        return None

    async def play(self, exchanges: int) -> None:
        for number in range(exchanges):
            answer = await self.ask(self.partner, Ball(number, TEXT))
            assert answer.number == number + 1


class Root(LoopActor):
    """Has all others below it, and speaks to all at once."""

    def __init__(self, counter: Counter) -> None:
        super().__init__()
        self.leads = [self.spawn(Agent, counter, AGENTS // LEADS - 1) for _ in range(LEADS)]
        self.all: list[pykka.ActorRef[Any]] = []
        self.sweeping: LoopFuture[None]

    def on_receive(self, message: Any) -> Any:
        match message:
            case Sweep():
                self.sweeping = LoopFuture()
                self.spawn_task(self.sweep())
                return self.sweeping
            case TaskResult():
                self.sweeping.set()
            case News():
                for ref in self.all:
                    self.send(ref, message)
            case "leads":
                return self.leads
            case _:
                self.all = message
        return None

    async def sweep(self) -> None:
        asked = [self.ask(ref, Ball(1, TEXT)) for ref in self.all]
        for answer in asked:
            assert (await answer).number == 2


class Actors:
    """See `Company`."""

    def __init__(self) -> None:
        self._counter = Counter()

    @property
    def received(self) -> int:
        return self._counter.received

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._dispatcher = Dispatcher(self._loop)
        self._root = self._dispatcher.spawn(Root, self._counter)
        leads = await self._ask(self._root, "leads")
        self._agents = [ref for lead in leads for ref in (lead, *await ask(lead, "members", loop=self._loop))]
        assert len(self._agents) == AGENTS
        self._root.tell(self._agents)
        for left, right in zip(self._agents[::2], self._agents[1::2], strict=True):
            left.tell(right)

    def _ask(self, ref: pykka.ActorRef[Any], message: Any) -> LoopFuture[Any]:
        return ask(ref, message, loop=self._loop)

    async def ping_pong(self, exchanges: int) -> None:
        for game in [self._ask(ref, Play(exchanges)) for ref in self._agents[::2]]:
            await game

    async def fan_out(self) -> None:
        await self._ask(self._root, Sweep())

    async def publish(self) -> None:
        heard = self._counter.expect(AGENTS)
        self._root.tell(News(1, TEXT))
        await heard.wait()

    async def close(self) -> None:
        await self._dispatcher.aclose()
