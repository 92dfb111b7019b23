"""The API as a host uses it: threads, asyncio, callbacks, subscribers, map."""

from __future__ import annotations

import asyncio
import gc
import importlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pykka
import pytest

import actors
from actors import (
    BlockingCallError,
    Buffering,
    ConfigError,
    Endpoint,
    EventBatch,
    Intensity,
    RetryPolicy,
    Runtime,
    RuntimeClosedError,
    RuntimeConfig,
    SessionClosedError,
    TurnCancelledError,
    TurnFailedError,
    fold,
)
from actors.events import (
    Custom,
    Event,
    SessionEnded,
    SessionRestarted,
    StepFinished,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    TurnCancelled,
    TurnCompleted,
    TurnStarted,
)
from actors.messages import StartTurn
from actors.provider import Call, Gate, Pause, Reply, ScriptedProvider, Status
from actors.session import SessionActor

STORY = "Once upon a time there was an endpoint that always answered."


@pytest.fixture(scope="module")
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider(default=Reply(STORY, thoughts="hm")) as provider:
        yield provider


@pytest.fixture
def runtime(provider: ScriptedProvider) -> Iterator[Runtime]:
    with Runtime(provider.endpoint()) as runtime:
        yield runtime


def held(text: str = STORY, after: Any = 2) -> tuple[Reply, Gate]:
    gate = Gate()
    return Reply(text, faults=(Pause(after=after, gate=gate),)), gate


# Threads


def test_run_gives_the_completed_turn(runtime: Runtime) -> None:
    result = runtime.spawn().run("tell me a story")
    assert result.text == STORY
    assert result.thoughts == "hm"
    assert result.outcome.finish_reason == "stop"
    assert [usage.source for usage in result.usage] == ["measured"]


def test_the_conversation_grows_by_completed_turns_only(runtime: Runtime, provider: ScriptedProvider) -> None:
    session = runtime.spawn(
        id="growing", system="be brief", messages=[{"role": "user", "content": "earlier"}]
    )
    provider.script("growing", Reply("one"), Status(400), Reply("three"))
    session.run("first")
    with pytest.raises(TurnFailedError):
        session.run("second")
    session.run("third")
    sent = [message["content"] for message in provider.requests_of("growing")[2].body["messages"]]
    assert sent == ["be brief", "earlier", "first", "one", "third"]
    assert [message["content"] for message in session.history().get()] == [*sent, "three"]


def test_turns_of_a_session_run_one_after_the_other(runtime: Runtime) -> None:
    session = runtime.spawn()
    with session.events() as events:
        handles = [session.send(f"turn {n}") for n in (1, 2, 3)]
        for handle in handles:
            handle.wait()
        session.close()
        turns = [event.turn for event in events if isinstance(event, TurnStarted | TurnCompleted)]
    assert turns == [1, 1, 2, 2, 3, 3]


def test_messages_are_taken_instead_of_text(runtime: Runtime, provider: ScriptedProvider) -> None:
    runtime.spawn(id="parts").run([{"role": "user", "content": [{"type": "text", "text": "hello"}]}])
    assert provider.requests_of("parts")[0].body["messages"][0]["content"] == [
        {"type": "text", "text": "hello"}
    ]


def test_a_stream_folds_to_the_text_of_its_terminal_event(runtime: Runtime) -> None:
    with runtime.spawn().stream("go") as stream:
        events = list(stream)
        result = stream.result()
    assert fold(events).text == result.text == STORY
    assert events[-1] is result
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


def test_settings_of_one_turn(runtime: Runtime, provider: ScriptedProvider) -> None:
    session = runtime.spawn(id="settings")
    provider.script("settings", Reply("x", thoughts="shown"), Reply("x", thoughts="hidden"), Status(503))
    assert session.run("one").thoughts == "shown"
    assert session.run("two", enable_thought=False).thoughts == ""
    with pytest.raises(TurnFailedError) as failed:
        session.run("three", retry=None)
    assert failed.value.event.outcome.reason == "http_error:503"
    assert len(provider.requests_of("settings")) == 3


