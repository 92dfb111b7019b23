"""A consumer that does not keep up: memory stays bounded, the socket is not read, and nothing is lost in the end."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pykka
import pytest

from actors.caller import CallerActor
from actors.config import Buffering, Deadlines
from actors.core.fold import fold
from actors.events import Event, SessionEnded, TextDelta
from actors.kernel.future import LoopFuture
from actors.kernel.loop_actor import LoopActor
from actors.messages import EventBatch, Pause
from actors.provider import Gate, Reply, Stall
from actors.provider import Pause as Held
from tests.faults.stage import GOOD, Stage

DELTA = 8 * 1024
FLOOD = Reply(deltas=("x" * DELTA,) * 8192)
"""64 MiB of text: far more than the kernel holds back for a client that does not read."""
BROOK = Reply(deltas=tuple(f"{number:0{DELTA}}" for number in range(256)))
"""2 MiB, to be read."""
LIMIT = 64 * 1024
ONE_READ = 512 * 1024
"""What may still come after the limit is passed, as it was read by then: asyncio takes 256 KiB at once, and aiohttp
stops it when it has 128 KiB in hand."""


class Pauses:
    """Counts how often a caller was told to pause, and lets a test wait for it."""

    def __init__(self) -> None:
        self.count = 0
        self.reached = threading.Event()

    def wait(self) -> None:
        assert self.reached.wait(5), "the caller was never paused"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    pauses = Pauses()
    pause = CallerActor._pause

    def counted(self: CallerActor, message: Pause) -> None:
        pause(self, message)
        pauses.count += 1
        pauses.reached.set()

    monkeypatch.setattr(CallerActor, "_pause", counted)
    return pauses


@pytest.fixture
def last() -> Gate:
    """Before the flood's last delta: a server that is not read from does not come so far."""
    return Gate()


def buffered(outlet: Any) -> int:
    return int(outlet._buffer._bytes)


@pytest.mark.parametrize("overflow", ["merge", "pause"])
def test_a_stream_that_nobody_reads(moved: Stage, pauses: Pauses, last: Gate, overflow: Any) -> None:
    session = moved.spawn(
        FLOOD.but(Held(after=8191, gate=last)),
        buffering=Buffering(max_bytes=LIMIT, max_events=16, overflow=overflow),
        deadlines=Deadlines(idle=60),
    )
    with session.stream("Tell me everything.") as stream:
        pauses.wait()
        moved.settle()
        held = buffered(stream._outlet)
        assert LIMIT < held < LIMIT + ONE_READ
        # The idle deadline passes while we do not read: that is not the endpoint's fault. And it can't go on.
        moved.put_forward(100)
        with pytest.raises(TimeoutError):
            last.wait_reached(0)
        assert buffered(stream._outlet) == held
        (request,) = moved.provider.requests_of(session.id)
        assert request.outcome == "serving"
        assert not stream.done.done()


@pytest.mark.parametrize("overflow", ["merge", "pause"])
def test_a_stream_that_is_read_late(stage: Stage, pauses: Pauses, overflow: Any) -> None:
    session = stage.spawn(BROOK, buffering=Buffering(max_bytes=LIMIT, max_events=16, overflow=overflow))
    with session.stream("Tell me everything.") as stream:
        pauses.wait()
        played = stage.watch(session, stream)

    assert (len(played.requests), played.retries) == (1, ())
    assert played.completed.text == BROOK.full_text
    deltas = [event for event in played.events if isinstance(event, TextDelta)]
    if overflow == "pause":
        assert all(event.first_seq == event.seq for event in deltas)


def test_no_more_events_wait_than_are_asked_for(stage: Stage, pauses: Pauses, last: Gate) -> None:
    """With `overflow="pause"` it is their number that stops the reading."""
    reply = Reply(deltas=tuple(f"{number:04} " for number in range(3000)), slice=64)
    buffering = Buffering(max_events=16, overflow="pause")
    session = stage.spawn(reply.but(Held(after=2999, gate=last)), buffering=buffering)
    with session.stream("Tell me everything.") as stream:
        pauses.wait()
        stage.settle()
        assert (
            16 < len(stream._outlet._buffer) < 512
        )  # httpx reads 64 KiB, and gives each HTTP chunk of it alone
        last.set()
        played = stage.watch(session, stream)

    assert played.completed.text == reply.full_text
    assert all(event.first_seq == event.seq for event in played.events if isinstance(event, TextDelta))


def test_deltas_merge_before_anything_is_paused(stage: Stage, pauses: Pauses) -> None:
    reply = Reply(deltas=tuple(f"{number:04} " for number in range(1000)), slice=64)
    session = stage.spawn(reply, buffering=Buffering(max_events=8))
    with session.stream("Tell me everything.") as stream:
        assert stream.done.get(timeout=30).text == reply.full_text
        assert len(stream._outlet._buffer) < 16
        stage.watch(session, stream)

    assert pauses.count == 0


def test_a_stream_that_is_dropped_unread(stage: Stage, pauses: Pauses, last: Gate) -> None:
    session = stage.spawn(BROOK.but(Held(after=255, gate=last)), GOOD, buffering=Buffering(max_bytes=LIMIT))
    with session.stream("Tell me everything."):
        pauses.wait()

    assert session.run("Something short.").text == GOOD.text


def test_a_session_stream_that_is_closed_unread_lets_the_turn_go_on(
    stage: Stage, pauses: Pauses, last: Gate
) -> None:
    session = stage.spawn(BROOK.but(Held(after=255, gate=last)), buffering=Buffering(max_bytes=LIMIT))
    events = session.events()
    handle = session.send("Tell me everything.")
    pauses.wait()
    last.set()
    assert not handle.done()

    events.close()
    assert handle.wait(5).text == BROOK.full_text


