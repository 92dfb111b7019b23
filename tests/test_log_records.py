"""The log of a busy evening: every event there is, in the schema's words, and nothing that is nobody's business."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

import msgspec
import pytest

import actors.log
from actors import (
    Approvals,
    AskTimeoutError,
    Intensity,
    Repeats,
    RetryPolicy,
    Rule,
    Runtime,
    RuntimeConfig,
    ToolContext,
    TurnFailedError,
    tool,
)
from actors.company.room_events import Missed
from actors.events import ApprovalRequested, TextDelta
from actors.kernel.dispatcher import Dispatcher
from actors.log.schema import EVENTS
from actors.messages import GetHistory, StartTurn
from actors.observer import RuntimeObserver
from actors.provider import Call, Gate, Pause, Reply, ScriptedProvider, Stall, Status
from actors.session import SessionActor
from tests.log.keeping import complaints

ANSWER = "the model's own words"
PROMPT = "the person's own words"
KEY = "sk-very-secret"


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What a busy evening wrote, by event name."""
    path = tmp_path_factory.mktemp("log") / "evening.jsonl"
    with pytest.MonkeyPatch.context() as monkeypatch, actors.log.to_file(path):
        an_evening(monkeypatch)
    text = path.read_text("utf-8")
    for secret in (ANSWER, PROMPT, KEY):
        assert secret not in text
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in text.splitlines():
        record = msgspec.json.decode(line)
        found[record["event.name"]].append(record)
    return found


def an_evening(monkeypatch: pytest.MonkeyPatch) -> None:
    start = SessionActor._start_turn

    def failing(self: SessionActor, message: StartTurn) -> None:
        if message.messages[0]["content"] == "break":
            raise RuntimeError("Boom")
        if message.messages[0]["content"] == "stall":
            stalled.wait(5)
        start(self, message)

    monkeypatch.setattr(SessionActor, "_start_turn", failing)
    stalled = threading.Event()
    report = RuntimeObserver.on_stalled

    def on_stalled(self: Any, actor: str, seconds: float, stack: str) -> None:
        report(self, actor, seconds, stack)
        stalled.set()

    monkeypatch.setattr(RuntimeObserver, "on_stalled", on_stalled)
    gate = Gate()
    held = Reply(ANSWER, faults=(Pause(after=2, gate=gate),))
    config = RuntimeConfig(stats_every=0.01, progress_every=0.01, stall_after=0.05)
    with ScriptedProvider(default=Reply(ANSWER)) as provider:
        provider.script("busy", Status(503), Reply(ANSWER), Status(400), held, Reply(ANSWER))
        with Runtime(provider.endpoint(api_key=KEY), config=config) as runtime:
            session = runtime.spawn(id="busy", retry=RetryPolicy(backoff_ms=20, jitter="none"))
            session.run(PROMPT)
            with pytest.raises(TurnFailedError):
                session.run(PROMPT)
            with session.stream(PROMPT) as stream:
                next(event for event in stream if isinstance(event, TextDelta))
                wait_for_a_progress_record(runtime)
            with pytest.raises(TurnFailedError):
                session.run("break")
            session.run("stall")
            an_agent_at_work(provider, runtime)
            a_company(provider, runtime)
            broken = runtime.spawn(id="broken", intensity=Intensity(restarts=0))
            with pytest.raises(TurnFailedError):
                broken.run("break")
            broken.ended.get(timeout=5)
            dispatcher = runtime._dispatcher
            assert isinstance(dispatcher, Dispatcher)
            dispatcher.dead_letter(
                session.ref,
                GetHistory(),
                "a test",
            )


@tool
async def crash(word: str, context: ToolContext) -> str:
    """Crash, but at first."""
    if context.step > 2:
        raise ValueError(ANSWER)
    return word


