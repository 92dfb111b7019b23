from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from actors.errors import BlockingCallError, RuntimeClosedError
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import ask
from actors.kernel.loop_actor import LoopActor, Restart

if TYPE_CHECKING:
    from tests.kernel.conftest import Kernel


class Busy(LoopActor):
    """Has a child, a task that takes its time to clean up, and a timer."""

    def __init__(self, log: list[str], depth: int = 1) -> None:
        super().__init__()
        self.log, self.depth = log, depth

    def on_start(self) -> None:
        if self.depth:
            self.spawn(Busy, self.log, self.depth - 1, restart=Restart.PERMANENT)
        self.spawn_task(self.work())
        self.send_after(3600, "never")

    async def work(self) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            self.log.append("cleaned")

    def on_stop(self) -> None:
        self.log.append("stopped")


def timers(loop: asyncio.AbstractEventLoop) -> list[Any]:
    return [handle for handle in loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]


async def test_aclose_leaves_no_actor_task_or_timer(kernel: Kernel) -> None:
    dispatcher, log = kernel(), list[str]()
    for _ in range(3):
        dispatcher.spawn(Busy, log)
    await asyncio.sleep(1e-6)
    assert dispatcher.actors == 6
    await dispatcher.aclose()
    assert sorted(log) == ["cleaned"] * 6 + ["stopped"] * 6
    assert log[:6] == ["stopped"] * 6  # no hook waits for a task
    assert dispatcher.actors == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert timers(dispatcher.loop) == []
    await dispatcher.aclose()


async def test_an_actors_own_task_can_close_the_dispatcher(kernel: Kernel) -> None:
    dispatcher = kernel()

    class Last(LoopActor):
        def on_start(self) -> None:
            self.spawn_task(dispatcher.aclose())

    ref = dispatcher.spawn(Last)
    await asyncio.to_thread(ref.actor_stopped.wait, 5)
    await dispatcher.aclose()
    assert dispatcher.actors == 0


async def test_close_on_the_loops_thread_says_what_to_do(dispatcher: Dispatcher) -> None:
    with pytest.raises(BlockingCallError, match="aclose"):
        dispatcher.close()


@pytest.mark.parametrize("started", [False, True])
def test_a_thread_of_its_own_ends_with_the_dispatcher(*, started: bool) -> None:
    before = set(threading.enumerate())
    dispatcher, log = Dispatcher.in_thread("test-home", stall_after=60), list[str]()
    (home,) = [thread for thread in set(threading.enumerate()) - before if thread.name == "test-home"]
    assert all(thread.daemon for thread in set(threading.enumerate()) - before)
    ref = dispatcher.spawn(Busy, log, 0)
    if started:
        assert ref.ask("x") is None
    dispatcher.close()
    assert not home.is_alive()
    assert set(threading.enumerate()) <= before
    assert dispatcher.loop.is_closed()
    assert dispatcher.actors == 0
    dispatcher.close()
    with pytest.raises(RuntimeClosedError):
        dispatcher.spawn(Busy, log)


def test_threads_may_close_together() -> None:
    dispatcher = Dispatcher.in_thread()
    dispatcher.spawn(LoopActor).tell("x")
    closing = [threading.Thread(target=dispatcher.close) for _ in range(4)]
    for thread in closing:
        thread.start()
    for thread in closing:
        thread.join(5)
        assert not thread.is_alive()


async def test_a_dispatcher_in_a_thread_is_closed_from_another_loop() -> None:
    dispatcher = Dispatcher.in_thread()
    ref = dispatcher.spawn(LoopActor)
    await dispatcher.aclose()
    assert not ref.is_alive()
    assert dispatcher.loop.is_closed()


def test_a_loop_factory_makes_the_loop() -> None:
    made: list[asyncio.AbstractEventLoop] = []

    def factory() -> asyncio.AbstractEventLoop:
        made.append(asyncio.SelectorEventLoop())
        return made[0]

    dispatcher = Dispatcher.in_thread(loop_factory=factory)
    assert dispatcher.loop is made[0]
    dispatcher.close()

    def broken() -> asyncio.AbstractEventLoop:
        raise OSError("no loop")

    with pytest.raises(OSError, match="no loop"):
        Dispatcher.in_thread(loop_factory=broken)


def test_a_host_that_has_stopped_its_loop_closes_without_it() -> None:
    loop = asyncio.new_event_loop()
    dispatcher = Dispatcher(loop)
    ref = dispatcher.spawn(LoopActor)
    assert loop.run_until_complete(ask(ref, "x", loop=loop)) is None
    ref.tell("waits")
    dispatcher.close()
    assert dispatcher.dead_letters == 1
    assert not ref.is_alive()
    loop.close()


def test_a_host_that_ends_its_loop_under_close_does_not_leave_it_hanging() -> None:
    loop = asyncio.new_event_loop()
    entered = threading.Event()

    class Stubborn(LoopActor):
        def on_start(self) -> None:
            self.spawn_task(self.stay())

        async def stay(self) -> None:
            entered.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                loop.stop()
            await asyncio.Event().wait()

    dispatcher = Dispatcher(loop)
    dispatcher.spawn(Stubborn)
    host = threading.Thread(target=loop.run_forever)
    host.start()
    assert entered.wait(5)
    closing = threading.Thread(target=dispatcher.close)
    closing.start()
    closing.join(5)
    assert not closing.is_alive()
    host.join(5)
    assert dispatcher.actors == 0
    loop.run_until_complete(_cancel_everything())
    loop.close()


async def _cancel_everything() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.wait(others)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_does_not_hang() -> None:
    dispatcher = Dispatcher.in_thread(stall_after=60)
    ref = dispatcher.spawn(LoopActor)
    assert ref.ask("x") is None
    child = os.fork()
    if child == 0:
        # No assertion may leave this block: the child must not run the rest of the tests.
        code = 1
        try:
            ref.tell("lost")
            try:
                ref.ask("lost", timeout=30)
            except pykka.ActorDeadError:
                dispatcher.close()
                code = 0 if dispatcher.dead_letters == 2 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ref.ask("x") is None
    assert dispatcher.dead_letters == 0
    dispatcher.close()


def test_a_signal_handlers_tell_gets_through_a_held_lock() -> None:
    dispatcher = Dispatcher.in_thread()
    ref = dispatcher.spawn(LoopActor)
    with dispatcher._lock:  # as the thread that the signal interrupts may
        asked = ref.ask("x", block=False)
    assert asked.get(timeout=30) is None
    dispatcher.close()
