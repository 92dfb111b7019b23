"""Failures that climb: parents that fail over a child's failure, and what no one supervises."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pykka
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.config import Intensity
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import ask
from actors.kernel.loop_actor import ChildFailed, Directive, LoopActor, Restart, RestartWith

if TYPE_CHECKING:
    from tests.kernel.conftest import Kernel, Recorder


class Node(LoopActor):
    """Answers with its incarnation; has a child that outlives its incarnations; decides by `decisions`."""

    def __init__(
        self, decisions: tuple[Any, ...] = (), *, below: int = 0, found: list[Any] | None = None
    ) -> None:
        super().__init__()
        self.decisions = decisions
        if below and self.incarnation == 0:
            intensity = Intensity(restarts=1, within=60)
            child = self.spawn(
                Node, decisions, below=below - 1, found=found, restart=Restart.PERMANENT, intensity=intensity
            )
            assert found is not None
            found.append(child)

    def on_receive(self, message: Any) -> Any:
        return message(self) if callable(message) else self.incarnation

    def on_child_failed(self, failed: ChildFailed) -> Directive | RestartWith:
        decision = super().on_child_failed(failed)
        if self.incarnation < len(self.decisions):
            decision = self.decisions[self.incarnation]
        if isinstance(decision, BaseException):
            raise decision
        return decision


class Top(Node):
    """Never gives up."""

    def on_child_failed(self, _: ChildFailed) -> Directive:
        return Directive.RESTART


def boom(_: LoopActor) -> None:
    raise ValueError("boom")


async def lives(ref: pykka.ActorRef[Any]) -> Any:
    return await ask(ref, "?", loop=asyncio.get_running_loop())


async def settle() -> None:
    await asyncio.sleep(1e-6)


def family(dispatcher: Dispatcher, *decisions: Any) -> tuple[pykka.ActorRef[Any], ...]:
    """A top, its child, and a grandchild whose failures the child decides by `decisions`."""
    found: list[Any] = []
    top = dispatcher.spawn(Top, decisions, below=2, found=found)
    child, grandchild = sorted(found, key=lambda ref: ref.actor_inbox.parent is not top.actor_inbox)
    return top, child, grandchild


async def test_an_escalated_child_goes_on_with_an_empty_window_when_its_parent_is_back(
    dispatcher: Dispatcher, seen: Recorder
) -> None:
    _, child, grandchild = family(dispatcher)
    grandchild.tell(boom)
    grandchild.tell(boom)  # one restart is allowed
    grandchild.tell("kept")
    await settle()
    assert await lives(child) == 1
    assert await lives(grandchild) == 2
    assert seen.of("gave_up") == [("Node", "boom")]
    grandchild.tell(boom)  # and not one more: the restart by the new incarnation counts
    await settle()
    assert (await lives(child), await lives(grandchild)) == (2, 3)


async def test_a_parent_that_raises_over_a_child_decides_again_after_its_restart(
    dispatcher: Dispatcher,
) -> None:
    _, child, grandchild = family(dispatcher, RuntimeError("can't decide"), RuntimeError("nor now"))
    grandchild.tell(boom)
    await settle()
    assert await lives(child) == 2
    assert await lives(grandchild) == 1


async def test_a_failure_that_was_not_read_before_the_parent_failed_is_decided_once(
    dispatcher: Dispatcher,
) -> None:
    _, child, grandchild = family(dispatcher)
    await settle()
    child.tell(boom)
    grandchild.tell(boom)
    await settle()
    assert (await lives(child), await lives(grandchild)) == (1, 1)


async def test_an_unsupervised_failure_takes_the_children_first(
    dispatcher: Dispatcher, seen: Recorder
) -> None:
    log: list[str] = []

    class Child(LoopActor):
        def on_stop(self) -> None:
            log.append("child stopped")

    class Parent(LoopActor):
        def on_start(self) -> None:
            self.spawn(Child, restart=Restart.PERMANENT)

        def on_receive(self, message: Any) -> Any:
            raise ValueError(message)

        def on_stop(self) -> None:
            log.append("never: it failed")

        def on_failure(self, *_: object) -> None:
            log.append("parent failed")

    ref = dispatcher.spawn(Parent)
    await settle()
    ref.tell("boom")
    ref.tell("waiting")
    await settle()
    assert log == ["child stopped", "parent failed"]
    assert seen.of("dead_letter") == [("Parent", "waiting")]
    assert dispatcher.actors == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt("now"), SystemExit("now"), GeneratorExit("now")])
async def test_supervised_a_base_exception_is_a_failure_like_any_other(
    kernel: Kernel, error: BaseException
) -> None:
    exits: list[BaseException] = []
    dispatcher = kernel(on_exit=exits.append)
    _, _, grandchild = family(dispatcher)

    def interrupted(_: LoopActor) -> None:
        raise error

    grandchild.tell(interrupted)
    await settle()
    assert await lives(grandchild) == 1
    assert exits == ([] if isinstance(error, GeneratorExit) else [error])


async def test_an_interrupt_that_climbs_is_one_exit_and_its_asker_is_not_interrupted(kernel: Kernel) -> None:
    exits: list[BaseException] = []
    dispatcher = kernel(on_exit=exits.append)
    _, child, grandchild = family(dispatcher)

    def interrupted(actor: LoopActor) -> None:
        raise KeyboardInterrupt(actor.incarnation)

    for _ in range(2):
        with pytest.raises(pykka.ActorDeadError, match="KeyboardInterrupt"):
            await ask(grandchild, interrupted, loop=asyncio.get_running_loop())
    await settle()
    assert await lives(child) == 1
    assert [str(error) for error in exits] == ["0", "1"]


async def test_without_on_exit_an_interrupt_stops_this_dispatchers_actors(dispatcher: Dispatcher) -> None:
    class Interrupted(LoopActor):
        def on_start(self) -> None:
            raise KeyboardInterrupt

    class Parent(LoopActor):
        def on_start(self) -> None:
            self.spawn(Interrupted)

    dispatcher.spawn(Parent)
    bystander = dispatcher.spawn(Node)
    await settle()
    assert not bystander.is_alive()
    assert dispatcher.actors == 0


async def test_an_interrupt_in_a_task_leaves_the_loop_running(kernel: Kernel) -> None:
    exits: list[BaseException] = []
    results: list[Any] = []
    dispatcher = kernel(on_exit=exits.append)

    async def interrupted() -> None:
        raise SystemExit(3)

    class Host(LoopActor):
        def on_start(self) -> None:
            self.spawn_task(interrupted())

        def on_receive(self, message: Any) -> None:
            results.append(message)

    dispatcher.spawn(Host)
    await settle()
    assert [type(error) for error in exits] == [SystemExit]
    assert "SystemExit(3)" in str(results[0].error)


async def test_unsupervised_a_base_exception_stops_all_actors_without_blocking_the_loop(
    dispatcher: Dispatcher,
) -> None:
    class Threaded(pykka.ThreadingActor):
        use_daemon_thread = True

    threaded = Threaded.start()
    registered = dispatcher.bind(Node).start()
    spawned = dispatcher.spawn(Node)
    culprit = dispatcher.spawn(Node)

    def fatal(_: LoopActor) -> None:
        raise BaseException("fatal")  # noqa: TRY002 - the point of the test

    culprit.tell(fatal)
    await settle()
    assert await asyncio.to_thread(threaded.actor_stopped.wait, 5)
    assert [ref.is_alive() for ref in (registered, spawned, culprit)] == [False] * 3


@settings(deadline=None)
@given(st.lists(st.sampled_from(["child", "grandchild", "both"]), max_size=12))
def test_nothing_stays_suspended_for_ever(failures: list[str]) -> None:
    async def main() -> None:
        dispatcher = Dispatcher(asyncio.get_running_loop())
        _, child, grandchild = family(dispatcher, *(RuntimeError("can't") for _ in range(2)))
        for failure in failures:
            if failure != "grandchild":
                child.tell(boom)
            if failure != "child":
                grandchild.tell(boom)
        for ref in (child, grandchild):
            await asyncio.wait_for(lives(ref), 5)
        assert {cell.state for cell in dispatcher.cells()} == {"idle"}
        assert dispatcher.dead_letters == 0
        await dispatcher.aclose()

    asyncio.run(main())
