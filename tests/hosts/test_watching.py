"""All of a runtime's sessions: listed, and watched by streams and by actors."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import pykka
import pytest

from actors import Buffering, EventBatch, Runtime, RuntimeClosedError, RuntimeConfig, SessionConfig, fold
from actors.events import Event, SessionEnded, TurnCompleted
from actors.kernel.future import LoopFuture
from actors.provider import Reply, ScriptedProvider

STORY = "Once upon a time. " * 50


class Reader(pykka.ThreadingActor):
    """Keeps what it gets; tells when so many sessions have ended."""

    use_daemon_thread = True

    def __init__(self, sessions: int) -> None:
        super().__init__()
        self.left = sessions
        self.events: list[Event] = []
        self.all_ended: LoopFuture[list[Event]] = LoopFuture()

    def on_receive(self, message: Any) -> Any:
        if message == "all ended":
            return self.all_ended
        assert isinstance(message, EventBatch)
        assert len({event.session for event in message.events}) == 1
        self.events += message.events
        self.left -= isinstance(message.events[-1], SessionEnded)
        if self.left == 0:
            self.all_ended.set(self.events)
        return None


def check(events: list[Event], sessions: set[str]) -> None:
    by_session: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_session[event.session].append(event)
    assert set(by_session) == sessions
    for mine in by_session.values():
        place = mine[0].seq - 1
        for event in mine:
            assert getattr(event, "first_seq", event.seq) == place + 1
            place = event.seq
        assert isinstance(mine[-1], SessionEnded)
        done = [event for event in mine if isinstance(event, TurnCompleted)]
        assert fold(mine).text == STORY
        assert [event.text for event in done] == [STORY]


@pytest.fixture
def storyteller() -> Any:
    with ScriptedProvider(default=Reply(STORY, delta_chars=3)) as provider:
        yield provider


def test_the_sessions_that_have_not_ended_are_listed(provider: ScriptedProvider) -> None:
    with Runtime(provider.endpoint()) as runtime:
        assert runtime.sessions() == ()
        one, two = runtime.spawn(id="one"), runtime.spawn(id="two")
        assert [session.id for session in runtime.sessions()] == ["one", "two"]
        assert runtime.sessions()[0].run("hello").text == "fine"
        assert len(one.history().get(timeout=30)) == 2
        one.close()
        one.ended.get(timeout=30)
        two.history().get(timeout=30)
        assert [session.id for session in runtime.sessions()] == ["two"]
    with pytest.raises(RuntimeClosedError):
        runtime.sessions()


@pytest.mark.parametrize("max_events", [1, 256])
def test_a_stream_of_all_sessions_ends_with_the_runtime(
    storyteller: ScriptedProvider, max_events: int
) -> None:
    buffering = Buffering(max_events=max_events, max_bytes=200)
    config = RuntimeConfig(session=SessionConfig(buffering=buffering))

    async def host() -> list[Event]:
        async with Runtime(storyteller.endpoint(), config=config) as runtime:
            early = runtime.spawn(id="early")
            got: list[Event] = []

            async def read() -> None:
                got.extend([event async for event in everything])

            everything = runtime.events()
            reading = asyncio.create_task(read())
            late = [runtime.spawn(id=f"late {number}") for number in range(3)]
            for handle in [session.send("a story") for session in (early, *late)]:
                await handle
            late[0].close()
        await reading
        return got

    got = asyncio.run(asyncio.wait_for(host(), 20))
    check(got, {"early", "late 0", "late 1", "late 2"})


def test_a_thread_reads_all_sessions_too(storyteller: ScriptedProvider) -> None:
    with Runtime(storyteller.endpoint()) as runtime:
        everything = runtime.events()
        for number in range(2):
            runtime.spawn(id=str(number)).run("a story")
    check(list(everything), {"0", "1"})


def test_closing_the_stream_of_all_cancels_nothing(provider: ScriptedProvider) -> None:
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn()
        with runtime.events() as everything:
            session.publish("seen")
            session.history().get(timeout=30)
        assert session.run("hello").text == "fine"
        assert runtime.spawn().run("hello").text == "fine"
        assert runtime._house.watchers._watches == {}
        assert session._ledger.outlets == ()
    assert all(event.turn == 0 for event in everything)


def test_an_actor_gets_the_events_of_all_sessions(storyteller: ScriptedProvider) -> None:
    reader = Reader.start(3)
    with Runtime(storyteller.endpoint()) as runtime:
        early = runtime.spawn(id="early")
        unsubscribe = runtime.subscribe(reader)
        late = [runtime.spawn(id=f"late {number}") for number in range(2)]
        for handle in [session.send("a story") for session in (early, *late)]:
            handle.wait(timeout=10)
        for session in (early, *late):
            session.close()
            session.ended.get(timeout=30)
        got = reader.ask("all ended", timeout=30).get(timeout=30)
        unsubscribe()
        unsubscribe()
        last = runtime.spawn()
        assert last.run("a story").text == STORY
        assert last._ledger.outlets == ()
    check(got, {"early", "late 0", "late 1"})
    reader.stop()
