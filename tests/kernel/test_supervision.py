from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pykka
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.config import Intensity
from actors.errors import UsageError
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import ask
from actors.kernel.loop_actor import ChildFailed, Directive, LoopActor, Restart, RestartWith
from actors.kernel.supervision import StoppedItselfError, decide

if TYPE_CHECKING:
    from tests.kernel.conftest import Recorder

LOOSE = Intensity(restarts=1000)


class Worker(LoopActor):
    """Keeps a log across its lives; does what it is told, also when it starts."""

    def __init__(self, log: list[Any], *starts: Any) -> None:
        super().__init__()
        self.log = log
        self.starts = starts
        self.log.append(("init", self.incarnation, self.actor_ref.is_alive()))

    def on_start(self) -> None:
        self.log.append(("start", self.incarnation))
        for start in self.starts:
            start(self)

    def on_receive(self, message: Any) -> Any:
        if callable(message):
            return message(self)
        self.log.append((message, self.incarnation))
        return message

    def on_stop(self) -> None:
        self.log.append(("stop", self.incarnation))

    def on_failure(self, _: object, error: BaseException | None, traceback: object) -> None:
        assert traceback is not None
        self.log.append((f"failure {error}", self.incarnation))


class Boss(LoopActor):
    """Decides as it is told; remembers what it was asked."""

    def __init__(self, decisions: list[Any], asked: list[ChildFailed], stopped: list[Any]) -> None:
        super().__init__()
        self.decisions, self.asked, self.stopped = decisions, asked, stopped

    def on_receive(self, message: Any) -> Any:
        return message(self)

    def on_child_failed(self, failed: ChildFailed) -> Directive | RestartWith:
        self.asked.append(failed)
        decision = self.decisions.pop(0) if self.decisions else super().on_child_failed(failed)
        if isinstance(decision, BaseException):
            raise decision
        return decision

    def on_child_stopped(self, ref: pykka.ActorRef[Any]) -> None:
        self.stopped.append(ref)


class House:
    """A boss and a worker."""

    def __init__(
        self, dispatcher: Dispatcher, *decisions: Any, starts: tuple[Any, ...] = (), **how: Any
    ) -> None:
        self.log: list[Any] = []
        self.asked: list[ChildFailed] = []
        self.stopped: list[Any] = []
        self.dispatcher = dispatcher
        how.setdefault("restart", Restart.PERMANENT)
        self.boss = dispatcher.spawn(Boss, list(decisions), self.asked, self.stopped)
        self.worker: pykka.ActorRef[Any] = dispatcher.spawn(
            Worker, self.log, *starts, parent=self.boss, **how
        )

    async def settle(self) -> None:
        await asyncio.sleep(1e-6)


def boom(_: LoopActor) -> None:
    raise ValueError("boom")


def fail_first(actor: LoopActor) -> None:
    if actor.incarnation == 0:
        raise ValueError("first")


async def do(ref: pykka.ActorRef[Any], what: Any) -> Any:
    return await ask(ref, what, loop=asyncio.get_running_loop())


async def test_a_new_instance_adopts_urn_mailbox_stop_event_and_ref(
    dispatcher: Dispatcher, seen: Recorder
) -> None:
    house = House(dispatcher)
    ref, first = house.worker, house.worker.actor_inbox.actor  # type: ignore[attr-defined]
    same = (ref.actor_urn, ref.actor_inbox, ref.actor_stopped)
    house.worker.tell("before")
    house.worker.tell(boom)
    house.worker.tell("after")
    await house.settle()
    second = ref._actor_weakref()
    assert second is not first
    assert second is not None
    assert second.actor_ref is ref
    assert (second.actor_urn, second.actor_inbox, second.actor_stopped) == same
    assert house.log == [
        ("init", 0, True),
        ("start", 0),
        ("before", 0),
        ("failure boom", 0),
        ("init", 1, True),
        ("start", 1),
        ("after", 1),
    ]
    assert seen.of("restarted") == [("Worker", 1)]
    (failed,) = house.asked
    assert (failed.ref, failed.message, failed.incarnation, failed.restarts) == (ref, boom, 0, 1)
    assert await ref.proxy().incarnation == 1


async def test_messages_wait_while_the_parent_decides(dispatcher: Dispatcher) -> None:
    house = House(dispatcher)
    await house.settle()
    cell = house.worker.actor_inbox
    states: list[str] = []
    house.worker.tell(boom)
    house.boss.tell(lambda _: states.append(cell.state))  # type: ignore[attr-defined]
    house.worker.tell("waiting")
    await house.settle()
    assert states == ["suspended"]
    assert house.log[-1] == ("waiting", 1)


