"""Each accepted turn ends in exactly one terminal event, also when a handler is made to raise.

The injection points are the handlers' tables: a message type that the drive below does not reach fails its case.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pykka
import pytest

import actors
from actors import (
    Agent,
    Approvals,
    Budget,
    Buffering,
    Deadlines,
    RetryPolicy,
    Rule,
    Runtime,
    RuntimeConfig,
    ToolContext,
    tool,
)
from actors.aggregator import AggregatorActor
from actors.attempts import Attempts
from actors.caller import CallerActor
from actors.company.overseer import Overseer
from actors.events import (
    ApprovalRequested,
    Event,
    SessionEnded,
    StepStarted,
    TextDelta,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from actors.kernel.future import LoopFuture
from actors.kernel.handlers import HandlingActor
from actors.ledger import Ledger
from actors.messages import EventBatch, GetHistory
from actors.provider import Call, Gate, Pause, Reply, ScriptedProvider, Stall, Status
from actors.root import Guardian, RootSupervisor
from actors.session import SessionActor
from actors.supervisor import Supervisor
from actors.turn import Turn
from actors.turns import tool_actor
from actors.turns.tool_actor import ToolActor

TERMINAL = (TurnCompleted, TurnFailed, TurnCancelled)
ACTORS: tuple[type[HandlingActor], ...] = (
    Supervisor,
    SessionActor,
    CallerActor,
    AggregatorActor,
    ToolActor,
    RootSupervisor,
)
POINTS = [
    (actor, message)
    for actor in ACTORS
    for message in actor.handlers
    if not message.__module__.startswith("actors.company")  # those are in tests/company/test_no_orphan.py
]
HOOKS = [
    (actor, hook)
    for actor in (Supervisor, RootSupervisor)
    for hook in ("on_child_failed", "on_child_stopped")
]
TEXT = "a long story " * 400


class BoomError(Exception):
    """What an injected handler raises."""


class Reader(pykka.ThreadingActor):
    """A subscriber that holds its first reply until it is released."""

    use_daemon_thread = True

    def __init__(self, released: LoopFuture[None]) -> None:
        super().__init__()
        self.released = released

    def on_receive(self, message: Any) -> None:
        assert isinstance(message, EventBatch)
        self.released.get(timeout=30)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_actor, "RETRY_S", 0.001)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Every event that any session emits, in order."""
    events: list[Event] = []
    deliver = Ledger._deliver

    def recording(self: Ledger, event: Event, turn: Turn | None) -> None:
        deliver(self, event, turn)
        events.append(event)

    monkeypatch.setattr(Ledger, "_deliver", recording)
    return events


def drive(provider: ScriptedProvider) -> None:
    """A busy evening that makes every actor handle each of its messages."""
    gate, held = Gate(), Gate()
    provider.script(
        "busy",
        Status(503),
        Reply(TEXT, delta_chars=2000, faults=(Pause(after=1, gate=gate),)),
        Status(400),
        Reply(TEXT, delta_chars=100, faults=(Pause(after=1, gate=held),)),
        Reply("never", faults=(Stall(after=0),)),
        Reply("", tool_calls=(Call("work"), Call("hang"))),
        Reply("First."),
        Reply("", tool_calls=(Call("work"),)),
        Reply("never", faults=(Stall(after=0),)),
        Reply(TEXT, delta_chars=100, faults=(Stall(after=40),)),
        Reply("", tool_calls=(Call("delegate"),)),
        Reply("", tool_calls=(Call("transfer_to_other"),)),
        Reply("With me."),
    )
    provider.script("neighbour", Reply("undisturbed"))
    config = RuntimeConfig(stats_every=0.005, progress_every=0.005, stall_after=None, max_active_turns=1)
    with Runtime(provider.endpoint(), config=config) as runtime, ThreadPoolExecutor(1) as pool:
        session = runtime.spawn(
            id="busy",
            retry=RetryPolicy(backoff_ms=1, jitter="none"),
            buffering=Buffering(max_bytes=1000),
        )
        released: LoopFuture[None] = LoopFuture()
        reader = Reader.start(released)
        unsubscribe = session.subscribe(reader)
        everything = pool.submit(list, session.events())
        a_turn_with_a_retry(session, gate, released)
        unsubscribe()
        ended(session, "a turn that fails")
        a_turn_that_is_cancelled(session, held)
        ended(session, "a turn that stalls", retry=None, deadlines=Deadlines(idle=0.03))
        a_turn_with_tools(session)
        a_turn_that_ends_behind_its_step(session)
        turns_out_of_budget(session)
        a_turn_that_is_handed_over(session)
        session.close()
        session.ended.get(timeout=30)
        everything.result(timeout=30)
        assert runtime.spawn(id="neighbour").run("still there?").text == "undisturbed"
        reader.stop()


