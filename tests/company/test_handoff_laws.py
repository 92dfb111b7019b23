"""Whatever agents do with a conversation, and however their turns end: it is one agent's at a time, and can be sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actors import Agent, Handoff, RetryPolicy, Session, TurnCancelledError, TurnFailedError
from actors.events import Event, HandedOff, StepStarted, TurnStarted
from actors.provider import Call, Delay, Eof, Play, Reply, Status
from tests.company.cast import play
from tests.turns.acting import asks

NAMES = ("front", "billing", "sales")
ANSWER = Reply("Here is your money.")
PLAYS: tuple[Play, ...] = (
    ANSWER,
    ANSWER.but(Delay(seconds=5)),
    ANSWER.but(Eof(after=1)),
    Status(400),
    *(asks(Call(f"transfer_to_{name}", '{"message": "Money."}')) for name in NAMES),
    asks(*(Call(f"transfer_to_{name}") for name in NAMES)),
    asks(Call("transfer_to_nobody")),
)
KEEPS = st.sampled_from(["all", "last_turn", "none", lambda talk: talk[-3:] if len(talk) > 3 else talk])


@st.composite
def casts(draw: st.DrawFn) -> tuple[Agent, ...]:
    """Agents who may all hand over to each other, with filters of all kinds."""
    return tuple(
        Agent(
            name=name,
            instructions=draw(st.sampled_from([None, f"You are {name}."])),
            model=f"{name}-model",
            handoffs=[Handoff(agent=other, keep=draw(KEEPS)) for other in NAMES if other != name],
            settings={"max_steps": 4},
        )
        for name in NAMES
    )


def whose(events: tuple[Event, ...]) -> Iterator[str]:
    """Whose each step is, as the events tell it."""
    agent = ""
    for event in events:
        match event:
            case TurnStarted():
                assert agent in {"", event.agent}, "between two turns nothing is handed over"
                agent = event.agent
            case HandedOff():
                assert event.from_agent == agent
                agent = event.to_agent
            case StepStarted():
                yield agent


@settings(max_examples=30)
@given(
    agents=casts(),
    plays=st.lists(st.sampled_from(PLAYS), min_size=1, max_size=10),
    patience=st.lists(st.sampled_from([None, 0.01, 1.0]), min_size=1, max_size=4),
    seed=st.integers(0, 1000),
)
def test_a_conversation_is_one_agents_at_a_time(
    agents: tuple[Agent, ...], plays: list[Play], patience: list[float | None], seed: int
) -> None:
    named = {agent.name: agent for agent in agents}
    after: list[tuple[str, tuple[Any, ...]]] = []

    async def drive(session: Session) -> None:
        handles = [
            session.send(f"{number}?") for number in range(len(patience))
        ]  # all but the first are queued
        for handle, seconds in zip(handles, patience, strict=True):
            if seconds is not None:
                await asyncio.sleep(seconds)
                handle.cancel()
            with contextlib.suppress(TurnFailedError, TurnCancelledError):
                await handle
        after.append((session.agent, await session.history()))

    played = play(
        *plays, ANSWER, agents=agents, drive=drive, seed=seed, agent="front", retry=RetryPolicy(max_retries=0)
    )
    assert played.error is None
    begun = list(whose(played.events))
    asked = [body["model"] for body in played.bodies]
    assert set(asked) <= {f"{name}-model" for name in begun}
    ((agent, history),) = after
    told = [message["content"] for message in history if message["role"] == "system"]
    said = named[agent].instructions
    assert told == ([] if said is None else [said])
    for body in played.bodies:
        system = [message["content"] for message in body["messages"] if message["role"] == "system"]
        said = named[body["model"].removesuffix("-model")].instructions
        assert system == ([] if said is None else [said])
