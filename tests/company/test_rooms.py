"""Rooms: what one says reaches the others, in one order for all, in every interleaving."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from actors import (
    Buffering,
    Deadlines,
    NoSuchSessionError,
    QueueFullError,
    Room,
    Runtime,
    RuntimeConfig,
    Session,
    UsageError,
)
from actors.company.room_events import Joined, Left, Missed, RoomEvent, Said
from actors.provider import Gate, Pause, Play, Reply, Status
from actors.sim import Simulation
from tests.company.waiting import until_quiet

LINE = re.compile(r"^'(\w+)' says: (.*)$", re.MULTILINE)
LISTENS = Reply("I see what you mean.", pace_s=0.1)
CONFIG = RuntimeConfig()
MEMBERS = ("ada", "bob", "cid")
Scene = Callable[[Runtime, Room, list[Session]], Coroutine[Any, Any, None]]


def play(
    scene: Scene, seed: int = 1, *, config: RuntimeConfig = CONFIG, bob: Play | None = None, **settings: Any
) -> Simulation:  # fmt: skip
    """Three members in one room; a play is bob's first."""
    sim = Simulation(seed, default=LISTENS)
    if bob is not None:
        sim.provider.script("bob", bob, LISTENS)

    async def main() -> None:
        async with sim.runtime(config=config) as runtime:
            room = runtime.room("lobby")
            members = [runtime.spawn(id=name, **settings) for name in MEMBERS]
            for member in members:
                assert await room.join(member)
            await scene(runtime, room, members)

    sim.run(main)
    assert not sim.leftovers()
    return sim


def heard(sim: Simulation, member: str) -> list[tuple[str, str]]:
    """Who said what, as the member's model was told it."""
    requests = sim.provider.requests_of(member)
    texts = [] if not requests else [
        message["content"] for message in requests[-1].body["messages"] if message["role"] == "user"
    ]  # fmt: skip
    return [found for text in texts for found in LINE.findall(text)]


def test_what_one_says_reaches_the_others_who_are_told_by_whom_and_where() -> None:
    async def scene(runtime: Runtime, room: Room, members: list[Session]) -> None:
        assert await room.say("Good evening.", by=members[0]) == 4
        await until_quiet(runtime)
        assert (await members[1].history())[0][
            "content"
        ] == "In the room 'lobby':\n\n'ada' says: Good evening."
        assert await members[0].history() == ()

    sim = play(scene)
    assert heard(sim, "cid") == [("ada", "Good evening.")]


@pytest.mark.parametrize("seed", range(20))
def test_the_order_is_one_for_all(seed: int, poison: Any) -> None:
    """The law: what a member hears is the room's own order, but for what it said itself; whoever crashes."""
    said: list[tuple[str, str]] = []
    rng = random.Random(seed)  # noqa: S311 - chance that can be had again

    async def scene(runtime: Runtime, room: Room, members: list[Session]) -> None:
        events = room.events()

        async def speak(member: Session) -> None:
            for number in range(5):
                await asyncio.sleep(rng.random() / 5)
                await room.say(str(number), by=member)

        async def crash() -> None:
            await asyncio.sleep(rng.random())
            exchange = runtime._services.exchange
            ref = rng.choice([exchange.switchboard, exchange.rooms["lobby"].ref])
            assert ref is not None
            ref.tell(poison)

        await asyncio.gather(crash(), *(speak(member) for member in members))
        await until_quiet(runtime)
        room.close()
        numbers = []
        async for event in events:
            assert isinstance(event, Said)
            numbers.append(event.seq)
            said.append((event.by, event.text))
        assert numbers == list(range(4, 19))

    sim = play(scene, seed)
    assert {by for by, _ in said} == set(MEMBERS)
    for member in MEMBERS:
        assert heard(sim, member) == [line for line in said if line[0] != member]
        turns = len(sim.provider.requests_of(member))
        assert turns < 10, "what is said while a member listens comes together"


def test_a_room_that_fails_loses_nobody_and_nothing(poison: Any) -> None:
    async def scene(runtime: Runtime, room: Room, members: list[Session]) -> None:
        events = room.events()
        await room.say("One.", by="ada")
        await room.say("Two.", by="ada")
        ref = runtime._services.exchange.rooms["lobby"].ref
        assert ref is not None
        ref.tell(poison)
        await until_quiet(runtime)
        await room.say("Three.", by="ada")
        await until_quiet(runtime)
        assert ref.actor_inbox.incarnation == 1  # type: ignore[attr-defined]
        assert await room.members() == MEMBERS
        room.close()
        assert [event.seq async for event in events] == [4, 5, 6]

    sim = play(scene)
    assert heard(sim, "bob") == [("ada", "One."), ("ada", "Two."), ("ada", "Three.")]


def test_a_switchboard_that_fails_leaves_the_rooms_alone(poison: Any) -> None:
    async def scene(runtime: Runtime, room: Room, members: list[Session]) -> None:
        await room.say("One.", by="ada")
        runtime._services.exchange.switchboard.tell(poison)
        await room.say("Two.", by="ada")
        await until_quiet(runtime)
        assert await room.members() == MEMBERS

    sim = play(scene)
    assert heard(sim, "bob") == [("ada", "One."), ("ada", "Two.")]


