from __future__ import annotations

import asyncio
import random
import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.errors import RuntimeClosedError, UsageError
from actors.kernel.cell import Cell
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import LoopFuture, ask
from actors.kernel.loop_actor import LoopActor

if TYPE_CHECKING:
    from tests.kernel.conftest import Kernel, Recorder


class Log(LoopActor):
    """Keeps what it receives in a list that it is given."""

    def __init__(self, log: list[Any], name: str = "") -> None:
        super().__init__()
        self.log = log
        self.name = name

    def on_receive(self, message: Any) -> Any:
        self.log.append((self.name, message) if self.name else message)
        return message


async def ends(*refs: pykka.ActorRef[Any]) -> None:
    """All that was sent so far has been handled."""
    loop = asyncio.get_running_loop()
    for ref in refs:
        await ask(ref, "end", loop=loop)


async def test_messages_wait_for_on_start_and_keep_their_order(dispatcher: Dispatcher) -> None:
    log: list[Any] = []

    class Starter(Log):
        def on_start(self) -> None:
            self.log.append("started")

    ref = dispatcher.spawn(Starter, log)
    for number in range(200):
        ref.tell(number)
    assert log == []
    await ends(ref)
    assert log == ["started", *range(200), "end"]


async def test_what_a_constructor_tells_itself_comes_after_on_start(dispatcher: Dispatcher) -> None:
    log: list[Any] = []
    other = dispatcher.spawn(Log, [])

    class Eager(Log):
        def __init__(self, log: list[Any]) -> None:
            self.actor_ref.tell("before super")
            super().__init__(log)
            other.ask("the loop was free to handle it", timeout=30)
            self.actor_ref.tell("after super")
            self.log.append("made")

        def on_start(self) -> None:
            self.log.append("started")

    await ends(await asyncio.to_thread(dispatcher.spawn, Eager, log))
    assert log == ["made", "started", "before super", "after super", "end"]


async def test_an_actor_yields_after_its_share_of_messages(kernel: Kernel) -> None:
    dispatcher = kernel(throughput=3)
    log: list[Any] = []
    busy, other = dispatcher.spawn(Log, log, "busy"), dispatcher.spawn(Log, log, "other")
    await ends(busy, other)
    log.clear()
    for number in range(7):
        busy.tell(number)
    other.tell("x")
    await ends(busy)
    assert log.index(("other", "x")) == 3
    assert [message for name, message in log if name == "busy"] == [*range(7), "end"]


async def test_the_loop_gets_its_turn_under_a_flood_but_not_between_two_hops(dispatcher: Dispatcher) -> None:
    class Forever(LoopActor):
        hops = 0

        def on_receive(self, message: Any) -> None:
            type(self).hops += 1
            self.send(self.actor_ref, message)

    ref = dispatcher.spawn(Forever)
    ref.tell("go")
    await asyncio.sleep(0)
    before = Forever.hops
    await asyncio.sleep(0)
    assert 100 < Forever.hops - before <= dispatcher.batch


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_whoever_is_picked_next_each_pair_keeps_its_order(rng: random.Random) -> None:
    class Shuffled(Dispatcher):
        def next_ready(self) -> Cell:
            self.ready.rotate(rng.randrange(len(self.ready)))
            return super().next_ready()

    class Sender(LoopActor):
        def on_receive(self, message: Any) -> None:
            receivers, number = message
            for receiver in receivers:
                self.send(receiver, (self.actor_urn, number))

    async def main() -> None:
        dispatcher = Shuffled(asyncio.get_running_loop(), throughput=1)
        logs: list[list[Any]] = [[], []]
        receivers = [dispatcher.spawn(Log, log) for log in logs]
        senders = [dispatcher.spawn(Sender) for _ in range(3)]
        for number in range(5):
            for sender in senders:
                sender.tell((receivers, number))
        for sender in senders:
            await ask(sender, ((), None), loop=dispatcher.loop)
        await ends(*receivers)
        for log in logs:
            assert log.pop() == "end"
            for sender in senders:
                assert [number for urn, number in log if urn == sender.actor_urn] == list(range(5))
        await dispatcher.aclose()

    asyncio.run(main())