class Slow:
    """Takes batches, and replies to the first only when it is told to."""

    def __init__(self) -> None:
        self.batches: list[tuple[Event, ...]] = []
        self.first = threading.Event()
        self.ended = threading.Event()

    def take(self, batch: EventBatch) -> bool:
        """Whether to reply late."""
        self.batches.append(batch.events)
        self.first.set()
        if isinstance(batch.events[-1], SessionEnded):
            self.ended.set()
        return len(self.batches) == 1


class SlowThread(Slow, pykka.ThreadingActor):
    def __init__(self) -> None:
        Slow.__init__(self)
        pykka.ThreadingActor.__init__(self)
        self.released = threading.Event()

    def on_receive(self, message: Any) -> None:
        if self.take(message):
            assert self.released.wait(5)

    def release(self) -> None:
        self.released.set()


class SlowLoop(Slow, LoopActor):
    def __init__(self) -> None:
        Slow.__init__(self)
        LoopActor.__init__(self)
        self.reply: LoopFuture[None] = LoopFuture()

    def on_receive(self, message: Any) -> LoopFuture[None] | None:
        return self.reply if self.take(message) else None

    def release(self) -> None:
        self.reply.set(None)


@pytest.fixture(params=[SlowThread, SlowLoop])
def subscriber(request: pytest.FixtureRequest, stage: Stage) -> Iterator[pykka.ActorRef[Any]]:
    cls = request.param
    ref = (cls if cls is SlowThread else stage.dispatcher.bind(cls)).start()
    yield ref
    ref.stop()


def test_a_subscribed_actor_that_replies_late(
    stage: Stage, pauses: Pauses, last: Gate, subscriber: pykka.ActorRef[Any]
) -> None:
    slow: Any = subscriber._actor_weakref()
    session = stage.spawn(
        BROOK.but(Held(after=255, gate=last)), buffering=Buffering(max_bytes=LIMIT, max_events=16)
    )
    session.subscribe(subscriber)
    handle = session.send("Tell me everything.")
    pauses.wait()
    stage.settle()

    (outlet,) = session._ledger.outlets
    assert LIMIT < buffered(outlet) < LIMIT + ONE_READ
    assert len(slow.batches) == 1
    last.set()
    slow.release()
    assert handle.wait(5).text == BROOK.full_text
    session.close()
    assert slow.ended.wait(5)

    events = [event for batch in slow.batches for event in batch]
    assert events[0].seq == 1
    for event, following in itertools.pairwise(events):
        assert getattr(following, "first_seq", following.seq) == event.seq + 1
    assert fold(events).text == BROOK.full_text


def test_a_subscribed_actor_that_dies_unread_lets_the_turn_go_on(
    stage: Stage, pauses: Pauses, last: Gate, subscriber: pykka.ActorRef[Any]
) -> None:
    slow: Any = subscriber._actor_weakref()
    session = stage.spawn(BROOK.but(Held(after=255, gate=last)), buffering=Buffering(max_bytes=LIMIT))
    session.subscribe(subscriber)
    handle = session.send("Tell me everything.")
    pauses.wait()
    last.set()

    subscriber.stop(block=False)
    slow.release()
    assert handle.wait(5).text == BROOK.full_text
    assert session._ledger.outlets == ()


def test_an_unsubscribed_actor_is_waited_for_no_longer(
    stage: Stage, pauses: Pauses, last: Gate, subscriber: pykka.ActorRef[Any]
) -> None:
    slow: Any = subscriber._actor_weakref()
    session = stage.spawn(BROOK.but(Held(after=255, gate=last)), buffering=Buffering(max_bytes=LIMIT))
    unsubscribe = session.subscribe(subscriber)
    handle = session.send("Tell me everything.")
    pauses.wait()
    last.set()

    unsubscribe()
    assert handle.wait(5).text == BROOK.full_text
    slow.release()
    assert len(slow.batches) == 1


def test_usage_that_comes_after_a_pause_is_not_lost(moved: Stage, pauses: Pauses) -> None:
    """The finish reason may be the last that is read before the pause: what trails it has its time after that."""
    gate = Gate()
    reply = Reply("x" * (LIMIT + 1), delta_chars=LIMIT + 1)
    session = moved.spawn(
        reply.but(Held(after="after_finish", gate=gate)), buffering=Buffering(max_bytes=LIMIT)
    )
    with session.stream("Tell me everything.") as stream:
        pauses.wait()
        gate.wait_reached()
        moved.put_forward(100)  # `trailing` is 60 s
        assert not stream.done.done()
        gate.set()
        played = moved.watch(session, stream)

    assert played.completed.usage[0].source == "measured"


def test_an_endpoint_that_stalls_after_a_pause_is_found_out(moved: Stage, pauses: Pauses) -> None:
    """The idle deadline that passed in the pause must be armed again after it."""
    session = moved.spawn(
        BROOK.but(Stall(after=255)), GOOD, buffering=Buffering(max_bytes=LIMIT), deadlines=Deadlines(idle=60)
    )
    unread = [BROOK.full_text[: 255 * DELTA]]

    def wait_at_its_end(event: Event) -> None:
        if isinstance(event, TextDelta):
            unread[0] = unread[0].removeprefix(event.text)
            if not unread[0]:
                moved.put_forward(60)

    with session.stream("Tell me everything.") as stream:
        pauses.wait()
        moved.put_forward(100)
        assert not stream.done.done()
        played = moved.watch(session, stream, on_event=wait_at_its_end)

    assert (len(played.requests), played.reasons) == (2, ("stalled:idle",))
    assert played.completed.text == GOOD.text
