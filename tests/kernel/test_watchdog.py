from __future__ import annotations

import asyncio
import queue
import threading
from typing import Any

from actors.kernel.dispatcher import Dispatcher
from actors.kernel.loop_actor import LoopActor
from actors.kernel.observer import Observer
from actors.kernel.watchdog import Watchdog


class Reports(Observer):
    def __init__(self) -> None:
        self.got: queue.Queue[tuple[str, float, str]] = queue.Queue()

    def on_stalled(self, actor: str, seconds: float, stack: str) -> None:
        self.got.put((actor, seconds, stack))


class Hand:
    """Turns the watchdog's waits into steps of the test, each of which moves its clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self._go: queue.Queue[bool] = queue.Queue()
        self._waits: queue.Queue[None] = queue.Queue()

    def wait(self, seconds: float) -> bool:
        self._waits.put(None)
        end = self._go.get(timeout=30)
        self.now += seconds
        return end

    def look(self, *, end: bool = False, again: bool = True) -> None:
        """The watchdog has looked once, and waits again unless it was to be the last time."""
        self._go.put(end)
        if again and not end:
            self._waits.get(timeout=30)

    def clock(self) -> float:
        return self.now

    def begin(self) -> None:
        self._waits.get(timeout=30)


class Blocking(LoopActor):
    def __init__(self, entered: threading.Event, leave: threading.Event) -> None:
        super().__init__()
        self.entered, self.leave = entered, leave

    def on_receive(self, message: Any) -> None:
        if message == "block":
            self.hold_the_loop()

    def hold_the_loop(self) -> None:
        self.entered.set()
        assert self.leave.wait(5)


def test_a_handler_that_holds_the_loop_is_reported_once_with_its_stack() -> None:
    reports, hand = Reports(), Hand()
    dispatcher = Dispatcher.in_thread(observer=reports)
    watchdog = Watchdog(dispatcher, 0.25, wait=hand.wait, clock=hand.clock)
    hand.begin()
    entered, leave = threading.Event(), threading.Event()
    ref = dispatcher.spawn(Blocking, entered, leave)
    try:
        for _ in range(4):
            hand.look()  # idle is no stall
        for stall in range(2):
            ref.tell("block")
            assert entered.wait(5)
            hand.look()
            hand.look()
            assert reports.got.empty()  # not long enough yet
            hand.look()
            actor, seconds, stack = reports.got.get(timeout=30)
            assert actor == str(ref)
            assert seconds == 0.25
            assert "hold_the_loop" in stack
            hand.look()
            hand.look()
            assert reports.got.empty()
            entered.clear()
            leave.set()
            assert ref.ask("barrier", timeout=30) is None
            leave.clear()
            if stall == 0:
                hand.look()
    finally:
        leave.set()
        hand.look(end=True)
        watchdog.stop()
        dispatcher.close()


def test_many_short_messages_are_no_stall() -> None:
    reports, hand = Reports(), Hand()
    dispatcher = Dispatcher.in_thread(observer=reports)
    watchdog = Watchdog(dispatcher, 0.25, wait=hand.wait, clock=hand.clock)
    hand.begin()
    entered, leave = threading.Event(), threading.Event()
    ref = dispatcher.spawn(Blocking, entered, leave)
    for _ in range(6):
        ref.tell("block")
        assert entered.wait(5)
        entered.clear()
        hand.look()
        leave.set()
        assert ref.ask("barrier", timeout=30) is None
        leave.clear()
    assert reports.got.empty()
    hand.look(end=True)
    watchdog.stop()
    dispatcher.close()


def test_the_watchdog_notices_that_the_loop_is_gone() -> None:
    hand = Hand()
    loop = asyncio.new_event_loop()
    dispatcher = Dispatcher(loop)
    watchdog = Watchdog(dispatcher, 0.25, wait=hand.wait, clock=hand.clock)
    hand.begin()
    asked = dispatcher.spawn(LoopActor).ask("x", block=False)
    loop.close()
    hand.look(end=False, again=False)
    assert isinstance(_error(asked), Exception)
    watchdog.stop()
    assert not watchdog._thread.is_alive()


def _error(future: Any) -> BaseException | None:
    try:
        future.get(timeout=30)
    except Exception as error:  # noqa: BLE001 - it is what is tested
        return error
    return None
