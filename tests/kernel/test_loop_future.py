from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
from typing import Any

import pykka
import pytest

from actors.errors import BlockingCallError, RuntimeClosedError
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import LoopFuture, ask, stop, when_done
from actors.kernel.loop_actor import LoopActor


class Gate(pykka.ThreadingActor):
    """Replies when it is let."""

    use_daemon_thread = True

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.handled: queue.Queue[Any] = queue.Queue()

    def on_receive(self, message: Any) -> Any:
        assert self.open.wait(5)
        self.handled.put(message)
        return message


class Echo(LoopActor):
    def on_receive(self, message: Any) -> Any:
        return message


def gate() -> tuple[pykka.ActorRef[Gate], Gate]:
    ref = Gate.start()
    actor = ref._actor_weakref()
    assert actor is not None
    return ref, actor


async def test_a_get_that_would_wait_is_refused_on_a_running_loop() -> None:
    future: LoopFuture[int] = LoopFuture()
    with pytest.raises(BlockingCallError):
        future.get()
    with pytest.raises(BlockingCallError):
        future.map(str).get(timeout=1)
    with pytest.raises(pykka.Timeout):
        future.get(timeout=0)
    future.set(1)
    assert future.get() == 1


async def test_a_blocking_ask_on_a_running_loop_is_refused_before_it_is_sent(dispatcher: Dispatcher) -> None:
    ref = dispatcher.spawn(Echo)
    with pytest.raises(BlockingCallError):
        ref.ask("x")
    with pytest.raises(BlockingCallError):
        ref.stop()
    assert ref.actor_inbox.empty()
    assert ref.is_alive()


async def test_awaiting_waits_without_blocking_the_loop() -> None:
    future: LoopFuture[int] = LoopFuture()
    waiting = asyncio.ensure_future(_value(future))
    await asyncio.sleep(0)
    assert not waiting.done()
    future.set(1)
    assert await waiting == 1


async def _value(future: Any) -> Any:
    return await future


async def test_awaiting_raises_what_was_set() -> None:
    future: LoopFuture[int] = LoopFuture()
    waiting = asyncio.ensure_future(_value(future))
    await asyncio.sleep(0)
    error = ValueError("no")
    future.set_exception((ValueError, error, None))
    with pytest.raises(ValueError, match="no"):
        await waiting


async def test_a_cancelled_wait_leaves_the_future_as_it_was() -> None:
    future: LoopFuture[int] = LoopFuture()
    waiting = asyncio.ensure_future(_value(future))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert future._callbacks == []
    future.set(1)
    assert await future == 1