def a_turn_with_a_retry(session: actors.Session, gate: Gate, released: LoopFuture[None]) -> None:
    with session.stream("a turn with a retry") as stream:
        for event in stream:
            if isinstance(event, TextDelta) and not gate.is_set():
                session.publish("in mid-stream")
                with_boom(session.history().get, timeout=30)
                released.set()
                gate.set()
    if not gate.is_set():
        released.set()
        gate.set()


def a_turn_that_is_handed_over(session: actors.Session) -> None:
    ended(session, "a turn that is handed over", handoffs=[Agent(name="other")], **HASTY)
    with_boom(session.relay(TurnStarted(session="elsewhere", turn=1, seq=1, timestamp=0.0)).get, timeout=5)


def a_turn_that_is_cancelled(session: actors.Session, held: Gate) -> None:
    with session.stream("a turn that is cancelled") as stream:
        for event in stream:
            if isinstance(event, TextDelta):
                session.cancel()
    held.set()


@tool(idempotent=True, retries=1)
async def work(context: ToolContext) -> str:
    """Fails at first, and says how far it is."""
    context.progress(context.attempt)
    if context.attempt == 1:
        raise OSError("not yet")
    return "worked"


@tool(timeout=0.01)
async def hang() -> None:
    """Hangs."""
    await asyncio.Event().wait()


HASTY: dict[str, Any] = {"retry": None, "deadlines": Deadlines(idle=0.3, first_event=1)}
TOOLS = {"tools": [work, hang], "approvals": Approvals(rules=(Rule("work"),), timeout=1), **HASTY}


def a_turn_with_tools(session: actors.Session) -> None:
    with (
        contextlib.suppress(actors.SessionClosedError),
        session.stream("a turn with tools", **TOOLS) as stream,
    ):
        for event in stream:
            if isinstance(event, ApprovalRequested):
                with_boom(session.steer("hurry").get, timeout=5)
                with_boom(session.approve(event.approval).get, timeout=5)


def a_turn_that_ends_behind_its_step(session: actors.Session) -> None:
    with (
        contextlib.suppress(actors.SessionClosedError),
        session.stream("one step only", tools=[work], **HASTY) as stream,
    ):
        for event in stream:
            if isinstance(event, StepStarted):
                session.cancel(after_step=True)


@tool
async def delegate(context: ToolContext) -> str:
    """Leave it to somebody else."""
    child = context.here.spawn(id="child", retry=None)
    return str(await child.send("you do it"))


def turns_out_of_budget(session: actors.Session) -> None:
    ended(session, "its time is over", budget=Budget(seconds=0.01), **HASTY)
    ended(session, "its answer is too long", budget=Budget(tokens=2000), **HASTY)
    ended(session, "others spend it all", budget=Budget(steps=1), tools=[delegate], **HASTY)


def ended(session: actors.Session, text: str, **settings: Any) -> None:
    try:
        handle = session.send(text, **settings)
    except actors.SessionClosedError:
        return
    wait(handle)


def wait(handle: actors.TurnHandle) -> None:
    with contextlib.suppress(actors.TurnError, actors.SessionClosedError):
        handle.wait(timeout=30)


def with_boom(call: Any, **kwargs: Any) -> None:
    with contextlib.suppress(BoomError):
        call(**kwargs)


