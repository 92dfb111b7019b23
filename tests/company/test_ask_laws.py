"""The law of asks: each gets exactly one answer, error or deadline, whatever crashes, ends or is full meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, NamedTuple

import pykka
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import (
    AdmissionError,
    AskError,
    Intensity,
    NoSuchSessionError,
    RetryPolicy,
    Runtime,
    RuntimeConfig,
    Session,
    SessionClosedError,
    TurnError,
    talk_tools,
)
from actors.company.switchboard import Switchboard
from actors.company.talking import Talking
from actors.events import TurnCompleted
from actors.kernel.future import LoopFuture
from actors.provider import Call, Eof, Play, Reply, Status
from actors.sim import Simulation
from actors.supervisor import Supervisor
from tests.company.waiting import until_quiet

NAMES = "abcd"
TIMEOUT = 5.0
SLOW = Reply("Wait ... here it is.", pace_s=2.0)
ENDS = (TurnCompleted, AskError, AdmissionError, NoSuchSessionError, SessionClosedError, TurnError)

names = st.sampled_from(NAMES)


def asking(*whom: str) -> Reply:
    return Reply(
        "", tool_calls=tuple(Call("ask_session", f'{{"session": "{one}", "text": "?"}}') for one in whom)
    )


plays = st.one_of(
    st.just(Reply("Fine.")),
    st.just(SLOW),
    st.just(Status(400)),
    st.just(SLOW.but(Eof(after=1))),
    st.lists(names, min_size=1, max_size=3).map(lambda whom: asking(*whom)),
)
scripts = st.fixed_dictionaries({name: st.lists(plays, min_size=1, max_size=4) for name in NAMES})


class Deed(NamedTuple):
    """What happens from outside."""

    at: float
    what: str
    who: str
    whom: str


deeds = st.lists(
    st.builds(
        Deed,
        at=st.floats(0, 40),
        what=st.sampled_from(["ask", "send", "cancel", "close", "crash", "crash the switchboard"]),
        who=names,
        whom=names,
    ),
    min_size=1,
    max_size=12,
)


class Poison(NamedTuple):
    """Whoever gets it fails."""


class Asked(NamedTuple):
    """An ask, and how it ended: once for each time that its future was done."""

    at: float
    ends: list[tuple[float, Any]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """All asks, those of tools included."""
    asked: list[Asked] = []
    ask = Talking.ask

    def recorded(self: Talking, *args: Any, **kwargs: Any) -> LoopFuture[TurnCompleted]:
        loop = asyncio.get_running_loop()
        one = Asked(loop.time(), [])
        asked.append(one)
        future = ask(self, *args, **kwargs)
        future.add_done_callback(lambda done: one.ends.append((loop.time(), done.outcome())))
        return future

    monkeypatch.setattr(Talking, "ask", recorded)
    for actor in (Supervisor, Switchboard):
        monkeypatch.setitem(actor.handlers, Poison, "no_such_handler")
    return asked


async def do(runtime: Runtime, deed: Deed) -> None:
    await asyncio.sleep(deed.at)
    if deed.what == "crash the switchboard":
        runtime._services.exchange.switchboard.tell(Poison())
    for session in runtime.sessions():
        if session.id == deed.who:
            with contextlib.suppress(AdmissionError, SessionClosedError, pykka.ActorDeadError):
                act(session, deed)


def act(session: Session, deed: Deed) -> None:
    match deed.what:
        case "ask":
            session.ask(deed.whom, "Tell me.", timeout=TIMEOUT)
        case "send":
            session.send("Go on.")
        case "cancel":
            session.cancel()
        case "close":
            session.close()
        case "crash":
            session._ledger.supervisor.tell(Poison())


@settings(max_examples=60)
@given(seed=st.integers(0, 2**16), scripts=scripts, deeds=deeds)
def check(seed: int, scripts: dict[str, list[Play]], deeds: list[Deed], asked: list[Asked]) -> None:
    asked.clear()
    sim = Simulation(seed)
    for name, lines in scripts.items():
        sim.provider.script(name, *lines)
    config = RuntimeConfig(intensity=Intensity(restarts=20, within=1000))

    async def main() -> None:
        async with sim.runtime(config=config) as runtime:
            tools = talk_tools(ask_timeout=TIMEOUT)
            for name in NAMES:
                retry = RetryPolicy(max_retries=1, jitter="none")
                runtime.spawn(id=name, tools=tools, max_queued_turns=2, max_steps=5, retry=retry)
            await asyncio.gather(*(do(runtime, deed) for deed in deeds))
            await asyncio.sleep(TIMEOUT)  # not until quiet: a deadline must do
            assert all(one.ends for one in asked if one.at <= sim.now() - TIMEOUT)
            await until_quiet(runtime)
            await runtime.spawn(id="last").others()  # a barrier: the switchboard has heard of all ends
            assert runtime._services.exchange.asks == {}

    sim.run(main)
    assert not sim.leftovers()
    for at, ends in asked:
        ((ended, (value, error)),) = ends
        assert ended - at <= TIMEOUT + 0.1
        assert isinstance(value if error is None else error, ENDS)


def test_each_ask_has_exactly_one_end_and_has_it_in_time(asked: list[Asked]) -> None:
    check(asked=asked)
    assert asked
