"""A conversation that goes from one agent to another: who goes on, with what, and what stays of it."""

from __future__ import annotations

from typing import Any

import pytest

from actors import Agent, Approvals, Handoff, Rule, Session, TurnFailedError, tool
from actors.core.conversation import Message
from actors.events import HandedOff, LoopNoticed, ToolCallFinished, TurnCompleted, TurnStarted
from actors.outcome import HookFailed, LimitReached
from actors.provider import Call, Reply, Status
from tests.company.cast import Played, play
from tests.turns.acting import asks

BILLING = Agent(name="billing", description="Knows of money.", instructions="You do bills.", model="sums")
TO_BILLING = asks(Call("transfer_to_billing", '{"message": "They want it back."}'), text="One moment.")
MONEY = Reply("Here is your money.")


def front(*handoffs: Any, **fields: Any) -> Agent:
    return Agent(
        name="front", instructions="You are at the door.", handoffs=handoffs or ("billing",), **fields
    )


async def ask(session: Session) -> None:
    await session.send("My money!")


async def ask_twice(session: Session) -> None:
    await session.send("Hello.")
    await session.send("My money!")


def hand_over(*handoffs: Any, drive: Any = ask, plays: Any = (TO_BILLING, MONEY), **settings: Any) -> Played:
    return play(*plays, agents=[front(*handoffs), BILLING], drive=drive, agent="front", **settings)


def said(body: Any) -> list[tuple[str, Any]]:
    return [(message["role"], message["content"]) for message in body["messages"]]


def tools_of(body: Any) -> list[str]:
    return [definition["function"]["name"] for definition in body.get("tools", ())]


def test_from_the_next_step_on_the_other_one_goes_on() -> None:
    played = hand_over()
    first, second = played.bodies
    assert tools_of(first) == ["transfer_to_billing"]
    assert "Knows of money." in first["tools"][0]["function"]["description"]
    assert said(first) == [("system", "You are at the door."), ("user", "My money!")]
    assert (second["model"], tools_of(second)) == ("sums", [])
    assert said(second) == [
        ("system", "You do bills."),
        ("user", "My money!"),
        ("assistant", "One moment."),
        ("tool", "The conversation is with billing now."),
    ]
    (moved,) = played.of(HandedOff)
    assert (moved.from_agent, moved.to_agent, moved.call_id) == ("front", "billing", "call_1")
    assert (moved.turn, moved.step) == (1, 1)
    assert played.of(TurnCompleted)[0].answer == "Here is your money."
    assert [message["role"] for message in played.history] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]


def test_the_turns_behind_it_are_the_other_ones_too() -> None:
    async def drive(session: Session) -> None:
        first = session.send("My money!")
        queued = session.send("All of it!")  # accepted while the session is the front's
        await first
        await queued
        await session.send("Thanks.")

    played = hand_over(drive=drive, plays=(TO_BILLING, MONEY, MONEY, Reply("Bye.")))
    assert [body["model"] for body in played.bodies[1:]] == ["sums"] * 3
    assert [said(body)[0][1] for body in played.bodies[1:]] == ["You do bills."] * 3
    assert [event.agent for event in played.of(TurnStarted)] == ["front", "billing", "billing"]


@pytest.mark.parametrize(
    ("keep", "goes_along"),
    [
        ("all", ["user", "assistant", "user", "assistant", "tool"]),
        ("last_turn", ["user", "assistant", "tool"]),
        ("none", ["user"]),
        (lambda talk: talk[:1], ["user"]),
    ],
)
def test_the_filter_says_what_goes_along(keep: Any, goes_along: list[str]) -> None:
    handoff = Handoff(agent="billing", keep=keep)
    played = hand_over(handoff, drive=ask_twice, plays=(Reply("Hello."), TO_BILLING, MONEY))
    assert [role for role, _ in said(played.bodies[-1])] == ["system", *goes_along]
    assert [message["role"] for message in played.history] == ["system", *goes_along, "assistant"]


def test_a_filter_gets_the_conversation_without_its_system_message() -> None:
    given: list[tuple[Message, ...]] = []

    def keep(talk: tuple[Message, ...]) -> tuple[Message, ...]:
        given.append(talk)
        return talk

    hand_over(Handoff(agent=BILLING, keep=keep))
    assert [message["role"] for message in given[0]] == ["user", "assistant", "tool"]


def test_with_nothing_kept_the_next_one_has_what_the_last_one_wrote() -> None:
    played = hand_over(Handoff(agent="billing", keep="none"))
    assert played.bodies[0]["tools"][0]["function"]["parameters"]["required"] == ["message"]
    assert said(played.bodies[1]) == [("system", "You do bills."), ("user", "They want it back.")]