@pytest.mark.parametrize(
    ("derive", "expected"),
    [
        (lambda future, _: future.map(len), 2),
        (lambda future, _: future.filter(lambda item: item > 1), [2]),
        (lambda future, _: future.reduce(lambda left, right: left + right, 10), 13),
        (lambda future, other: future.join(other), [[1, 2], "other"]),
        (lambda future, other: future.map(len).join(other.map(len)).map(sum), 7),
    ],
)
def test_derived_futures_are_awaited_on_two_loops_at_once(derive: Any, expected: Any) -> None:
    future: LoopFuture[Any] = LoopFuture()
    other: LoopFuture[Any] = LoopFuture()
    derived = derive(future, other)
    both_wait = threading.Barrier(3, timeout=30)
    results: queue.Queue[Any] = queue.Queue()

    async def wait() -> None:
        waiting = asyncio.ensure_future(_value(derived))
        await asyncio.sleep(0)
        both_wait.wait()
        results.put(await waiting)

    threads = [threading.Thread(target=asyncio.run, args=(wait(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    both_wait.wait()
    assert not derived.done()
    other.set("other")
    future.set([1, 2])
    for thread in threads:
        thread.join(5)
    assert [results.get_nowait(), results.get_nowait()] == [expected, expected]
    assert derived.done()


def test_a_derived_future_runs_its_function_once_also_for_threads_that_ask_together() -> None:
    calls: list[int] = []
    future: LoopFuture[int] = LoopFuture()

    def count(value: int) -> int:
        calls.append(value)
        return len(calls)

    mapped = future.map(count)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(mapped.get, timeout=30) for _ in range(4)]
        future.set(1)
        assert [done.result(5) for done in waiting] == [1, 1, 1, 1]
    assert calls == [1]


async def test_what_a_derived_function_raises_is_raised_where_it_is_awaited() -> None:
    future: LoopFuture[int] = LoopFuture()
    broken = future.map(lambda value: value / 0)
    future.set(1)
    with pytest.raises(ZeroDivisionError):
        await broken


async def test_join_awaits_a_future_of_another_kind_without_blocking() -> None:
    foreign: pykka.ThreadingFuture[str] = pykka.ThreadingFuture()
    future: LoopFuture[int] = LoopFuture()
    future.set(1)
    waiting = asyncio.ensure_future(_value(future.join(foreign)))
    await asyncio.sleep(0)
    assert not waiting.done()
    foreign.set("x")
    assert await waiting == [1, "x"]


async def test_a_hook_that_nothing_is_known_of_runs_in_a_thread_when_awaited() -> None:
    future: LoopFuture[int] = LoopFuture()
    asked_in = []

    def hook(_: float | None) -> int:
        asked_in.append(threading.current_thread())
        return 7

    future.set_get_hook(hook)
    assert await future == 7
    assert asked_in != [threading.current_thread()]


def test_a_second_result_is_refused_and_a_late_one_ignored() -> None:
    future: LoopFuture[int] = LoopFuture()
    future.set(1)
    future.expire(pykka.Timeout("late"))
    with pytest.raises(queue.Full):
        future.set(2)
    assert future.get() == 1
    expired: LoopFuture[int] = LoopFuture()
    expired.expire(pykka.Timeout("over"))
    expired.set(3)
    with pytest.raises(pykka.Timeout, match="over"):
        expired.get()


def test_a_callback_that_raises_fails_neither_the_replier_nor_the_other_callbacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reported: list[Any] = []
    monkeypatch.setattr("sys.unraisablehook", reported.append)
    future: LoopFuture[int] = LoopFuture()
    told: list[int] = []
    future.add_done_callback(lambda _: told[0])
    future.add_done_callback(lambda done: told.append(done.get()))
    future.set(1)
    assert told == [1]
    assert [report.exc_type for report in reported] == [IndexError]


@pytest.mark.parametrize("kind", ["loop", "threading", "asyncio", "concurrent"])
async def test_when_done_takes_futures_of_every_kind(kind: str) -> None:
    future: Any = {
        "loop": LoopFuture,
        "threading": pykka.ThreadingFuture,
        "asyncio": asyncio.Future,
        "concurrent": concurrent.futures.Future,
    }[kind]()
    told: LoopFuture[Any] = LoopFuture()
    when_done(future, lambda value, error: told.set((value, error)))
    (future.set_result if kind in {"asyncio", "concurrent"} else future.set)(3)
    assert await told == (3, None)


async def test_when_done_tells_of_a_cancelled_future() -> None:
    future = asyncio.get_running_loop().create_future()
    told: LoopFuture[Any] = LoopFuture()
    when_done(future, lambda _, error: told.set(type(error)))
    future.cancel()
    assert await told is asyncio.CancelledError


async def test_an_ask_that_times_out_ignores_the_late_reply_of_a_threading_actor() -> None:
    ref, actor = gate()
    try:
        loop = asyncio.get_running_loop()
        with pytest.raises(pykka.Timeout, match=r"2\.5 seconds"):
            await ask(ref, "slow", timeout=2.5, loop=loop)
        actor.open.set()
        assert await ask(ref, "next", loop=loop) == "next"  # the late reply did not kill it
        assert actor.handled.get_nowait() == "slow"
    finally:
        actor.open.set()
        assert await stop(ref, loop=asyncio.get_running_loop()) is True


async def test_a_reply_in_time_disarms_the_timeout(dispatcher: Dispatcher) -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    assert await ask(dispatcher.spawn(Echo), 1, timeout=60, loop=loop) == 1
    await asyncio.sleep(61)
    assert loop.time() == begun + 61


def test_an_ask_with_a_timeout_from_another_thread() -> None:
    dispatcher = Dispatcher.in_thread()
    ref = dispatcher.spawn(Echo)
    assert ask(ref, 1, timeout=60, loop=dispatcher.loop).get(timeout=30) == 1
    dispatcher.close()
    with pytest.raises(RuntimeClosedError):
        ask(ref, 1, timeout=60, loop=dispatcher.loop)
    with pytest.raises(pykka.ActorDeadError):
        ask(ref, 1, loop=dispatcher.loop).get(timeout=30)


async def test_stopping_can_be_awaited_whatever_the_actor_is(dispatcher: Dispatcher) -> None:
    loop = asyncio.get_running_loop()
    ref = dispatcher.spawn(Echo)
    assert await ref.stop(block=False) is True
    assert await ref.stop(block=False) is False
    threaded, actor = gate()
    actor.open.set()
    assert await stop(threaded, loop=loop) is True
    assert await stop(threaded, loop=loop) is False
    with pytest.raises(pykka.ActorDeadError):
        await ask(threaded, "x", loop=loop)


async def test_an_ask_that_loses_the_race_with_the_end_of_a_threading_actor_fails() -> None:
    ref, actor = gate()
    actor.open.set()
    inbox = ref.actor_inbox

    class Late:
        """The actor is gone when the envelope arrives, though it lived when the asker looked."""

        def put(self, envelope: Any) -> None:
            ref.stop(block=False)
            assert ref.actor_stopped.wait(5)
            inbox.put(envelope)

    late = pykka.ActorRef(actor)
    late.actor_inbox = Late()  # type: ignore[assignment]
    with pytest.raises(pykka.ActorDeadError):
        await ask(late, "x", loop=asyncio.get_running_loop())