def test_two_endpoints_in_one_runtime(runtime: Runtime, provider: ScriptedProvider) -> None:
    other = provider.endpoint(model="other", transport="httpx", session_header=None)
    provider.script("other", Reply("from the other"))
    session = runtime.spawn()
    assert session.run("hi").text == STORY
    assert session.run("hi", endpoint=other).text == "from the other"


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"retries": 3}, "retries"),
        ({"retry": 3}, "SessionConfig.retry"),
        ({"endpoint": "http://x"}, "endpoint"),
    ],
)
def test_a_wrong_setting_is_named(runtime: Runtime, settings: dict[str, Any], field: str) -> None:
    session = runtime.spawn()
    with pytest.raises(ConfigError) as wrong:
        session.send("hi", **settings)
    assert wrong.value.field == field


def test_an_id_is_taken_once(runtime: Runtime) -> None:
    session = runtime.spawn(id="taken")
    with pytest.raises(ConfigError, match="exists already"):
        runtime.spawn(id="taken")
    session.close()
    session.ended.get(timeout=30)


def test_spawning_needs_an_endpoint_and_an_open_runtime(provider: ScriptedProvider) -> None:
    runtime = Runtime()
    with pytest.raises(RuntimeClosedError):
        runtime.spawn(provider.endpoint())
    with runtime:
        with pytest.raises(ConfigError, match="endpoint"):
            runtime.spawn()
        session = runtime.spawn(provider.endpoint())
    with pytest.raises(RuntimeClosedError):
        runtime.spawn(provider.endpoint())
    with pytest.raises(SessionClosedError):
        session.send("too late")
    with pytest.raises(actors.UsageError, match="entered once"), runtime:
        pass


def test_leaving_the_runtime_ends_what_runs(provider: ScriptedProvider) -> None:
    reply, _ = held()
    provider.script("running", reply)
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="running")
        running, queued = session.send("one"), session.send("two")
        provider.reached("running")
    for handle in (running, queued):
        with pytest.raises(TurnCancelledError):
            handle.wait()
    assert session.ended.get().reason == "runtime_closed"
    assert provider.wait_idle()
    assert not [
        t for t in threading.enumerate() if t.name.startswith("greenroom") and "provider" not in t.name
    ]


def test_a_closed_session_cancels_its_turns_and_ends_its_streams(
    runtime: Runtime, provider: ScriptedProvider
) -> None:
    reply, _ = held()
    provider.script("closing", reply)
    session = runtime.spawn(id="closing")
    events = session.events()
    with session.stream("go") as stream:
        next(event for event in stream if isinstance(event, TextDelta))
        session.close()
        assert isinstance(list(stream)[-1], TurnCancelled)
    assert isinstance(list(events)[-1], SessionEnded)
    assert session.ended.get(timeout=30).reason == "closed"
    with pytest.raises(SessionClosedError, match="spawn another"):
        session.run("more")


