"""The same scripts give the same events, whether sockets carry them or a simulation does."""

from __future__ import annotations

import asyncio
import re
from typing import Any, NamedTuple

import msgspec
import pytest

from actors import caller
from actors.config import RuntimeConfig, SessionConfig
from actors.core.fold import Fold
from actors.events import Event, Retracted, TextDelta, ThoughtDelta, ToolCallDelta
from actors.provider import Gate, Pause, Play, ScriptedProvider, ToolShape
from actors.provider.playhouse import Playhouse
from actors.runtime import Runtime
from actors.sim import Simulation
from tests.faults import test_completed, test_given_up, test_retried
from tests.faults.stage import DEADLINES, GOOD, RETRY, SHORT, TRANSPORTS
from tests.faults.test_tools import ASKING

CONFIG = RuntimeConfig(session=SessionConfig(retry=RETRY, deadlines=DEADLINES))
SHAPES: tuple[ToolShape, ...] = (
    "regular",
    "no_index",
    "index_zero",
    "repeated",
    "two_ids",
    "null_arguments",
)


class Part(NamedTuple):
    plays: tuple[Play, ...]
    settings: dict[str, Any]
    gate: Gate | None = None
    """Opened once `test_retried.TEXT` is on the screen."""


def parts() -> dict[str, Part]:
    cast: dict[str, Part] = {}
    for table in (test_retried.ROWS, test_given_up.ROWS):
        for name, (play, reason, settings) in table.items():
            cast[f"{name}: {reason}"] = Part((play, GOOD), settings)
    for name, (play, *_) in test_completed.ROWS.items():
        cast[f"{name}: complete"] = Part((play,), {})
    for name, (fault, _) in test_retried.MIDSTREAM.items():
        gate = Gate()
        cast[f"{name}: shown"] = Part((GOOD.but(Pause(after=6, gate=gate), fault), GOOD), SETTINGS, gate)
    for shape in SHAPES:
        calls = msgspec.structs.replace(ASKING, tool_shape=shape)
        cast[f"{shape}: calls"] = Part((calls,), {"tool_call_deltas": True})
    return cast


SETTINGS = {"deadlines": SHORT}


async def perform(runtime: Runtime, provider: Playhouse, transport: str) -> dict[str, list[Event]]:
    """Every part; not all at once, as some go by real deadlines."""
    cast = parts()
    seats = asyncio.Semaphore(8)

    async def one(name: str, part: Part) -> list[Event]:
        async with seats:
            return await watched(name, part)

    async def watched(name: str, part: Part) -> list[Event]:
        provider.script(name, *part.plays)
        session = runtime.spawn(provider.endpoint(transport=transport), id=name, **part.settings)
        screen = Fold()
        events: list[Event] = []
        async with session.stream("Tell me a story.") as stream:
            async for event in stream:
                events.append(event)
                screen.apply(event)
                if part.gate is not None and screen.text == test_retried.TEXT:
                    part.gate.set()
        return events

    async with runtime:
        ended = await asyncio.gather(*(one(name, part) for name, part in cast.items()))
    return dict(zip(cast, ended, strict=True))


def on_the_wire(transport: str) -> dict[str, list[Event]]:
    with ScriptedProvider() as provider:
        return asyncio.run(perform(Runtime(config=CONFIG), provider, transport))


def in_simulation(seed: int) -> dict[str, list[Event]]:
    sim = Simulation(seed)
    played = sim.run(lambda: perform(sim.runtime(config=CONFIG), sim.provider, "aiohttp"))
    assert not sim.leftovers()
    return played


GROWS: dict[type, tuple[str, ...]] = {
    TextDelta: ("text",),
    ThoughtDelta: ("text",),
    ToolCallDelta: ("id", "name", "arguments"),
}
"""What two deltas add up to where one would have done."""


def essence(events: list[Event], *, deltas: bool) -> list[dict[str, Any]]:
    """What does not hang on the clock, nor on how many bytes came at once.

    Whether an attempt's last words are shown when its connection is reset is a matter of luck on the wire: so deltas
    count only where the script waits for them.
    """
    facts: list[dict[str, Any]] = []
    for event in events:
        fact = {
            name: value
            for name, value in msgspec.to_builtins(event).items()
            if name not in {"timestamp", "seq", "first_seq"} and (deltas or name != "usage")
        }
        grows = GROWS.get(type(event), ())
        blank = dict.fromkeys(grows, "")
        if grows and facts and facts[-1] | blank == fact | blank:
            before = facts[-1]
            grown = {name: before[name] + fact[name] for name in grows if name in {"text", "arguments"}}
            facts[-1] = fact | {name: fact[name] or before[name] for name in grows} | grown
        elif deltas or (not grows and not isinstance(event, Retracted)):
            facts.append(fact)
    nameless: list[dict[str, Any]] = _anonymous(facts)
    return nameless


def _anonymous(value: list[dict[str, Any]]) -> Any:
    """Without ports, and the ids that the provider makes of its seed."""
    anonymous = re.sub(rb"127\.0\.0\.1:\d+|chatcmpl-\w+", b"", msgspec.json.encode(value))
    return msgspec.json.decode(anonymous)


@pytest.fixture(scope="module")
def played() -> list[dict[str, list[Event]]]:
    """By both transports over sockets, and by three seeds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(caller, "ERROR_BODY_S", 0.1)
        return [*map(on_the_wire, TRANSPORTS), *map(in_simulation, range(3))]


@pytest.mark.parametrize("name", parts())
def test_a_script_gives_the_same_events(played: list[dict[str, list[Event]]], name: str) -> None:
    deltas = name.endswith((": shown", ": calls", ": complete"))
    expected, *others = [essence(events[name], deltas=deltas) for events in played]
    assert expected
    assert others == [expected] * len(others)
