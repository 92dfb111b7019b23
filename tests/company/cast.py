"""A simulated runtime with agents, each with an endpoint of its own, so that each has lines of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from msgspec import structs

from actors import Agent, Runtime, Session
from actors.events import Event, SessionEnded
from actors.provider import Play
from actors.sim import Simulation
from tests.turns.acting import check_sendable

T = TypeVar("T")
E = TypeVar("E", bound=Event)


class Played(NamedTuple):
    """What became of it."""

    events: tuple[Event, ...]
    """Of the session `s`."""
    history: tuple[Mapping[str, Any], ...]
    bodies: tuple[Any, ...]
    """What was requested for it, in order."""
    error: BaseException | None

    def of(self, kind: type[E]) -> tuple[E, ...]:
        return tuple(event for event in self.events if isinstance(event, kind))


def play(
    *plays: Play,
    agents: Sequence[Agent],
    drive: Callable[[Session], Awaitable[object]],
    seed: int = 1,
    **settings: Any,
) -> Played:
    """Have a session `s` play; `drive` is what its host does with it."""
    sim = Simulation(seed)
    sim.provider.script("s", *plays)

    async def main() -> Played:
        async with sim.runtime(agents=agents) as runtime:
            session = runtime.spawn(id="s", **settings)
            events = session.events()
            error: BaseException | None = None
            try:
                await drive(session)
            except Exception as raised:  # noqa: BLE001 - the test's to look at
                error = raised
            history = await session.history()
            session.close()
            told = tuple([event async for event in events if not isinstance(event, SessionEnded)])
        bodies = tuple(request.body for request in sim.provider.requests_of("s"))
        return Played(told, history, bodies, error)

    played = sim.run(main)
    assert not sim.leftovers()
    assert [event.seq for event in played.events] == list(range(1, len(played.events) + 1))
    for body in played.bodies:
        check_sendable(body["messages"])
    check_sendable(played.history)
    return played


def run(main: Callable[[Runtime], Awaitable[T]], sim: Simulation, **settings: Any) -> T:
    """Run a main function with a runtime of the simulation, which leaves nothing."""

    async def within() -> T:
        async with sim.runtime(**settings) as runtime:
            return await main(runtime)

    result = sim.run(within)
    assert not sim.leftovers()
    return result


def known(name: str, **fields: Any) -> Agent:
    """An agent that asks for a model of its name: with `lines`, that is whose script it follows."""
    return Agent(name=name, model=name, **fields)


def company(main: Callable[[Runtime], Awaitable[T]], lines: Mapping[str, Any], *agents: Agent) -> T:
    """Run a main function with a runtime that has these agents, each with lines of its own."""
    sim = Simulation(1)
    for name, script in lines.items():
        sim.provider.script(name, *(script if isinstance(script, tuple) else (script,)))
    endpoint = structs.replace(sim.provider.endpoint(), session_header=None)
    return run(main, sim, endpoint=endpoint, agents=agents)
