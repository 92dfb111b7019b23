"""What an actor and a message cost, as a table: `python tests/benchmarks/bench_kernel.py [ACTORS]`.

Each time is the best of several rounds, in microseconds; the memory is what tracemalloc counts.
"""

from __future__ import annotations

import asyncio
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pykka
from rich.console import Console
from rich.table import Table

from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import ask
from actors.kernel.loop_actor import LoopActor

HOPS = 200_000
ASKS = 20_000
ROUNDS = 5


class Idle(LoopActor):
    """Does nothing."""

    def on_receive(self, message: Any) -> Any:
        return message


class Player(LoopActor):
    """Returns the ball until it has been hit often enough."""

    def __init__(self, done: asyncio.Event) -> None:
        super().__init__()
        self.done = done
        self.partner: pykka.ActorRef[Any]

    def on_receive(self, message: Any) -> None:
        if isinstance(message, int):
            if message == 0:
                self.done.set()
            else:
                self.send(self.partner, message - 1)
        else:
            self.partner = message


async def best(run: Callable[[], Awaitable[int]]) -> float:
    """Microseconds an item, in the best round of those that `run` does."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        items = await run()
        times.append((time.perf_counter() - begun) / items * 1e6)
    return min(times)


async def hop() -> float:
    """One message from an actor to another."""
    dispatcher = Dispatcher(asyncio.get_running_loop())
    done = asyncio.Event()
    left, right = dispatcher.spawn(Player, done), dispatcher.spawn(Player, done)
    left.tell(right)
    right.tell(left)

    async def rally() -> int:
        done.clear()
        left.tell(HOPS)
        await done.wait()
        return HOPS

    result = await best(rally)
    await dispatcher.aclose()
    return result


async def asks(dispatcher: Dispatcher) -> float:
    """An awaited ask and its reply, one after the other."""
    ref = dispatcher.spawn(Idle)
    loop = asyncio.get_running_loop()

    async def many() -> int:
        for number in range(ASKS):
            await ask(ref, number, loop=loop)
        return ASKS

    return await best(many)


async def from_a_thread(dispatcher: Dispatcher) -> float:
    """A tell from another thread, in a burst."""
    ref = dispatcher.spawn(Idle)
    loop = asyncio.get_running_loop()

    def burst() -> None:
        for number in range(ASKS):
            ref.tell(number)

    async def many() -> int:
        await asyncio.to_thread(burst)
        await ask(ref, None, loop=loop)
        return ASKS

    return await best(many)


async def start_and_stop(dispatcher: Dispatcher) -> float:
    """Start an actor and stop it, with all others alive."""
    loop = asyncio.get_running_loop()

    async def many() -> int:
        for _ in range(1000):
            ref = dispatcher.spawn(Idle)
            ref.stop(block=False)
        await ask(dispatcher.spawn(Idle), None, loop=loop)
        return 1000

    return await best(many)


async def memory(dispatcher: Dispatcher, actors: int) -> float:
    """Bytes an idle actor that has begun, its ref included."""
    loop = asyncio.get_running_loop()
    refs: list[pykka.ActorRef[Idle]] = []
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    refs.extend(dispatcher.spawn(Idle) for _ in range(actors))
    await ask(refs[-1], None, loop=loop)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / actors


async def main(actors: int) -> None:
    """Measure and print."""
    table = Table("what", "cost", title=f"kernel, Python {sys.version.split()[0]}")
    table.add_row("hop on the loop", f"{await hop():.2f} µs")
    dispatcher = Dispatcher(asyncio.get_running_loop())
    table.add_row("ask and reply on the loop", f"{await asks(dispatcher):.2f} µs")
    table.add_row("tell from a thread", f"{await from_a_thread(dispatcher):.2f} µs")
    table.add_row("start + stop", f"{await start_and_stop(dispatcher):.1f} µs")
    table.add_row("an idle actor", f"{await memory(dispatcher, actors):.0f} B")
    table.add_row(f"start + stop, {actors} alive", f"{await start_and_stop(dispatcher):.1f} µs")
    begun = time.perf_counter()
    await dispatcher.aclose()
    table.add_row(f"close with {actors} alive", f"{(time.perf_counter() - begun) / actors * 1e6:.1f} µs each")
    Console().print(table)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 50_000))