def an_agent_at_work(provider: ScriptedProvider, runtime: Runtime) -> None:
    asks = Reply("", tool_calls=(Call("crash", f'{{"word": "{PROMPT}"}}'),))
    provider.script("agent", Reply(""), asks, asks, Reply(ANSWER))
    policy = Approvals(rules=(Rule("crash"),))
    session = runtime.spawn(id="agent", tools=[crash], approvals=policy, repeats=Repeats(warn=2))
    with session.stream(PROMPT) as stream:
        for event in stream:
            if isinstance(event, ApprovalRequested):
                session.steer(PROMPT).get(timeout=5)
                session.approve(event.approval).get(timeout=5)


def a_company(provider: ScriptedProvider, runtime: Runtime) -> None:
    provider.script("deaf", Status(400), Reply("", faults=(Stall(after=0),)))
    deaf, room = runtime.spawn(id="deaf"), runtime.room("lobby")
    room.join(deaf).get(timeout=5)
    with room.events() as events:
        room.say(PROMPT).get(timeout=5)
        next(event for event in events if isinstance(event, Missed))
    with pytest.raises(AskTimeoutError):
        runtime.spawn(id="asker").ask("deaf", PROMPT, timeout=0.01).get(timeout=5)


def wait_for_a_progress_record(runtime: Runtime) -> None:
    seen = threading.Event()
    log = runtime._services.log
    emit = log.emit

    def watching(event_name: str, *args: Any, **kwargs: Any) -> None:
        emit(event_name, *args, **kwargs)
        if event_name == "actors.request.progress":
            seen.set()

    log.emit = watching  # type: ignore[method-assign]
    assert seen.wait(5)
    log.emit = emit  # type: ignore[method-assign]


def test_every_event_is_written(records: dict[str, list[dict[str, Any]]]) -> None:
    assert records.keys() == EVENTS.keys()


def test_records_are_flat_and_keep_to_the_schema(records: dict[str, list[dict[str, Any]]]) -> None:
    for found in records.values():
        for record in found:
            assert complaints(record) == []
            assert not [name for name, value in record.items() if isinstance(value, dict)]


def test_seq_counts_the_records_of_the_file(records: dict[str, list[dict[str, Any]]]) -> None:
    seqs = sorted(record["seq"] for found in records.values() for record in found)
    assert seqs == list(range(1, len(seqs) + 1))


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (
            "actors.request.started",
            {"request.id", "server.address", "server.port", "messages.count", "tools.count"},
        ),
        ("actors.request.first_chunk", {"request.id", "gen_ai.response.time_to_first_chunk"}),
        ("actors.request.progress", {"chunks.count", "duration"}),
        (
            "actors.request.completed",
            {"gen_ai.usage.input_tokens", "gen_ai.response.finish_reasons", "attempt.duration", "outcome"},
        ),
        ("actors.request.failed", {"http.response.status_code", "error.type", "outcome", "request.attempt"}),
        ("actors.request.retry_scheduled", {"retry.delay", "retry.max", "retry.reason", "retry.next_at"}),
        ("actors.turn.completed", {"gen_ai.conversation.id", "session.turn", "duration", "outcome"}),
        ("actors.turn.failed", {"error.type", "reason"}),
        ("actors.session.restarted", {"exception.type", "exception.stacktrace", "actor.restarts"}),
        ("actors.actor.failed", {"actor.class", "actor.urn", "actor.parent", "exception.message"}),
        ("actors.actor.dead_letter", {"actor.class", "message.type"}),
        ("actors.ask.failed", {"ask.session", "error.type", "gen_ai.conversation.id"}),
        ("actors.room.missed", {"room.name", "gen_ai.conversation.id"}),
        ("actors.dispatcher.stalled", {"code.stacktrace", "duration"}),
        (
            "actors.runtime.stats",
            {"runtime.sessions.idle", "runtime.retries", "runtime.loop.lag", "runtime.rss"},
        ),
    ],
)
def test_what_a_record_tells(records: dict[str, list[dict[str, Any]]], event: str, fields: set[str]) -> None:
    assert any(fields <= record.keys() for record in records[event])