def check(events: list[Event]) -> None:
    accepted = {event.turn for event in events if event.session == "busy" and event.turn}
    endings = Counter(
        event.turn for event in events if event.session == "busy" and isinstance(event, TERMINAL)
    )
    assert endings == dict.fromkeys(accepted, 1)
    for name in ("busy", "neighbour"):
        mine = [event for event in events if event.session == name]
        assert [event.seq for event in mine] == list(range(1, len(mine) + 1))
        assert isinstance(mine[-1], SessionEnded)
        assert sum(isinstance(event, SessionEnded) for event in mine) == 1


def raise_once(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, only: type | None = None
) -> list[int]:
    """Make a method raise the first time that it is called (with a message of one type)."""
    original = getattr(owner, name)
    hits: list[int] = []

    def wrapper(self: Any, message: Any, *args: Any) -> Any:
        mine = getattr(self, "_ledger", None)
        busy = mine is None or mine.session == "busy"
        if not hits and busy and (only is None or type(message) is only):
            hits.append(1)
            raise BoomError(f"{owner.__name__}.{name}")
        return original(self, message, *args)

    monkeypatch.setattr(owner, name, wrapper)
    return hits


def test_undisturbed(recorded: list[Event]) -> None:
    with ScriptedProvider(default=Reply("hello")) as provider:
        drive(provider)
    check(recorded)
    endings = [type(e).__name__ for e in recorded if isinstance(e, TERMINAL) and e.session == "busy"]
    assert endings == [
        "TurnCompleted",
        "TurnFailed",
        "TurnCancelled",
        "TurnFailed",
        "TurnCompleted",
        "TurnCancelled",
        "TurnFailed",
        "TurnFailed",
        "TurnFailed",
        "TurnCompleted",
    ]


@pytest.mark.parametrize(
    ("actor", "message"), POINTS, ids=[f"{actor.__name__}-{message.__name__}" for actor, message in POINTS]
)
def test_a_handler_that_raises(
    actor: type[HandlingActor], message: type, recorded: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    hits = raise_once(monkeypatch, actor, actor.handlers[message], only=message)
    with ScriptedProvider(default=Reply("hello")) as provider:
        drive(provider)
    assert hits, f"the drive does not make {actor.__name__} handle {message.__name__}"
    check(recorded)


@pytest.mark.parametrize(("actor", "hook"), HOOKS, ids=[f"{actor.__name__}-{hook}" for actor, hook in HOOKS])
def test_a_supervisor_that_raises_on_a_failure(
    actor: type[HandlingActor], hook: str, recorded: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = SessionActor if actor is Supervisor else Supervisor
    raise_once(monkeypatch, broken, next(iter(broken.handlers.values())))
    hits = raise_once(monkeypatch, actor, hook)
    with ScriptedProvider(default=Reply("hello")) as provider:
        drive(provider)
    assert hits
    check(recorded)


def test_every_actor_is_covered() -> None:
    def subclasses(cls: type[Any]) -> Iterator[type[Any]]:
        for sub in cls.__subclasses__():
            yield sub
            yield from subclasses(sub)

    shipped = {cls for cls in subclasses(HandlingActor) if cls.__module__.startswith("actors.")}
    parts = {Attempts, Overseer}  # of the supervisor; of the root and the nursery
    apart = (
        "actors.mcp.",
        "actors.company.",
        "actors.scenario.",
    )  # with tests of their own; a script's, in no session
    elsewhere = {cls for cls in shipped if cls.__module__.startswith(apart)}
    assert shipped - elsewhere == {*ACTORS, Guardian, *parts} - elsewhere
    assert Guardian.handlers == {}


def test_every_message_type_has_a_handler() -> None:
    handled = {message for actor in ACTORS for message in actor.handlers}
    to_subscribers = {EventBatch}
    declared = {
        value
        for value in vars(actors.messages).values()
        if isinstance(value, type)
        and issubclass(value, actors.messages.Message)
        and value is not actors.messages.Message
    }
    assert declared <= handled | to_subscribers
    assert GetHistory in handled