async def test_threads_that_tell_at_once_lose_nothing_and_keep_their_order(dispatcher: Dispatcher) -> None:
    log: list[Any] = []
    ref = dispatcher.spawn(Log, log)
    together = threading.Barrier(4, timeout=30)

    def tell(sender: int) -> None:
        together.wait()
        for number in range(500):
            ref.tell((sender, number))

    await asyncio.gather(*(asyncio.to_thread(tell, sender) for sender in range(4)))
    await ends(ref)
    assert len(log) == 4 * 500 + 1
    for sender in range(4):
        assert [number for who, number in log[:-1] if who == sender] == list(range(500))


async def test_a_burst_from_a_thread_wakes_the_loop_once(dispatcher: Dispatcher) -> None:
    log: list[Any] = []
    refs = [dispatcher.spawn(Log, log) for _ in range(3)]
    await ends(*refs)
    wakes = 0
    real = dispatcher.loop.call_soon_threadsafe

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal wakes
        wakes += 1
        return real(*args, **kwargs)

    dispatcher.loop.call_soon_threadsafe = counted  # type: ignore[assignment, method-assign]

    def burst() -> None:
        for number in range(30):
            refs[number % 3].tell(number)

    thread = threading.Thread(target=burst)
    thread.start()
    thread.join()  # the loop stands still meanwhile, so that it is one burst
    assert wakes == 1
    await ends(*refs)
    assert sorted(item for item in log if item != "end") == list(range(30))


async def test_a_reply_may_come_later_from_any_kind_of_future(dispatcher: Dispatcher) -> None:
    later: dict[str, Any] = {
        "loop": LoopFuture(),
        "threading": pykka.ThreadingFuture(),
        "asyncio": asyncio.get_running_loop().create_future(),
    }

    class Deferring(LoopActor):
        def on_receive(self, message: Any) -> Any:
            return later[message]

    ref = dispatcher.spawn(Deferring)
    loop = asyncio.get_running_loop()
    asked = {kind: ask(ref, kind, loop=loop) for kind in later}
    await asyncio.sleep(0)
    assert not any(reply.done() for reply in asked.values())
    later["loop"].set(1)
    later["threading"].set(2)
    later["asyncio"].set_exception(ValueError("3"))
    assert await asked["loop"] == 1
    assert await asked["threading"] == 2
    with pytest.raises(ValueError, match="3"):
        await asked["asyncio"]


async def test_a_proxy_gets_a_returned_future_as_it_is(dispatcher: Dispatcher) -> None:
    class Deferring(LoopActor):
        def later(self) -> LoopFuture[int]:
            future: LoopFuture[int] = LoopFuture()
            future.set(1)
            return future

    bound = dispatcher.bind(Deferring)
    proxy = bound.start().proxy()
    assert await (await proxy.later()) == 1


async def test_an_actor_pipes_futures_to_itself_and_asks_other_actors(dispatcher: Dispatcher) -> None:
    class Piping(LoopActor):
        def __init__(self, other: pykka.ActorRef[Any], told: LoopFuture[Any]) -> None:
            super().__init__()
            self.other, self.told = other, told

        def on_receive(self, message: Any) -> None:
            if message == "go":
                self.pipe(self.ask(self.other, "ping"), lambda value, error: ("piped", value, error))
            else:
                self.told.set(message)

    told: LoopFuture[Any] = LoopFuture()
    dispatcher.spawn(Piping, dispatcher.spawn(Log, []), told).tell("go")
    assert await told == ("piped", "ping", None)


async def test_an_exception_goes_to_the_asker_and_does_not_kill(
    dispatcher: Dispatcher, seen: Recorder
) -> None:
    class Picky(LoopActor):
        def on_receive(self, message: Any) -> Any:
            return 1 / message

    ref = dispatcher.spawn(Picky)
    loop = asyncio.get_running_loop()
    with pytest.raises(ZeroDivisionError):
        await ask(ref, 0, loop=loop)
    assert await ask(ref, 1, loop=loop) == 1
    assert seen.of("failed") == []