def test_a_turn_that_was_cut_off_says_what_it_cost(runtime: Runtime, provider: ScriptedProvider) -> None:
    reply, _ = held()
    provider.script("cut", Status(503), reply)
    session = runtime.spawn(id="cut", retry=RetryPolicy(backoff_ms=1))
    with session.stream("go") as stream:
        text = next(event for event in stream if isinstance(event, TextDelta)).text
        session.cancel()
        last = list(stream)[-1]
    assert isinstance(last, TurnCancelled)
    assert [(usage.attempt, usage.source) for usage in last.usage] == [(1, "unknown"), (2, "estimated")]
    assert last.usage[1].output_tokens == -(-len(text) // 4)


@pytest.mark.parametrize("text", [None, 3, [{"content": "without a role"}], ["hi", 3], {"role": "user"}])
def test_what_is_no_message_is_refused_at_once(runtime: Runtime, text: Any) -> None:
    with pytest.raises(ConfigError, match='"role": "user"'):
        runtime.spawn().send(text)


def test_what_no_json_can_hold_fails_the_turn(runtime: Runtime) -> None:
    session = runtime.spawn()
    with pytest.raises(TurnFailedError, match="can't be sent as JSON"), session.events() as events:
        session.run([{"role": "user", "content": object()}])
    session.close()
    assert not [event for event in events if isinstance(event, SessionRestarted)]


# Callbacks


def test_on_event_runs_in_the_callers_thread(runtime: Runtime) -> None:
    threads: set[int] = set()
    kinds: list[type[Event]] = []

    def on_event(event: Event) -> None:
        threads.add(threading.get_ident())
        kinds.append(type(event))

    runtime.spawn().run("go", on_event=on_event)
    assert threads == {threading.get_ident()}
    assert kinds[0] is TurnStarted
    assert kinds[-1] is TurnCompleted


def test_a_callback_that_raises_cancels_the_turn_and_reaches_the_caller(
    runtime: Runtime, provider: ScriptedProvider
) -> None:
    reply, _ = held()
    provider.script("raising", reply, reply)

    def on_event(event: Event) -> None:
        if isinstance(event, TextDelta):
            raise LookupError("the host's own trouble")

    session = runtime.spawn(id="raising")
    with pytest.raises(LookupError):
        session.run("go", on_event=on_event)
    with pytest.raises(LookupError):
        session.send("go", on_event=on_event).wait()
    assert provider.wait_idle()


def test_dropping_a_stream_cancels_its_turn(runtime: Runtime, provider: ScriptedProvider) -> None:
    reply, _ = held()
    provider.script("dropped", reply)
    session = runtime.spawn(id="dropped")
    with session.events() as events:
        stream = session.stream("go")
        next(event for event in stream if isinstance(event, TextDelta))
        del stream
        gc.collect()
        last = next(event for event in events if isinstance(event, TurnCancelled))
    assert last.reason == "the stream was closed"


# asyncio


def test_an_async_host(provider: ScriptedProvider) -> None:
    async def host() -> None:
        async with Runtime(provider.endpoint()) as runtime:
            session = runtime.spawn()
            assert (await session.send("go")).text == STORY
            async with session.stream("go") as stream:
                events = [event async for event in stream]
            assert fold(events).text == stream.result().text == STORY
            assert len(await session.history()) == 4
            seen: list[Event] = []

            async def on_event(event: Event) -> None:
                await asyncio.sleep(0)
                seen.append(event)

            await session.send("go", on_event=on_event)
            assert isinstance(seen[-1], TurnCompleted)
            with pytest.raises(BlockingCallError, match=r"await session\.send"):
                session.run("go")
            with pytest.raises(BlockingCallError, match="async for"):
                for _ in session.stream("go"):
                    pass
            with pytest.raises(BlockingCallError):
                session.send("go").wait()
            with pytest.raises(BlockingCallError, match="async with"), Runtime():
                pass
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(host())


def test_a_sync_runtime_is_awaited_from_another_loop(runtime: Runtime) -> None:
    async def host() -> str:
        session = runtime.spawn()
        async with session.stream("go") as stream:
            async for _ in stream:
                pass
        return (await session.send("go")).text

    assert asyncio.run(host()) == STORY


async def read_on(provider: ScriptedProvider, name: str, started: asyncio.Event) -> None:
    """A host that reads a stream until it is cancelled."""
    async with Runtime(provider.endpoint()) as runtime, runtime.spawn(id=name).stream("go") as stream:
        async for event in stream:
            if isinstance(event, TextDelta):
                started.set()


def test_cancelling_the_host_task_leaves_nothing(provider: ScriptedProvider) -> None:
    reply, _ = held()
    provider.script("host", reply)

    async def host() -> None:
        started = asyncio.Event()
        task = asyncio.create_task(read_on(provider, "host", started))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(host())
    assert provider.wait_idle()


# Steps


def test_a_step_is_the_reference_turn(runtime: Runtime, provider: ScriptedProvider) -> None:
    calls = (Call("search", '{"q": "a"}', id="c1"), Call("search", "", id="c2"), Call("broken", "{", id="c3"))
    provider.script("step", Reply("let me look", tool_calls=calls), Reply("plain"))
    tools = [{"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}]
    session = runtime.spawn(id="step", tool_call_deltas=True)
    events: list[Event] = []
    done = session.step([{"role": "user", "content": "look it up"}], tools, on_event=events.append).wait()
    assert done.full_text == "let me look"
    assert done.is_tool_call
    assert done.tool_calls == (("c1", "search", '{"q": "a"}'), ("c2", "search", ""), ("c3", "broken", "{"))
    assert [call.runnable for call in done.calls] == [True, True, False]
    assert any(isinstance(event, ToolCallDelta) for event in events)
    assert next(event for event in events if isinstance(event, StepFinished)).calls == done.calls
    assert provider.requests_of("step")[0].body["tools"] == tools
    assert session.history().get() == ()
    assert not session.step([{"role": "user", "content": "hi"}]).wait().is_tool_call


# Events


class Collector(pykka.ThreadingActor):
    use_daemon_thread = True

    def __init__(self, ended: threading.Event) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.ended = ended

    def on_receive(self, message: Any) -> Any:
        if isinstance(message, EventBatch):
            self.events.extend(message.events)
            if isinstance(message.events[-1], SessionEnded):
                self.ended.set()
            return None
        return tuple(self.events)


def test_an_actor_subscribes(runtime: Runtime) -> None:
    ended = threading.Event()
    ref = Collector.start(ended)
    session = runtime.spawn(buffering=Buffering(max_events=2))
    session.subscribe(ref)
    result = session.run("go")
    session.publish({"any": "thing"})
    session.close()
    assert ended.wait(5)
    events: tuple[Event, ...] = ref.ask("events", block=True)
    ref.stop()
    assert fold(event for event in events if event.turn == 1).text == result.text
    assert [event.payload for event in events if isinstance(event, Custom)] == [{"any": "thing"}]
    last = 0
    for event in events:
        assert getattr(event, "first_seq", event.seq) == last + 1
        last = event.seq


def test_a_subscriber_that_dies_is_forgotten(runtime: Runtime) -> None:
    ref = Collector.start(threading.Event())
    session = runtime.spawn(buffering=Buffering(max_bytes=1, max_control=1))
    session.subscribe(ref)
    ref.stop()
    assert session.run("go").text == STORY


def test_publish_comes_in_its_place(runtime: Runtime, provider: ScriptedProvider) -> None:
    reply, gate = held()
    provider.script("published", reply)
    session = runtime.spawn(id="published")
    with session.stream("go") as stream:
        before = next(event for event in stream if isinstance(event, TextDelta))
        session.publish("now")
        custom = next(event for event in stream if isinstance(event, Custom))
        gate.set()
        after = next(event for event in stream if isinstance(event, TextDelta))
    assert before.seq < custom.seq < after.seq
    assert custom.turn == 1


def test_thoughts_are_hidden_where_the_session_says_so(runtime: Runtime) -> None:
    with runtime.spawn(enable_thought=False).stream("go") as stream:
        assert not [event for event in stream if isinstance(event, ThoughtDelta)]


# Restarts


def test_a_session_that_fails_is_restarted_and_keeps_its_queue(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(monkeypatch, {2})
    session = runtime.spawn()
    neighbour = runtime.spawn()
    events = session.events()
    handles = [session.send(f"turn {n}") for n in (1, 2, 3)]
    assert handles[0].wait().text == STORY
    with pytest.raises(TurnFailedError, match="Boom"):
        handles[1].wait()
    assert handles[2].wait().text == STORY
    assert neighbour.run("still there?").text == STORY
    assert len(session.history().get()) == 4
    session.close()
    assert [event.restarts for event in events if isinstance(event, SessionRestarted)] == [1]


def test_past_its_intensity_the_session_ends(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_on(monkeypatch, {1, 2, 3})
    session = runtime.spawn(intensity=Intensity(restarts=1, within=60))
    neighbour = runtime.spawn()
    handles = [session.send(f"turn {n}") for n in (1, 2, 3, 4)]
    failures = [kind_of_failure(handle) for handle in handles]
    assert failures == ["internal"] * 4
    assert session.ended.get(timeout=30).reason == "restart_intensity"
    monkeypatch.undo()
    assert neighbour.run("still there?").text == STORY


def kind_of_failure(handle: actors.TurnHandle) -> str:
    with pytest.raises(TurnFailedError) as failed:
        handle.wait()
    return failed.value.event.outcome.kind


def fail_on(monkeypatch: pytest.MonkeyPatch, turns: set[int]) -> None:
    start = SessionActor._start_turn

    def failing(self: SessionActor, message: StartTurn) -> None:
        if message.turn in turns:
            raise RuntimeError("Boom")
        start(self, message)

    monkeypatch.setattr(SessionActor, "_start_turn", failing)


# Map


def test_map_in_completion_order(runtime: Runtime, provider: ScriptedProvider) -> None:
    results = list(runtime.map([f"prompt {n}" for n in range(20)], max_sessions=4))
    assert sorted(result.index for result in results) == list(range(20))
    assert all(result.result is not None and result.result.text == STORY for result in results)


def test_map_keeps_an_error_with_its_item(provider: ScriptedProvider) -> None:
    async def host() -> list[actors.MapResult]:
        async with Runtime(provider.endpoint(session_header=None, model="failing")) as runtime:
            return [result async for result in runtime.map(["a", "b"], max_sessions=1, retry=None)]

    provider.script("failing", Status(503), Reply("fine"))
    first, second = asyncio.run(host())
    assert (first.prompt, first.result) == ("a", None)
    assert isinstance(first.error, TurnFailedError)
    assert second.result is not None
    assert second.result.text == "fine"


def test_map_needs_a_positive_bound(runtime: Runtime) -> None:
    with pytest.raises(ConfigError, match="max_sessions"):
        runtime.map([], max_sessions=0)
    assert list(runtime.map([])) == []


# Asking


def test_ask_any_actor_from_a_loop(runtime: Runtime) -> None:
    class Echo(pykka.ThreadingActor):
        use_daemon_thread = True

        def on_receive(self, message: Any) -> Any:
            return message

    ref = Echo.start()

    async def host() -> Any:
        return await runtime.ask(ref, 20, timeout=30).map(lambda value: value + 1)

    assert asyncio.run(host()) == 21
    ref.stop()


def test_an_exit_in_an_actor_closes_the_runtime_in_order(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(self: SessionActor, message: StartTurn) -> None:
        raise SystemExit(3)

    monkeypatch.setattr(SessionActor, "_start_turn", leave)
    with pytest.raises(SystemExit), Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn()
        with pytest.raises((TurnFailedError, TurnCancelledError)):
            session.run("go")
        session.ended.get(timeout=30)


# The package


def test_the_public_names_are_what_the_package_says() -> None:
    assert set(actors.__all__) == {*actors._HOMES, *actors._MODULES}
    for name in actors.__all__:
        assert getattr(actors, name) is not None
    for name, home in actors._HOMES.items():
        assert getattr(importlib.import_module(home), name) is getattr(actors, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = actors.nothing


def test_importing_the_package_loads_no_http_client() -> None:
    code = "import sys, actors; print(sorted({'httpx', 'aiohttp', 'pykka'} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


def test_keys_show_nowhere() -> None:
    endpoint = Endpoint(base_url="http://127.0.0.1:1/v1", model="m", api_key="sk-secret")  # type: ignore[arg-type]
    with Runtime(endpoint) as runtime, pytest.raises(TurnFailedError) as failed:
        runtime.spawn(retry=None).run("go")
    assert "sk-secret" not in repr(endpoint) + repr(failed.value) + repr(failed.value.event)


def test_uvloop_is_a_choice(provider: ScriptedProvider) -> None:
    for choice in (True, False):
        with Runtime(provider.endpoint(), config=RuntimeConfig(uvloop=choice)) as runtime:
            assert runtime.spawn(retry=RetryPolicy(max_retries=0)).run("go").text == STORY


def test_a_host_that_is_cancelled_again_and_again_leaves_nothing(provider: ScriptedProvider) -> None:
    """As anyio's scopes do: each await in the clean-up is cancelled too."""
    reply, _ = held()
    provider.script("again", reply)

    async def host() -> None:
        started = asyncio.Event()
        task = asyncio.create_task(read_on(provider, "again", started))
        await started.wait()
        while not task.done():
            task.cancel()
            await asyncio.sleep(0)

    asyncio.run(host())
    assert provider.wait_disconnected()