def test_a_filter_that_raises_fails_the_turn_and_the_session_stays_as_it_was() -> None:
    def keep(_: Any) -> Any:
        raise RuntimeError("Boom")

    played = hand_over(Handoff(agent="billing", keep=keep))
    assert isinstance(played.error, TurnFailedError)
    assert isinstance(played.error.event.outcome, HookFailed)
    assert played.of(HandedOff) == ()
    assert played.history[0]["content"] == "You are at the door."


def test_what_a_hand_off_did_stays_where_the_turn_fails_behind_it() -> None:
    async def drive(session: Session) -> None:
        with pytest.raises(TurnFailedError):
            await session.send("My money!")
        await session.send("And now?")

    played = hand_over(drive=drive, plays=(TO_BILLING, Status(400), MONEY))
    assert said(played.bodies[-1])[0] == ("system", "You do bills.")
    assert played.bodies[-1]["model"] == "sums"


def test_of_two_in_one_step_one_is_taken() -> None:
    sales = Agent(name="sales")
    both = asks(Call("transfer_to_billing"), Call("transfer_to_sales"))
    agents = [front("billing", "sales"), BILLING, sales]
    played = play(both, MONEY, agents=agents, drive=ask, agent="front")
    results = sorted(event.result for event in played.of(ToolCallFinished))
    assert results == ["error", "ok"]
    assert len(played.of(HandedOff)) == 1


def test_it_is_a_call_that_an_approval_can_deny() -> None:
    approvals = Approvals(rules=(Rule("transfer_to_*", "deny"),))
    played = hand_over(approvals=approvals, plays=(TO_BILLING, Reply("Then not.")))
    assert played.of(HandedOff) == ()
    assert said(played.bodies[1])[0] == ("system", "You are at the door.")


def test_two_that_hand_over_to_each_other_come_to_an_end() -> None:
    agents = [
        front(settings={"max_steps": 7}),
        Agent(name="billing", handoffs=("front",), settings={"max_steps": 7}),
    ]
    there, back = asks(Call("transfer_to_billing")), asks(Call("transfer_to_front"))
    played = play(there, back, there, back, there, back, agents=agents, drive=ask, agent="front")
    assert isinstance(played.error, TurnFailedError)
    assert isinstance(played.error.event.outcome, LimitReached)
    assert len(played.of(HandedOff)) == played.of(LoopNoticed)[-1].times * 2 - 2


def test_the_hosts_word_holds_where_the_next_one_says_nothing() -> None:
    @tool
    async def look() -> str:
        """Look."""
        return "it is blue"

    quiet = Agent(name="quiet")
    agents = [front("quiet", tools=(look,), model="fine", settings={"body": {"top_p": 0.5}}), quiet]
    to_quiet = asks(Call("transfer_to_quiet"))
    played = play(
        to_quiet, MONEY, agents=agents, drive=ask, agent="front", body={"temperature": 0}, model="mine"
    )
    first, second = played.bodies
    assert (first["model"], second["model"]) == ("mine", "mine")
    assert (tools_of(first), tools_of(second)) == (["look", "transfer_to_quiet"], [])
    assert (first["temperature"], second["temperature"]) == (0, 0)
    assert (first["top_p"], "top_p" in second) == (0.5, False)
    assert "system" not in [role for role, _ in said(second)]


def test_whoever_waits_gets_the_type_that_was_asked_for() -> None:
    async def drive(session: Session) -> None:
        assert (await session.send("How much?", returns=int)).value == 7

    counting = Agent(name="billing", returns=str)
    played = play(TO_BILLING, Reply('{"answer": 7}'), agents=[front(), counting], drive=drive, agent="front")
    assert played.error is None


def test_a_turns_settings_that_cannot_be_with_the_next_one_fail_it_and_no_other() -> None:
    async def drive(session: Session) -> None:
        first = session.send("My money!")
        queued = session.send("Well?", on_approval=lambda _: True)
        await first
        with pytest.raises(TurnFailedError, match="needs approvals"):
            await queued
        await session.send("Thanks.")

    agents = [front(settings={"approvals": Approvals()}), BILLING]
    played = play(TO_BILLING, MONEY, MONEY, agents=agents, drive=drive, agent="front")
    assert played.error is None


def test_calls_that_the_host_is_to_answer_are_forgotten_where_it_moves() -> None:
    definition = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    both = asks(Call("look", id="mine"), Call("transfer_to_billing"))
    played = play(both, MONEY, agents=[front(tools=(definition,)), BILLING], drive=ask, agent="front")
    (completed,) = played.of(TurnCompleted)
    assert (completed.calls, completed.answer) == ((), "Here is your money.")
    assert "mine" not in str(played.bodies[1]["messages"])