@pytest.mark.parametrize(
    ("restart", "how", "lives"),
    [
        (Restart.PERMANENT, "fail", True),
        (Restart.PERMANENT, "stop itself", True),
        (Restart.PERMANENT, "stopped by a stranger", True),
        (Restart.PERMANENT, "stopped by its parent", False),
        (Restart.PERMANENT, "killed by its parent", False),
        (Restart.TRANSIENT, "fail", True),
        (Restart.TRANSIENT, "stop itself", False),
        (Restart.TEMPORARY, "fail", False),
        (Restart.TEMPORARY, "stop itself", False),
    ],
)
async def test_the_restart_type_decides(
    dispatcher: Dispatcher, restart: Restart, how: str, *, lives: bool
) -> None:
    house = House(dispatcher, restart=restart)
    worker = house.worker
    if how == "fail":
        worker.tell(boom)
    elif how == "stop itself":
        worker.tell(lambda actor: actor.stop())
    elif how == "stopped by a stranger":
        assert await worker.stop(block=False) is True
    elif how == "stopped by its parent":
        assert await do(house.boss, lambda _: worker.stop(block=False)) is True
    else:
        await do(house.boss, lambda actor: actor.kill(worker))
    await house.settle()
    assert worker.is_alive() == lives
    assert house.stopped == ([] if lives else [worker])
    assert dispatcher.actors == (2 if lives else 1)
    # killed before its first turn it has nothing to clean up
    ended = [what for what, *_ in house.log if what in {"stop", "failure boom"}]
    assert ended == ({"fail": ["failure boom"], "killed by its parent": []}.get(how, ["stop"]))
    if lives and how != "fail":
        assert isinstance(house.asked[0].error, StoppedItselfError)


async def test_a_restart_can_change_the_arguments_for_good(dispatcher: Dispatcher) -> None:
    other: list[Any] = []
    house = House(dispatcher, RestartWith(other), Directive.RESTART, intensity=LOOSE)
    house.worker.tell(boom)
    house.worker.tell(boom)
    await house.settle()
    assert other == [("init", 1, True), ("start", 1), ("failure boom", 1), ("init", 2, True), ("start", 2)]


async def test_stop_makes_dead_letters_of_what_waits(dispatcher: Dispatcher, seen: Recorder) -> None:
    house = House(dispatcher, Directive.STOP)
    house.worker.tell(boom)
    house.worker.tell("waiting")
    asked = house.worker.ask("asked", block=False)
    with pytest.raises(pykka.ActorDeadError):
        await asked
    assert seen.of("dead_letter") == [("Worker", "waiting"), ("Worker", "asked")]
    assert seen.of("gave_up") == [("Worker", "boom")]
    assert not house.worker.is_alive()


async def test_past_its_intensity_the_parent_fails_with_the_childs_error(
    dispatcher: Dispatcher, seen: Recorder
) -> None:
    house = House(dispatcher, intensity=Intensity(restarts=2, within=10))
    for _ in range(3):
        house.worker.tell(boom)
    await house.settle()
    assert [failed.restarts for failed in house.asked] == [1, 2, 3]
    assert seen.of("gave_up") == [("Worker", "boom")]
    assert [actor for actor, _ in seen.of("stopped")] == ["Worker", "Boss"]
    assert dispatcher.actors == 0


async def test_the_window_of_the_intensity_slides(dispatcher: Dispatcher) -> None:
    house = House(dispatcher, intensity=Intensity(restarts=1, within=10))
    for _ in range(5):
        house.worker.tell(boom)
        await asyncio.sleep(11)
    assert [failed.restarts for failed in house.asked] == [1] * 5
    assert house.worker.is_alive()


@given(st.sampled_from(Restart), st.integers(1, 10), st.integers(0, 10))
def test_decide_never_exceeds_the_intensity(restart: Restart, restarts: int, allowed: int) -> None:
    directive = decide(restart, restarts, Intensity(restarts=allowed))
    assert (directive is Directive.RESTART) == (restart is not Restart.TEMPORARY and restarts <= allowed)
    assert (directive is Directive.STOP) == (restart is Restart.TEMPORARY)


async def test_a_failure_in_on_start_reaches_the_parent(dispatcher: Dispatcher) -> None:
    house = House(dispatcher, starts=(fail_first,))
    house.worker.tell("kept")
    await house.settle()
    (failed,) = house.asked
    assert (str(failed.error), failed.message, failed.incarnation) == ("first", None, 0)
    assert ("failure first", 0) in house.log
    assert house.log[-1] == ("kept", 1)


