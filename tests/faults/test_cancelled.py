"""A cancel from any thread ends a turn wherever it waits, and leaves nothing behind: `stage` looks after each test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from actors.client import Session
from actors.config import Deadlines
from actors.errors import SessionClosedError, TurnCancelledError
from actors.events import AttemptStarted, Event, RetryScheduled, TextDelta, TurnCancelled
from actors.provider import Gate, KeepAlives, Pause, Play, ScriptedProvider, Stall, Status
from actors.runtime import Runtime
from tests.faults.stage import GOOD, TRANSPORTS, Stage

PATIENT = Deadlines()
"""The defaults, minutes: what ends sooner was not ended by them."""
TEXT = "Once upon a time there w"

PLACES: dict[str, tuple[Play, type[Event], str]] = {
    "before headers": (GOOD.but(Stall(after="before_headers")), AttemptStarted, ""),
    "before the first delta": (GOOD.but(Stall(after="after_headers")), AttemptStarted, ""),
    "in mid-text": (GOOD.but(Stall(after=6)), TextDelta, TEXT),
    "between keep-alives": (GOOD.but(KeepAlives(after=6, every_s=0.02)), TextDelta, TEXT),
    "before the finish": (GOOD.but(Stall(after=len(tuple(GOOD.pieces())))), TextDelta, GOOD.text),
    "after the finish": (GOOD.but(Stall(after="after_finish")), TextDelta, GOOD.text),
    "in a backoff": (Status(503, headers={"retry-after": "100"}), RetryScheduled, ""),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_turn_that_waits_is_cancelled(stage: Stage, place: str) -> None:
    play, cue, text = PLACES[place]
    deadlines = Deadlines(trailing=60)
    session = stage.spawn(play, GOOD, deadlines=deadlines)
    said: list[str] = []
    cancelling: list[threading.Thread] = []

    def cancel_on_cue(event: Event) -> None:
        if isinstance(event, TextDelta):
            said.append(event.text)
        if isinstance(event, cue) and "".join(said) == text and not cancelling:
            stage.provider.reached(session.id)
            cancelling.append(threading.Thread(target=session.cancel, kwargs={"reason": "enough"}))
            cancelling[0].start()

    with session.stream("Tell me a story.") as stream:
        played = stage.watch(session, stream, on_event=cancel_on_cue)
    cancelling[0].join()

    assert isinstance(played.terminal, TurnCancelled)
    assert (played.terminal.reason, played.terminal.text) == ("enough", text)
    assert len(played.requests) == 1
    stage.assert_at_rest()
    assert stage.provider.requests_of(session.id)[0].outcome == (
        "completed" if place == "in a backoff" else "client_gone"
    )
    assert session.run("Once more.").text == GOOD.text


@pytest.mark.parametrize("place", PLACES)
def test_who_waits_for_it_is_told(stage: Stage, place: str) -> None:
    session = stage.spawn(PLACES[place][0], deadlines=Deadlines(trailing=60))
    handle = session.send("Tell me a story.")
    with ThreadPoolExecutor(1) as elsewhere:
        waiting = elsewhere.submit(handle.wait, 5)
        stage.provider.reached(session.id)
        handle.cancel("enough")
        error = waiting.exception(5)

    assert isinstance(error, TurnCancelledError)
    assert error.event.reason == "enough"


ENDS: dict[str, Callable[[Session], None]] = {
    "the session is closed": Session.close,
    "it is cancelled": Session.cancel,
    "it is cancelled by its number": lambda session: session.cancel(1),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_queued_turn(stage: Stage, end: str) -> None:
    session = stage.spawn(GOOD.but(Stall(after=6)), GOOD, deadlines=PATIENT)
    running, queued, last = (session.send(text) for text in ("one", "two", "three"))
    stage.provider.reached(session.id)

    queued.cancel("not needed")
    with pytest.raises(TurnCancelledError, match="not needed"):
        queued.wait(5)
    assert not running.done()

    ENDS[end](session)
    with pytest.raises(TurnCancelledError):
        running.wait(5)
    if end == "the session is closed":
        with pytest.raises(TurnCancelledError):
            last.wait(5)
        assert session.ended.get(timeout=30).reason == "closed"
        with pytest.raises((SessionClosedError, TurnCancelledError)):
            session.send("four").wait(5)
    else:
        assert last.wait(5).text == GOOD.text
    messages = [request.body["messages"][-1]["content"] for request in stage.provider.requests_of(session.id)]
    assert "two" not in messages


def test_leaving_the_stream_cancels(stage: Stage) -> None:
    session = stage.spawn(GOOD.but(Stall(after=6)), GOOD, deadlines=PATIENT)
    with session.stream("Tell me a story.") as stream:
        for event in stream:
            if isinstance(event, TextDelta):
                break

    assert isinstance(stream.done.get(timeout=30), TurnCancelled)
    assert session.run("Once more.").text == GOOD.text


def test_a_callback_that_raises_ends_the_turn(stage: Stage) -> None:
    session = stage.spawn(GOOD.but(Stall(after=6)), deadlines=PATIENT)

    def refuse(event: Event) -> None:
        if isinstance(event, TextDelta):
            raise LookupError("no room for text")

    with pytest.raises(LookupError, match="no room"):
        session.run("Tell me a story.", on_event=refuse)
    with pytest.raises(LookupError, match="no room"):
        session.send("Tell me a story.", on_event=refuse).wait(5)


def test_waiting_for_a_connection(stage: Stage) -> None:
    gate = Gate()
    endpoint = stage.endpoint(max_connections=1)
    first = stage.spawn(GOOD.but(Pause(after=6, gate=gate)), endpoint=endpoint, deadlines=PATIENT)
    second = stage.spawn(endpoint=endpoint, deadlines=PATIENT)
    running = first.send("I am here.")
    stage.provider.reached(first.id)
    waiting = second.send("So am I.")
    assert second.history().get(timeout=30) == ()  # the turn has begun: it came first

    waiting.cancel()
    with pytest.raises(TurnCancelledError):
        waiting.wait(5)
    gate.set()
    assert running.wait(5).text == GOOD.text
    assert not stage.provider.requests_of(second.id)
    assert second.run("And now?").text == GOOD.text


def test_closing_the_runtime_ends_what_runs(stage: Stage) -> None:
    with Runtime(stage.endpoint()) as runtime:
        session = runtime.spawn(id="brief", deadlines=PATIENT)
        stage.provider.script("brief", GOOD.but(Stall(after=6)))
        handle = session.send("Tell me a story.")
        stage.provider.reached("brief")

    with pytest.raises(TurnCancelledError):
        handle.wait(5)
    assert session.ended.get(timeout=30).reason == "runtime_closed"
    assert stage.provider.wait_disconnected()


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("place", ["before headers", "in mid-text", "in a backoff"])
def test_a_host_on_a_loop_that_is_cancelled(transport: str, place: str) -> None:
    """On asyncio's own loop, in the host's own tasks: nothing of ours is left on it."""

    async def consume(session: Session) -> None:
        async with session.stream("Tell me a story.") as stream:
            async for _ in stream:
                pass

    async def host(provider: ScriptedProvider) -> None:
        async with Runtime(provider.endpoint(transport=transport)) as runtime:
            session = runtime.spawn(id="s", deadlines=PATIENT)
            events = session.events()
            consuming = asyncio.create_task(consume(session))
            await asyncio.to_thread(provider.reached, "s")
            consuming.cancel()
            with pytest.raises(asyncio.CancelledError):
                await consuming
            async for event in events:
                if isinstance(event, TurnCancelled):
                    break
            events.close()
            assert await asyncio.to_thread(provider.wait_idle)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert await asyncio.to_thread(provider.wait_disconnected)

    with ScriptedProvider(default=PLACES[place][0]) as provider:
        asyncio.run(host(provider))