async def test_a_bound_class_is_pykka_and_registered_and_a_spawned_actor_is_not(
    dispatcher: Dispatcher,
) -> None:
    bound = dispatcher.bind(Log)
    assert dispatcher.bind(Log) is bound
    assert issubclass(bound, Log)
    registered, spawned = bound.start([]), dispatcher.spawn(Log, [])
    assert pykka.ActorRegistry.get_by_class(Log) == [registered]
    assert dispatcher.actors == 2
    assert [cell.ref for cell in dispatcher.cells()] == [registered, spawned]
    assert await registered.stop(block=False)
    assert pykka.ActorRegistry.get_by_class(Log) == []


async def test_a_cell_says_how_its_actor_is(dispatcher: Dispatcher) -> None:
    ref = dispatcher.spawn(Log, [])
    (cell,) = dispatcher.cells()
    ref.tell("x")
    assert (cell.actor_class, cell.urn, cell.state, cell.inbox_size) == ("Log", ref.actor_urn, "ready", 1)
    await ends(ref)
    assert (cell.state, cell.inbox_size, cell.restarts, cell.parent) == ("idle", 0, 0, None)


def test_an_actor_without_a_dispatcher_says_what_to_do() -> None:
    with pytest.raises(UsageError, match="bind"):
        LoopActor.start()


async def test_ids_and_clocks_are_what_was_passed_in(kernel: Kernel) -> None:
    dispatcher = kernel(ids=iter(["a", "b"]).__next__, wall_clock=lambda: 12.5)
    assert [dispatcher.spawn(Log, []).actor_urn for _ in range(2)] == ["a", "b"]
    assert dispatcher.wall() == 12.5
    assert dispatcher.now() == asyncio.get_running_loop().time()


async def test_a_parent_must_be_alive_and_of_this_dispatcher(kernel: Kernel) -> None:
    mine, other = kernel(), kernel()
    stranger = other.spawn(Log, [])
    with pytest.raises(UsageError):
        mine.spawn(Log, [], parent=stranger)
    await stranger.stop(block=False)
    with pytest.raises(pykka.ActorDeadError):
        other.spawn(Log, [], parent=stranger)


async def test_nothing_starts_on_a_closed_dispatcher(kernel: Kernel) -> None:
    dispatcher = kernel()
    bound = dispatcher.bind(Log)
    await dispatcher.aclose()
    with pytest.raises(RuntimeClosedError):
        dispatcher.spawn(Log, [])
    with pytest.raises(RuntimeClosedError):
        bound.start([])
    assert pykka.ActorRegistry.get_by_class(Log) == []


async def test_what_a_callback_sends_is_handled_at_once_and_in_order(dispatcher: Dispatcher) -> None:
    class Relay(LoopActor):
        def __init__(self, to: pykka.ActorRef[Any]) -> None:
            super().__init__()
            self._to = to

        def on_receive(self, message: Any) -> None:
            self.send(self._to, message)

    log: list[Any] = []
    relay = dispatcher.spawn(Relay, dispatcher.spawn(Log, log))
    await ask(relay, "begun", loop=dispatcher.loop)
    log.clear()

    def callback(message: str) -> str:
        relay.tell(message)
        assert not log
        return f"{message} sent"

    assert dispatcher.at_once(callback, "first") == "first sent"
    assert log == ["first"]

    def failing(message: str) -> None:
        relay.tell(message)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - any would do
        dispatcher.at_once(failing, "second")
    assert log == ["first", "second"]


async def test_within_a_handler_at_once_means_after_it(dispatcher: Dispatcher) -> None:
    log: list[Any] = []
    to = dispatcher.spawn(Log, log)

    class Hasty(LoopActor):
        def on_receive(self, message: Any) -> list[Any]:
            dispatcher.at_once(to.tell, message)
            return list(log)

    assert await ask(dispatcher.spawn(Hasty), "one", loop=dispatcher.loop) == []
    assert log == ["one"]