@pytest.mark.parametrize("error", [ValueError("made badly"), KeyboardInterrupt("made badly")])
async def test_a_failure_in_the_constructor_reaches_the_parent(
    dispatcher: Dispatcher, error: BaseException
) -> None:
    lives: list[int] = []

    class Fragile(LoopActor):
        def __init__(self, unmade: tuple[int, ...]) -> None:
            lives.append(self.incarnation)  # its ref is right before `super().__init__()`
            if self.incarnation in unmade:
                raise error if self.incarnation else ValueError("made badly")
            super().__init__()

        def on_receive(self, message: Any) -> Any:
            return message(self)

    house = House(dispatcher)
    exits: list[BaseException] = []
    dispatcher._on_exit = exits.append
    ref = await do(house.boss, lambda actor: actor.spawn(Fragile, (0, 1), restart=Restart.TRANSIENT))
    assert await do(ref, lambda actor: actor.incarnation) == 2
    assert lives == [0, 1, 2]
    assert [(str(failed.error), failed.message) for failed in house.asked] == [("made badly", None)] * 2
    assert exits == ([error] if isinstance(error, KeyboardInterrupt) else [])


async def test_without_a_parent_a_constructor_raises_in_the_caller(dispatcher: Dispatcher) -> None:
    with pytest.raises(TypeError):
        dispatcher.spawn(Worker)
    assert dispatcher.actors == 0


async def test_temporary_children_do_not_outlive_a_restart_and_others_keep_running(
    dispatcher: Dispatcher,
) -> None:
    log: list[Any] = []
    house = House(dispatcher)

    def begin(actor: LoopActor) -> Any:
        return [actor.spawn(Worker, log, restart=restart) for restart in Restart]

    children = await do(house.worker, begin)
    house.worker.tell(boom)
    await house.settle()
    assert [child.is_alive() for child in children] == [
        restart is not Restart.TEMPORARY for restart in Restart
    ]
    assert {child.actor_inbox.incarnation for child in children} == {0}
    await do(house.worker, lambda actor: actor.kill(children[0]))  # they are the new incarnation's children
    assert not children[0].is_alive()


async def test_kill_is_at_once_and_not_behind_what_is_queued(dispatcher: Dispatcher, seen: Recorder) -> None:
    house = House(dispatcher)
    await house.settle()

    def kill(actor: LoopActor) -> None:
        house.worker.tell("queued")
        actor.kill(house.worker)
        assert not house.worker.is_alive()
        actor.kill(house.worker)

    await do(house.boss, kill)
    assert house.log == [("init", 0, True), ("start", 0), ("stop", 0)]
    assert seen.of("dead_letter") == [("Worker", "queued")]
    await house.settle()
    assert house.stopped == [house.worker]


async def test_only_a_parent_kills(dispatcher: Dispatcher) -> None:
    house, other = House(dispatcher), House(dispatcher)
    with pytest.raises(UsageError):
        await do(other.boss, lambda actor: actor.kill(house.worker))
    assert house.worker.is_alive()


async def test_a_failed_child_is_told_after_what_it_sent_before(dispatcher: Dispatcher) -> None:
    order: list[str] = []
    house = House(dispatcher, Directive.STOP)

    def last_words(actor: LoopActor) -> None:
        actor.send(house.boss, lambda _: order.append(f"words, {len(house.asked)} failures"))
        raise ValueError("boom")

    house.worker.tell(last_words)
    await house.settle()
    assert order == ["words, 0 failures"]


async def test_children_stop_before_parents_newest_first(dispatcher: Dispatcher, seen: Recorder) -> None:
    class Family(LoopActor):
        def __init__(self, name: str, children: tuple[str, ...] = ()) -> None:
            super().__init__()
            self.name = name
            for child in children:
                self.spawn(Family, child, (child + "1", child + "2") if len(child) == 1 else ())

        def on_stop(self) -> None:
            order.append(self.name)

    order: list[str] = []
    ref = dispatcher.spawn(Family, "root", ("a", "b"))
    await do(dispatcher.spawn(Worker, []), "x")
    ref.stop(block=False)
    await asyncio.sleep(1e-6)
    assert order == ["b2", "b1", "b", "a2", "a1", "a", "root"]
    assert len(seen.of("stopped")) == 7


async def test_a_child_spawned_by_a_thread_while_its_parent_stops_does_not_live_on(
    dispatcher: Dispatcher,
) -> None:
    house = House(dispatcher)
    await house.settle()
    log: list[Any] = []

    class Slow(Worker):
        def __init__(self) -> None:
            house.dispatcher.loop.call_soon_threadsafe(house.boss.tell, lambda actor: actor.stop())
            house.boss.actor_stopped.wait(5)
            super().__init__(log)

    ref = await asyncio.to_thread(dispatcher.spawn, Slow, parent=house.boss)
    await house.settle()
    assert not ref.is_alive()
    assert log == [("init", 0, True)]
    assert dispatcher.actors == 0


async def test_a_wrong_decision_fails_the_parent(dispatcher: Dispatcher, seen: Recorder) -> None:
    house = House(dispatcher, "restart, please")
    house.worker.tell(boom)
    await house.settle()
    assert any("Directive" in error for _, error in seen.of("failed"))
    assert dispatcher.actors == 0
