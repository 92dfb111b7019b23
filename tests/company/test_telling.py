"""What sessions tell and ask each other from a host: each gets one reply, in the order in which it was sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest

from actors import (
    AskCancelledError,
    AskError,
    AskTimeoutError,
    ConfigError,
    DrainingError,
    NoSuchSessionError,
    QueueFullError,
    Runtime,
    Session,
    TurnCancelledError,
    TurnFailedError,
)
from actors.events import TurnCancelled
from actors.provider import Play, Reply, Status
from actors.sim import Simulation
from tests.company.waiting import until_quiet

SLOW = Reply("Wait ... here it is.", pace_s=1.0)
Scene = Callable[[Runtime, Session, Session], Coroutine[Any, Any, None]]


class Count(msgspec.Struct):
    number: int


def play(scene: Scene, *plays: Play, seed: int = 1, **settings: Any) -> Simulation:
    """Two sessions, `ada` and `bob`; the plays are bob's."""
    sim = Simulation(seed)
    sim.provider.script("bob", *(plays or (Reply("Well."),)))

    async def main() -> None:
        async with sim.runtime() as runtime:
            await scene(runtime, runtime.spawn(id="ada"), runtime.spawn(id="bob", **settings))
            assert runtime._services.exchange.asks == {}

    sim.run(main)
    assert not sim.leftovers()
    return sim


def heard(sim: Simulation, session: str) -> list[Any]:
    """The last message of each request of a session."""
    return [request.body["messages"][-1]["content"] for request in sim.provider.requests_of(session)]


def test_an_ask_is_answered_by_the_others_turn_which_is_told_from_whom() -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        assert (await ada.ask("bob", "How are you?")).text == "Fine."

    sim = play(scene, Reply("Fine."))
    assert heard(sim, "bob") == ["From 'ada':\n\nHow are you?"]


def test_an_answer_can_be_typed() -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        answer = await ada.ask("bob", "How many?", returns=Count)
        assert answer.value == Count(7)

    play(scene, Reply('{"number": 7}'))


def test_what_one_tells_and_asks_another_arrives_in_that_order() -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        told = [ada.tell("bob", "1"), ada.tell("bob", "2")]
        answer = ada.ask("bob", "3")
        told.append(ada.tell("bob", "4"))
        for each in told:
            await each
        assert (await answer).turn == 3
        await until_quiet(runtime)

    for seed in range(20):
        sim = play(scene, Reply("Well."), seed=seed)
        assert [text.removeprefix("From 'ada':\n\n") for text in heard(sim, "bob")] == ["1", "2", "3", "4"]


def test_a_message_may_have_parts() -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        await ada.ask("bob", ["One.", "Two."])

    sim = play(scene, Reply("Fine."))
    assert [part["text"] for part in heard(sim, "bob")[0]] == ["From 'ada':", "One.", "Two."]


@pytest.mark.parametrize("how", ["tell", "ask"])
def test_nobody_of_that_name_is_an_error(how: str) -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        with pytest.raises(NoSuchSessionError, match="'eve'"):
            await getattr(ada, how)("eve", "Hello?")
        bob.close()
        await bob.ended
        with pytest.raises(NoSuchSessionError):
            await getattr(ada, how)("bob", "Still there?")

    play(scene)


@pytest.mark.parametrize("how", ["tell", "ask"])
def test_a_full_mailbox_refuses_with_a_type(how: str) -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        await ada.tell("bob", "This one runs.")
        await ada.tell("bob", "This one waits.")
        with pytest.raises(QueueFullError, match="'bob'"):
            await getattr(ada, how)("bob", "One too many.")

    play(scene, SLOW, max_queued_turns=1)


def test_an_ask_that_is_late_is_given_up_at_its_deadline_and_its_turn_with_it() -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        loop = asyncio.get_running_loop()
        events = bob.events()
        began = loop.time()
        with pytest.raises(AskTimeoutError, match="within 2 s"):
            await ada.ask("bob", "Quick!", timeout=2)
        assert loop.time() - began == pytest.approx(2, abs=0.1)
        async for event in events:
            if isinstance(event, TurnCancelled):
                assert event.reason == "session 'ada', which asked, waited 2 s"
                return

    play(scene, SLOW)


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan")])
def test_an_ask_always_has_a_deadline(timeout: float) -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        with pytest.raises(ConfigError, match="timeout"):
            ada.ask("bob", "Whenever.", timeout=timeout)

    play(scene)


def test_a_turn_of_the_other_that_fails_is_the_asks_error() -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        with pytest.raises(TurnFailedError, match="bob"):
            await ada.ask("bob", "Go on.")

    play(scene, Status(400))


def test_the_end_of_the_other_is_the_asks_error() -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        answers = [ada.ask("bob", "Go on."), ada.ask("bob", "And then?")]
        await ada.others()  # a barrier: the switchboard has it
        bob.close()
        for answer in answers:
            with pytest.raises(TurnCancelledError, match="closed"):
                await answer

    play(scene, SLOW)


def test_the_end_of_who_asks_ends_its_asks() -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        answer = ada.ask("bob", "Go on.")
        await ada.others()  # a barrier: the switchboard has it
        ada.close()
        with pytest.raises(AskCancelledError):
            await answer
        with pytest.raises(AskCancelledError):
            await ada.ask("bob", "And now?")
        await until_quiet(runtime)  # no turn is left that nobody waits for
        assert (await bob.history()) == ()

    play(scene, SLOW)


def test_a_crash_of_the_other_keeps_what_waits_and_fails_what_runs(poison: Any) -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        runs, waits = ada.ask("bob", "First."), ada.ask("bob", "Second.")
        await asyncio.sleep(0.5)
        bob._ledger.supervisor.tell(poison)
        with pytest.raises(TurnFailedError, match="internal"):
            await runs
        assert (await waits).text == "Fine."

    play(scene, SLOW, Reply("Fine."))


def test_the_switchboard_that_fails_loses_no_ask_and_no_deadline(poison: Any) -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        answer, late = ada.ask("bob", "First."), ada.ask("bob", "Second.", timeout=4)
        await asyncio.sleep(0.5)
        switchboard = runtime._services.exchange.switchboard
        switchboard.tell(poison)
        assert (await answer).text == SLOW.text
        with pytest.raises(AskTimeoutError):
            await late
        assert switchboard.actor_inbox.incarnation == 1  # type: ignore[attr-defined]

    play(scene, SLOW, SLOW)


def test_a_switchboard_that_is_given_up_leaves_nobody_waiting(poison: Any) -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        answer = ada.ask("bob", "First.")
        await asyncio.sleep(0.5)
        for _ in range(4):
            runtime._services.exchange.switchboard.tell(poison)
        with pytest.raises(AskError, match="switchboard"):
            await answer
        assert (await bob.send("You go on?")).text == "Yes."

    play(scene, SLOW, Reply("Yes."))


def test_a_runtime_that_drains_takes_none() -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        first = ada.ask("bob", "First.")
        await ada.others()  # a barrier: the switchboard has it
        runtime.drain()
        with pytest.raises(DrainingError):
            await ada.ask("bob", "Second.")
        assert (await first).text == SLOW.text

    play(scene, SLOW)


def test_others_are_listed_with_what_they_do() -> None:
    async def scene(runtime: Runtime, ada: Session, bob: Session) -> None:
        for text in ("This one runs.", "This one waits."):
            await ada.tell("bob", text)
        await asyncio.sleep(0.5)
        assert [tuple(other) for other in await ada.others()] == [("bob", "streaming", 1)]
        assert [other.id for other in await bob.others()] == ["ada"]

    play(scene, SLOW)