def test_a_room_that_fails_for_good_ends_and_nothing_else(poison: Any) -> None:
    async def scene(runtime: Runtime, room: Room, members: list[Session]) -> None:
        events = room.events()
        await room.members()
        ref = runtime._services.exchange.rooms["lobby"].ref
        assert ref is not None
        for _ in range(4):
            ref.tell(poison)
        assert [event async for event in events] == []
        assert await room.members() == ()
        assert (await members[0].ask("bob", "Still there?")).text == LISTENS.text

    play(scene)


def test_who_leaves_or_ends_hears_nothing_more() -> None:
    told: list[RoomEvent] = []

    async def scene(runtime: Runtime, room: Room, members: list[Session]) -> None:
        events = room.events()
        assert await room.leave("ada")
        assert not await room.leave("ada")
        members[1].close()
        await members[1].ended
        assert await room.members() == ("cid",)
        assert not await room.join("cid")
        assert await room.join("ada")
        await room.say("Who is here?")
        await until_quiet(runtime)
        room.close()
        told.extend([event async for event in events])

    sim = play(scene)
    assert [(type(event), getattr(event, "member", "")) for event in told] == [
        (Left, "ada"),
        (Left, "bob"),
        (Joined, "ada"),
        (Said, ""),
    ]
    assert [event.ended for event in told if isinstance(event, Left)] == [False, True]
    assert heard(sim, "ada") == heard(sim, "cid") == [("host", "Who is here?")]
    assert heard(sim, "bob") == []


def test_a_member_whose_turn_fails_has_missed_it_and_the_room_says_so() -> None:
    async def scene(runtime: Runtime, room: Room, members: list[Session]) -> None:
        events = room.events()
        await room.say("One.", by="ada")
        await until_quiet(runtime)
        await room.say("Two.", by="ada")
        await until_quiet(runtime)
        room.close()
        missed = [event async for event in events if isinstance(event, Missed)]
        assert [(event.member, event.first, event.last, event.seq) for event in missed] == [("bob", 4, 4, 5)]
        assert "400" in missed[0].why

    sim = play(scene, bob=Status(400))
    assert heard(sim, "bob") == [("ada", "Two.")]


def test_a_member_with_a_full_mailbox_hears_it_later() -> None:
    async def scene(runtime: Runtime, room: Room, members: list[Session]) -> None:
        busy = members[1].send("Something else.")
        await room.say("One.", by="ada")
        await room.say("Two.", by="ada")
        await busy
        await asyncio.sleep(1)
        await until_quiet(runtime)

    sim = play(scene, max_queued_turns=0)
    assert heard(sim, "bob") == [("ada", "One."), ("ada", "Two.")]


def test_the_slowest_member_bounds_the_room() -> None:
    gate = Gate()

    async def scene(runtime: Runtime, room: Room, members: list[Session]) -> None:
        await room.say("Bob listens to this.", by="ada")
        for text in ("One.", "Two."):
            await room.say(text, by="ada")
        with pytest.raises(QueueFullError, match="2 lines wait"):
            await room.say("Three.", by="ada")
        gate.set()
        await until_quiet(runtime)
        await room.say("Three.", by="ada")
        await until_quiet(runtime)

    reply = Reply("At last.", faults=(Pause(after=0, gate=gate),))
    sim = play(scene, config=RuntimeConfig(max_room_lines=2), bob=reply, deadlines=Deadlines(first_event=900))
    assert [text for _, text in heard(sim, "bob")] == ["Bob listens to this.", "One.", "Two.", "Three."]
    assert heard(sim, "bob") == heard(sim, "cid")


def test_a_reader_that_does_not_read_holds_the_room_up() -> None:
    async def scene(runtime: Runtime, room: Room, members: list[Session]) -> None:
        with room.events(Buffering(max_control=2)) as events:
            for _ in range(3):
                await room.say("Hear, hear.")
            with pytest.raises(QueueFullError, match="reader"):
                await room.say("Anyone?")
            assert (await anext(events)).seq == 4
            await room.say("Thanks.")
        await room.say("Nobody reads any more.")

    play(scene)


def test_a_session_says_something_only_where_it_is_a_member() -> None:
    async def scene(runtime: Runtime, room: Room, members: list[Session]) -> None:
        with pytest.raises(UsageError, match="not in the room"):
            await runtime.spawn(id="eve").say("lobby", "Let me in!")
        with pytest.raises(UsageError, match="no room 'attic'"):
            await members[0].say("attic", "Is there one?")
        with pytest.raises(NoSuchSessionError):
            await room.join("zoe")
        assert await members[0].say("lobby", "I am in.") == 4
        assert await members[0].rooms() == ("lobby",)
        assert await runtime.spawn(id="fay").rooms() == ()

    play(scene)


def test_the_end_of_the_runtime_ends_a_rooms_streams_and_those_begun_after_it() -> None:
    sim = Simulation(1)

    async def main() -> None:
        async with sim.runtime() as runtime:
            room = runtime.room("lobby")
            events = room.events()
            await room.members()
        assert [event async for event in events] == []
        assert [event async for event in room.events()] == []
        room.close()

    sim.run(main)
    assert not sim.leftovers()
