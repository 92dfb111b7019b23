"""Seeds explore interleavings: nearly all differ, order between two actors holds, and a bug that needs one is found."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import pykka
import pytest

from actors import ToolContext, tool
from actors.events import ToolCallFinished
from actors.kernel.future import LoopFuture
from actors.kernel.loop_actor import LoopActor
from actors.provider import Call, Eof, Reply, Reset, Status, latency
from actors.sim import Simulation
from actors.sim.dispatcher import SeededDispatcher

STORY = Reply("Once upon a time there was an endpoint.", pace_s=0.05)


def play(seed: int, sessions: int = 8) -> Simulation:
    """A busy night: everyone at once, and much goes wrong."""
    sim = Simulation(seed)

    async def main() -> None:
        sim.provider.fault(Status(503), times=1, chance=0.3)
        sim.provider.fault(STORY.but(Reset(after=3)), times=1, chance=0.3)
        sim.provider.fault(STORY.but(Eof(after=2)), times=1, chance=0.3)
        sim.provider.fault(latency(20, jitter_ms=10), chance=0.5)
        async with sim.runtime() as runtime:
            turns = [runtime.spawn(id=f"s{n}").send("Hello.") for n in range(sessions)]
            assert [(await turn).text for turn in turns]

    sim.run(main)
    assert not sim.leftovers()
    return sim


def test_a_seed_gives_the_same_again_and_others_give_others() -> None:
    traces = [play(seed).trace for seed in range(100)]
    assert len(set(traces)) >= 95
    assert play(7).trace == traces[7]


# A lost update, in actors of the test's own: right in nearly every order, wrong in one.


class Read(NamedTuple):
    by: pykka.ActorRef[Any]


class Value(NamedTuple):
    value: int


class Write(NamedTuple):
    value: int


class Account(LoopActor):
    def on_start(self) -> None:
        self.value = 0
        self.writes = 0
        self.both: LoopFuture[int] = LoopFuture()

    def on_receive(self, message: Any) -> LoopFuture[int] | None:
        match message:
            case Read(by):
                self.send(by, Value(self.value))
            case Write(value):
                self.value = value
                self.writes += 1
                if self.writes == 2:
                    self.both.set(self.value)
            case "both":
                return self.both
        return None


class Teller(LoopActor):
    """Adds one, in two messages: the planted bug."""

    def __init__(self, account: pykka.ActorRef[Account], begin_after: int) -> None:
        super().__init__()
        self.account = account
        self.left = begin_after

    def on_receive(self, message: Any) -> None:
        if isinstance(message, Value):
            self.send(self.account, Write(message.value + 1))
        elif self.left:
            self.left -= 1
            self.send(self.actor_ref, "later")
        else:
            self.send(self.account, Read(self.actor_ref))


def balance(seed: int) -> int:
    """What two tellers who add one each make of 0; the second begins when the first should be long done."""
    sim = Simulation(seed)

    async def main() -> int:
        dispatcher = sim.dispatcher()
        account = dispatcher.spawn(Account)
        for begin_after in (0, 12):
            dispatcher.spawn(Teller, account, begin_after).tell("add")
        both: int = await account.ask("both", block=False)
        await dispatcher.aclose()
        return both

    return sim.run(main)


def test_a_bug_that_needs_one_order_is_found_and_found_again() -> None:
    seeds = range(1000)
    found = next(seed for seed in seeds if balance(seed) != 2)
    assert balance(found) == 1
    assert found > 0, "it shows in any order: that is no find"


# A race among tools: the second call takes what the first one leaves in the session's state.


@tool
async def fetch(context: ToolContext) -> str:
    """Fetch the key."""
    context.state["key"] = "brass"
    return "fetched"


@tool
async def unlock(context: ToolContext) -> str:
    """Unlock with it; the planted bug: that it is there already."""
    return f"unlocked with {context.state['key']}"


def results(seed: int) -> list[str]:
    """What two calls of one step, which run beside each other, come to."""
    sim = Simulation(seed)
    sim.provider.script("s", Reply(tool_calls=(Call("fetch"), Call("unlock"))), Reply("Done."))

    async def main() -> list[str]:
        async with sim.runtime() as runtime:
            turn = runtime.spawn(id="s", tools=[fetch, unlock]).stream("Go in.")
            return [event.result async for event in turn if isinstance(event, ToolCallFinished)]

    return sim.run(main)


def test_a_race_among_tools_is_found_and_found_again() -> None:
    seen = {seed: results(seed) for seed in range(40)}
    lost = [seed for seed, ended in seen.items() if "crashed" in ended]
    assert 0 < len(lost) < len(seen), "it shows in some orders only"
    assert results(lost[0]) == seen[lost[0]]


class Numbered(NamedTuple):
    by: int
    number: int


class Listener(LoopActor):
    def __init__(self, heard: list[Numbered]) -> None:
        super().__init__()
        self.heard = heard

    def on_receive(self, message: Numbered) -> None:
        self.heard.append(message)


class Speaker(LoopActor):
    def __init__(self, by: int, to: list[pykka.ActorRef[Listener]]) -> None:
        super().__init__()
        self.by, self.to = by, to

    def on_receive(self, message: int) -> None:
        for ref in self.to:
            self.send(ref, Numbered(self.by, message))


@pytest.mark.parametrize("seed", range(20))
def test_order_between_two_actors_holds_in_every_interleaving(seed: int) -> None:
    sim = Simulation(seed)
    heard: list[list[Numbered]] = [[], []]

    async def main() -> None:
        dispatcher = sim.dispatcher()
        listeners = [dispatcher.spawn(Listener, list_) for list_ in heard]
        speakers = [dispatcher.spawn(Speaker, by, listeners) for by in range(3)]
        for number in range(10):
            for speaker in speakers:
                speaker.tell(number)
        await asyncio.sleep(1)
        assert isinstance(dispatcher, SeededDispatcher)
        await dispatcher.aclose()

    sim.run(main)
    for one in heard:
        for by in range(3):
            assert [message.number for message in one if message.by == by] == list(range(10))
    assert heard[0] != sorted(heard[0], key=lambda message: (message.number, message.by))
