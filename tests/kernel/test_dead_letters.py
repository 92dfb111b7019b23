from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import LoopFuture, ask
from actors.kernel.loop_actor import LoopActor
from actors.kernel.observer import Observer

if TYPE_CHECKING:
    from tests.kernel.conftest import Kernel, Recorder


class Sink(LoopActor):
    def on_receive(self, message: Any) -> Any:
        return message() if callable(message) else message


class Plain(pykka.ThreadingActor):
    use_daemon_thread = True


async def test_a_tell_behind_a_stop_is_a_dead_letter_and_its_ask_fails(
    dispatcher: Dispatcher, seen: Recorder
) -> None:
    ref = dispatcher.spawn(Sink)
    stopped = ref.stop(block=False)
    ref.tell("told")
    asked = ref.ask("asked", block=False)
    again = ref.stop(block=False)
    assert await stopped is True
    assert await again is True  # it lived when it was asked to stop
    with pytest.raises(pykka.ActorDeadError):
        await asked
    assert seen.of("dead_letter") == [("Sink", "told"), ("Sink", "asked")]
    assert dispatcher.dead_letters == 2


async def test_a_public_tell_to_a_dead_actor_raises_as_pykka(dispatcher: Dispatcher) -> None:
    ref = dispatcher.spawn(Sink)
    await ref.stop(block=False)
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("x")
    with pytest.raises(pykka.ActorDeadError):
        await ref.ask("x", block=False)
    assert dispatcher.dead_letters == 0


async def test_send_never_raises_and_ask_fails_at_once(dispatcher: Dispatcher, seen: Recorder) -> None:
    loop = asyncio.get_running_loop()
    dead = dispatcher.spawn(Sink)
    await dead.stop(block=False)
    threaded = Plain.start()
    await asyncio.to_thread(threaded.stop)

    class Sender(LoopActor):
        def on_receive(self, ref: pykka.ActorRef[Any]) -> Any:
            self.send(ref, "sent")
            return self.ask(ref, "asked")

    sender = dispatcher.spawn(Sender)
    for ref in (dead, threaded):
        with pytest.raises(pykka.ActorDeadError):
            await ask(sender, ref, loop=loop)
    letters = [("Sink", "sent"), ("Sink", "asked"), ("Plain", "sent"), ("Plain", "asked")]
    assert seen.of("dead_letter") == letters


async def test_send_reaches_a_threading_actor(dispatcher: Dispatcher) -> None:
    got: LoopFuture[Any] = LoopFuture()

    class Receiver(pykka.ThreadingActor):
        def on_receive(self, message: Any) -> None:
            got.set(message)

    class Sender(LoopActor):
        def on_receive(self, ref: pykka.ActorRef[Any]) -> None:
            self.send(ref, "sent")

    receiver = Receiver.start()
    dispatcher.spawn(Sender).tell(receiver)
    assert await got == "sent"
    await asyncio.to_thread(receiver.stop)


async def test_a_put_that_loses_the_race_with_a_stop_is_a_dead_letter(
    dispatcher: Dispatcher, seen: Recorder
) -> None:
    """The teller has seen the actor alive, then is held while the actor stops, then puts."""
    ref = dispatcher.spawn(Sink)
    looked, stopped = threading.Event(), threading.Event()
    cell = ref.actor_inbox

    class Held:
        def put(self, envelope: Any) -> None:
            looked.set()
            assert stopped.wait(5)
            cell.put(envelope)

    held: pykka.ActorRef[Any] = pykka.ActorRef(cell.actor)  # type: ignore[attr-defined]
    held.actor_inbox = Held()  # type: ignore[assignment]
    telling = asyncio.ensure_future(asyncio.to_thread(held.tell, "late"))
    asking = asyncio.ensure_future(asyncio.to_thread(held.ask, "late too", block=True))
    assert await asyncio.to_thread(looked.wait, 5)
    await ref.stop(block=False)
    stopped.set()
    await telling
    with pytest.raises(pykka.ActorDeadError):
        await asking
    assert ("Sink", "late") in seen.of("dead_letter")


def test_threads_that_tell_while_actors_stop_lose_nothing_uncounted() -> None:
    """Each message is handled, refused or a dead letter: never silently lost."""
    dispatcher = Dispatcher.in_thread()
    handled: list[Any] = []

    class Counting(LoopActor):
        def on_receive(self, message: Any) -> None:
            handled.append(message)

    refused = []
    together = threading.Barrier(4, timeout=30)
    refs = [dispatcher.spawn(Counting) for _ in range(50)]

    def tell() -> None:
        together.wait()
        for ref in refs:
            for number in range(20):
                try:
                    ref.tell(number)
                except pykka.ActorDeadError:
                    refused.append(number)

    threads = [threading.Thread(target=tell) for _ in range(3)]
    for thread in threads:
        thread.start()
    together.wait()
    for ref in refs:
        ref.stop(block=False)
    for thread in threads:
        thread.join()
    dispatcher.close()
    assert len(handled) + len(refused) + dispatcher.dead_letters == 3 * 50 * 20


async def test_after_close_every_put_is_a_dead_letter_at_once(kernel: Kernel) -> None:
    dispatcher = kernel()
    ref = dispatcher.spawn(Sink)
    inbox = ref.actor_inbox
    await dispatcher.aclose()
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("x")
    with pytest.raises(pykka.ActorDeadError):
        ask(ref, "x", loop=asyncio.get_running_loop()).get()
    assert dispatcher.dead_letters == 1
    assert inbox.empty()


@pytest.mark.parametrize("scheduled", [False, True])
def test_a_loop_that_was_closed_without_asking_makes_dead_letters(*, scheduled: bool) -> None:
    loop = asyncio.new_event_loop()
    dispatcher = Dispatcher(loop)
    ref, other = dispatcher.spawn(Sink), dispatcher.spawn(Sink)
    assert loop.run_until_complete(ask(ref, 1, loop=loop)) == 1
    ref.tell("waits for ever")
    if scheduled:
        loop.call_soon(loop.stop)
        loop.run_forever()
    assert (ref.actor_inbox.scheduled, ref.actor_inbox.empty()) == (scheduled, False)  # type: ignore[attr-defined]
    loop.close()
    with pytest.raises(pykka.ActorDeadError):
        ref.ask("x", timeout=30)
    assert [ref.is_alive(), other.is_alive()] == [False, False]
    assert dispatcher.dead_letters == 2
    dispatcher.close()


async def test_the_kernels_own_messages_are_no_dead_letters(dispatcher: Dispatcher) -> None:
    class Late(LoopActor):
        def on_start(self) -> None:
            self.send_after(0, "timer")
            self.pipe(piped, lambda value, _: value)

    piped: LoopFuture[Any] = LoopFuture()
    ref = dispatcher.spawn(Late)
    ref.stop(block=False)
    await ask(dispatcher.spawn(Sink), "x", loop=asyncio.get_running_loop())
    piped.set(1)
    await asyncio.sleep(1)
    assert not ref.is_alive()
    assert dispatcher.dead_letters == 0


async def test_an_observer_that_raises_harms_nobody(kernel: Kernel) -> None:
    class Broken(Observer):
        def on_dead_letter(self, *_: object) -> None:
            raise RuntimeError("observer")

    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    dispatcher = kernel(observer=Broken())
    ref = dispatcher.spawn(Sink)
    ref.stop(block=False)
    ref.tell("x")
    assert await ask(dispatcher.spawn(Sink), 1, loop=asyncio.get_running_loop()) == 1
    assert [str(context["exception"]) for context in reported] == ["observer"]
