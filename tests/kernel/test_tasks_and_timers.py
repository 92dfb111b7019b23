from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from actors.errors import UsageError
from actors.kernel import lifecycle
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import LoopFuture, ask
from actors.kernel.loop_actor import LoopActor, Restart, TaskResult

if TYPE_CHECKING:
    from tests.kernel.conftest import Kernel, Recorder


class Host(LoopActor):
    """Does to itself what it is told, and keeps what comes back."""

    def __init__(self, log: list[Any]) -> None:
        super().__init__()
        self.log = log

    def on_receive(self, message: Any) -> Any:
        if callable(message):
            return message(self)
        self.log.append(message)
        return None


class Parent(LoopActor):
    def __init__(self, log: list[Any]) -> None:
        super().__init__()
        self.child = self.spawn(Host, log, restart=Restart.PERMANENT)

    def on_receive(self, message: Any) -> Any:
        return message(self)


async def do(ref: Any, what: Any) -> Any:
    return await ask(ref, what, loop=asyncio.get_running_loop())


def boom(_: LoopActor) -> None:
    raise ValueError("boom")


async def settle() -> None:
    """Whatever can happen now has happened: time moves only when nothing else can."""
    await asyncio.sleep(1e-6)


async def returning(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


async def raising() -> None:
    await asyncio.sleep(0)
    raise KeyError("lost")


async def test_a_task_reports_its_value_or_its_exception(dispatcher: Dispatcher) -> None:
    log: list[Any] = []
    ref = dispatcher.spawn(Host, log)
    first = await do(ref, lambda actor: actor.spawn_task(returning(7), name="seven"))
    second = await do(ref, lambda actor: actor.spawn_task(raising()))
    await settle()
    assert first != second
    assert log[0] == TaskResult(first, 7)
    assert log[1].task == second
    assert isinstance(log[1].error, KeyError)


async def test_a_cancelled_task_sends_nothing(dispatcher: Dispatcher) -> None:
    log: list[Any] = []
    ref = dispatcher.spawn(Host, log)
    running = await do(ref, lambda actor: actor.spawn_task(asyncio.sleep(5)))
    await do(ref, lambda actor: (actor.cancel_task(running), actor.cancel_task(99)))
    await asyncio.sleep(10)
    assert log == []


@pytest.mark.parametrize("queued", [False, True])
async def test_a_task_that_has_ended_can_be_cancelled_until_its_result_is_handled(
    dispatcher: Dispatcher, *, queued: bool
) -> None:
    log: list[Any] = []
    ref = dispatcher.spawn(Host, log)

    def cancel(actor: Host) -> None:
        (number,) = _cell(ref).tasks
        log.append([message.__class__.__name__ for message in _waiting(ref)])
        actor.cancel_task(number)

    async def brief() -> None:
        # The task's own callback runs after the call scheduled here, and before what that one schedules.
        if queued:
            asyncio.get_running_loop().call_soon(ref.tell, cancel)
        else:
            ref.tell(cancel)

    await do(ref, lambda actor: actor.spawn_task(brief()))
    await asyncio.sleep(10)
    assert log == [["TaskDone"] if queued else []]


def _waiting(ref: Any) -> list[Any]:
    return [envelope.message for envelope in _cell(ref).queue]


def _cell(ref: Any) -> Any:
    return ref.actor_inbox


async def test_a_task_that_another_hand_cancelled_is_reported(dispatcher: Dispatcher) -> None:
    log: list[Any] = []
    ref = dispatcher.spawn(Host, log)
    number = await do(ref, lambda actor: actor.spawn_task(asyncio.sleep(5), name="victim"))
    (victim,) = [task for task in asyncio.all_tasks() if task.get_name() == "victim"]
    victim.cancel()
    await settle()
    assert log[0].task == number
    assert isinstance(log[0].error, asyncio.CancelledError)


@pytest.mark.parametrize("end", ["restart", "stop", "kill", "close", "fail"])
async def test_tasks_and_timers_end_with_their_incarnation(dispatcher: Dispatcher, end: str) -> None:
    log: list[Any] = []
    cleaned: list[str] = []

    async def guarded() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            cleaned.append(end)

    parent = dispatcher.spawn(Parent, log)
    child = await do(parent, lambda actor: actor.child)
    piped: LoopFuture[Any] = LoopFuture()

    def begin(actor: Host) -> None:
        actor.spawn_task(guarded())
        actor.send_after(5, "timer")
        actor.pipe(piped, lambda value, _: value)

    await do(child, begin)
    await settle()
    if end == "restart":
        child.tell(boom)
    elif end == "stop":
        parent.stop(block=False)
    elif end == "kill":
        parent.tell(lambda actor: actor.kill(child))
    elif end == "fail":
        parent.tell(boom)
    else:
        await dispatcher.aclose()
    await settle()
    piped.set("piped")
    await asyncio.sleep(10)
    assert cleaned == [end]
    assert log == []
    assert child.is_alive() == (end == "restart")
    assert len(asyncio.all_tasks()) == 1
    if end == "restart":
        assert await do(child, lambda actor: actor.incarnation) == 1


async def test_what_a_last_hook_begins_does_not_reach_the_next_incarnation(dispatcher: Dispatcher) -> None:
    log: list[Any] = []

    class Stubborn(Host):
        def on_failure(self, *_: object) -> None:
            self.spawn_task(returning("late"))
            self.send_after(1, "late")

    class Over(LoopActor):
        def on_start(self) -> None:
            self.spawn(Stubborn, log, restart=Restart.PERMANENT).tell(boom)

    dispatcher.spawn(Over)
    await asyncio.sleep(5)
    assert log == []


async def test_a_task_that_was_cancelled_before_its_first_step_leaves_no_warning(
    dispatcher: Dispatcher,
) -> None:
    ref = dispatcher.spawn(Host, [])
    await do(ref, lambda actor: actor.cancel_task(actor.spawn_task(returning(1))))
    await settle()
    assert len(asyncio.all_tasks()) == 1


async def test_a_cancelled_task_that_fails_is_a_dead_letter(dispatcher: Dispatcher, seen: Recorder) -> None:
    async def spoiled() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            raise OSError("clean-up")

    ref = dispatcher.spawn(Host, [])
    number = await do(ref, lambda actor: actor.spawn_task(spoiled()))
    await settle()
    await do(ref, lambda actor: actor.cancel_task(number))
    await settle()
    ((actor, result),) = seen.of("dead_letter")
    assert (actor, result.task, str(result.error)) == ("Host", number, "clean-up")


async def test_what_a_task_raised_whose_actor_has_gone_is_no_news_to_asyncio(dispatcher: Dispatcher) -> None:
    told: list[Any] = []
    dispatcher.loop.set_exception_handler(lambda _, context: told.append(context))
    ref = dispatcher.spawn(Host, [])
    waiting: asyncio.Future[None] = dispatcher.loop.create_future()

    async def wait() -> None:
        await waiting

    await do(ref, lambda actor: actor.spawn_task(wait()))
    await settle()
    waiting.set_exception(OSError("in the same moment"))
    await asyncio.sleep(0)  # the task has ended, and its result is in the mailbox of an actor
    await asyncio.sleep(0)
    lifecycle.terminate(_cell(ref))
    gc.collect()
    await settle()
    assert told == []


async def test_a_timer_is_on_time_and_can_be_cancelled_until_it_is_handled(dispatcher: Dispatcher) -> None:
    log: list[Any] = []
    ref = dispatcher.spawn(Host, log)
    loop = asyncio.get_running_loop()
    kept = await do(ref, lambda actor: actor.send_after(5, lambda _: log.append(loop.time())))
    due = await do(ref, lambda actor: actor.send_after(6, "cancelled"))
    fired = await do(ref, lambda actor: actor.send_after(7, "cancelled in the mailbox"))
    begun = loop.time()
    due.cancel()
    fired._fire()
    fired.cancel()
    await asyncio.sleep(4.9)
    assert log == []
    await asyncio.sleep(10)
    assert log == [pytest.approx(begun + 5)]
    kept.cancel()
    assert ref.actor_inbox.timers == {}  # type: ignore[attr-defined]


async def test_tasks_and_timers_belong_to_the_loops_thread(kernel: Kernel) -> None:
    class Hasty(LoopActor):
        def __init__(self, begin: Any) -> None:
            super().__init__()
            begin(self)

    dispatcher = kernel()
    for begin in (
        lambda actor: actor.spawn_task(returning(1)),
        lambda actor: actor.send_after(1, "x"),
        lambda actor: actor.cancel_task(1),
    ):
        with pytest.raises(UsageError, match="loop's thread"):
            await asyncio.to_thread(dispatcher.spawn, Hasty, begin)


async def test_a_stopped_actor_begins_nothing(dispatcher: Dispatcher, seen: Recorder) -> None:
    class Undead(LoopActor):
        def on_stop(self) -> None:
            with pytest.raises(Exception, match="send_after"):
                self.send_after(1, "x")
            self.spawn_task(returning(1))

    ref = dispatcher.spawn(Undead)
    await ref.stop(block=False)
    ((_, error),) = seen.of("failed")
    assert "spawn_task" in error
