"""No orphan is left, whatever crashes: each handler and hook that a tree makes run is made to raise once.

The drive has children of each restart type, two floors of them, one that fails for good, and a turn that has a child.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from actors import Runtime, ToolContext, tool
from actors.company.messages import ChildOverdue
from actors.company.nursery import Nursery
from actors.errors import GreenroomError, SessionClosedError
from actors.events import Event, SessionEnded
from actors.kernel.handlers import HandlingActor
from actors.messages import Close
from actors.provider import Call, Reply
from actors.root import RootSupervisor
from actors.session import SessionActor
from actors.sim import Simulation
from actors.supervisor import Supervisor
from actors.turns.tool_actor import ToolActor
from tests.company.troupe import (
    BREAK,
    BRITTLE,
    BoomError,
    check_that_nothing_is_left,
    check_the_laws,
)

pytestmark = pytest.mark.usefixtures("_breakable")

POINTS = [
    (actor, actor.handlers[message], message)
    for actor in (Nursery, Supervisor, SessionActor, ToolActor, RootSupervisor)
    for message in actor.handlers
    if message is not ChildOverdue
]
HOOKS = [
    (actor, hook, None)
    for actor in (Nursery, Supervisor, RootSupervisor)
    for hook in ("on_child_failed", "on_child_stopped", "on_start", "_go_on")
    if hasattr(actor, hook)
]
CASES = [*POINTS, *HOOKS]
MUST_BE_HIT = [case for case in CASES if case[0] is Nursery or "child" in case[1]]


@tool
async def delegate(context: ToolContext) -> str:
    """Have someone else do it."""
    return str((await context.here.spawn("worker").send("do it")).text)


async def drive(runtime: Runtime) -> None:
    """A busy evening of a tree, in which everything may go wrong."""
    root = runtime.spawn(id="root", strategy="one_for_all", tools=[delegate])
    with contextlib.suppress(GreenroomError):
        for name, restart in (("a", "permanent"), ("b", "transient"), ("c", "temporary")):
            child = root.spawn(id=name, restart=restart, intensity=BRITTLE)  # type: ignore[arg-type]
            child.spawn(id=f"{name}1")
    await attempt(root, "go")
    for session in (root, *root.children()):
        session.publish("a word")
    for name in ("b", "b", "a"):
        for child in root.children():
            if child.id == name:
                await attempt(child, BREAK)
        await asyncio.sleep(1)
    for child in root.children():
        if child.id == "a":
            child.close()
    await asyncio.sleep(1)
    root.close()
    await root.ended


def boom(*_: Any) -> None:
    raise BoomError


async def attempt(session: Any, text: str) -> None:
    with contextlib.suppress(GreenroomError):
        await session.send(text)


def run(seed: int = 1) -> Runtime:
    sim = Simulation(seed)
    sim.provider.script("root", Reply("", tool_calls=(Call("delegate"),)), Reply("done"))
    runtime = sim.runtime()

    async def main() -> None:
        async with runtime:
            await drive(runtime)
            assert runtime.sessions() == ()

    sim.run(main)
    assert not sim.leftovers()
    return runtime


def raise_once(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, only: type | None, nth: int
) -> list[int]:
    original = getattr(owner, name)
    hits: list[int] = []

    def wrapper(self: Any, *args: Any) -> Any:
        if only is None or type(args[0]) is only:
            hits.append(1)
            if len(hits) == nth:
                raise BoomError(f"{owner.__name__}.{name}")
        return original(self, *args)

    monkeypatch.setattr(owner, name, wrapper)
    return hits


@pytest.mark.parametrize("seed", range(5))
def test_undisturbed(seed: int, told: list[Event]) -> None:
    check_that_nothing_is_left(run(seed))
    check_the_laws(told)


@pytest.mark.parametrize("nth", [1, 2, 4])
@pytest.mark.parametrize("case", CASES, ids=[f"{actor.__name__}-{name}" for actor, name, _ in CASES])
def test_whatever_crashes(
    case: tuple[type[HandlingActor], str, type | None],
    nth: int,
    told: list[Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if case[1] == "on_child_failed":
        monkeypatch.setattr(Supervisor, "_publish", boom)
    hits = raise_once(monkeypatch, *case, nth)
    runtime = run()
    assert len(hits) >= nth or case not in MUST_BE_HIT or nth > 1
    check_the_laws(told)
    check_that_nothing_is_left(runtime)


def of_root(original: Any) -> Any:
    """Has a method of an actor of the root's raise whenever it is called."""

    def wrapper(self: Any, *args: Any) -> Any:
        ledger = getattr(self, "_parent", None) or self._ledger
        return boom() if ledger.session == "root" else original(self, *args)

    return wrapper


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("methods", "reason"),
    [
        ([(Supervisor, "_publish")], "restart_intensity"),
        ([(Supervisor, "_publish"), (Supervisor, "_wind_up")], "restart_intensity"),
        ([(Supervisor, "_close")], "closed"),
        ([(Supervisor, "_wind_up")], "closed"),
        ([(Supervisor, "_children_ended")], "closed"),
        ([(Nursery, "_go_on")], "closed"),
        ([(Nursery, "on_start"), (Nursery, "_end_children")], "closed"),
        ([(Nursery, "on_child_stopped")], "closed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(name for _, name in value),
)
def test_what_fails_again_and_again(
    methods: list[tuple[type, str]],
    reason: str,
    seed: int,
    told: list[Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sim = Simulation(seed)
    runtime = sim.runtime()
    for owner, name in methods:
        monkeypatch.setattr(owner, name, of_root(getattr(owner, name)))

    async def main() -> None:
        async with runtime:
            root = runtime.spawn(id="root")
            for name in ("a", "b"):
                root.spawn(id=name).spawn(id=f"{name}1")
            with contextlib.suppress(SessionClosedError):
                for _ in range(4):
                    root.publish("a word")
                    await asyncio.sleep(1)
            root.close()
            assert (await root.ended).reason in {reason, "restart_intensity"}
            assert runtime.sessions() == ()

    sim.run(main)
    check_the_laws(told)
    check_that_nothing_is_left(runtime)
    ends = [event.session for event in told if isinstance(event, SessionEnded)]
    assert sorted(ends) == ["a", "a1", "b", "b1", "root"]
    assert ends[-1] == "root"


def test_a_child_that_does_not_end_is_ended_by_force(
    told: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    close = Supervisor._close

    def deaf(self: Supervisor, message: Close) -> None:
        if self._ledger.session != "deaf":
            close(self, message)

    monkeypatch.setattr(Supervisor, "_close", deaf)
    sim = Simulation(1)
    runtime = sim.runtime()

    async def main() -> float:
        async with runtime:
            root = runtime.spawn(id="root", child_shutdown=3)
            root.spawn(id="first")
            root.spawn(id="deaf").spawn(id="below")
            begun = sim.now()
            root.close()
            await root.ended
            return sim.now() - begun

    assert 3 <= sim.run(main) < 3.5
    check_the_laws(told)
    ends = [(event.session, event.error) for event in told if isinstance(event, SessionEnded)]
    assert ends == [
        ("below", ""),
        ("deaf", "it had not ended within 3 s"),
        ("first", ""),
        ("root", ""),
    ]
