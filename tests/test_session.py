"""The session actor by itself: what it asks for, and what it adds to the conversation."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from typing import Any

import pykka
import pytest

from actors.company.accounts import Account
from actors.company.purse import Purse
from actors.company.role import Agents, Role, TurnRole
from actors.config import Endpoint, SessionConfig
from actors.core.aggregate import StepResult
from actors.endpoints import Endpoints
from actors.events import ToolCall
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.loop_actor import LoopActor
from actors.memory import Memory
from actors.messages import (
    AbortTurn,
    GetHistory,
    RunStep,
    StartTurn,
    StepFailed,
    StepFinished,
    TurnDone,
    TurnGaveUp,
)
from actors.outcome import Complete, Truncated
from actors.session import SessionActor
from actors.tools.inline import InlinePool

EARLIER = ({"role": "user", "content": "earlier"}, {"role": "assistant", "content": "yes"})
ASKED = ({"role": "user", "content": "and now?"},)
ENDPOINT = Endpoint(base_url="http://127.0.0.1:1/v1", model="m")
FAILURE = Truncated(message="the stream ended")


class Supervisor(LoopActor):
    """Keeps what the session tells it; an `ask` gives it back, and is a barrier."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Any] = []

    def on_receive(self, message: Any) -> Any:
        if message == "told":
            return tuple(self.told)
        self.told.append(message)
        return None


class Pair:
    def __init__(self, dispatcher: Dispatcher) -> None:
        agents = Agents((), Endpoints(ENDPOINT), SessionConfig())
        self.supervisor: pykka.ActorRef[Any] = dispatcher.spawn(Supervisor)
        self.session: pykka.ActorRef[Any] = dispatcher.spawn(
            SessionActor, "s", self.supervisor, EARLIER, Memory(), agents, InlinePool(), uuid.uuid4
        )
        self._loop = dispatcher.loop

    def tell(self, message: Any) -> None:
        self.session.tell(message)
        self.history()

    def history(self) -> Any:
        said = self.session.ask(GetHistory(), block=True, timeout=30)
        asyncio.run_coroutine_threadsafe(_settled(), self._loop).result(5)
        return said

    def told(self) -> Any:
        self.history()
        return self.supervisor.ask("told", block=True, timeout=30)


async def _settled() -> None:
    """Let the turn's coroutine get to where it waits: each message takes it a turn or two of the loop."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def pair() -> Iterator[Pair]:
    dispatcher = Dispatcher.in_thread()
    yield Pair(dispatcher)
    dispatcher.close()


def start(turn: int = 1, *, stateless: bool = False) -> StartTurn:
    config, purse = SessionConfig(enable_thinking=True), Purse(Account("s"))
    return StartTurn(
        turn, ASKED, (), stateless, TurnRole(Role(None, ENDPOINT, config, {}), {}, ENDPOINT, config), purse
    )


def result(text: str = "now", calls: tuple[ToolCall, ...] = ()) -> StepResult:
    return StepResult(
        full_text=text,
        thoughts="",
        refusal="",
        is_tool_call=bool(calls),
        calls=calls,
        usage=None,
        response_id="",
        response_model="",
        outcome=Complete(finish_reason="stop"),
    )


def test_a_step_is_asked_with_the_whole_conversation(pair: Pair) -> None:
    pair.tell(start())
    (step,) = pair.told()
    assert isinstance(step, RunStep)
    assert step.request.messages == (*EARLIER, *ASKED)
    assert step.request.enable_thinking is True


def test_a_bare_step_is_asked_with_its_own_messages_only(pair: Pair) -> None:
    pair.tell(start(stateless=True))
    pair.tell(StepFinished(1, result()))
    step, done = pair.told()
    assert step.request.messages == ASKED
    assert done.conversation == EARLIER
    assert pair.history() == EARLIER


def test_a_completed_turn_adds_to_the_conversation(pair: Pair) -> None:
    pair.tell(start())
    pair.tell(StepFinished(1, result()))
    conversation = (*EARLIER, *ASKED, {"role": "assistant", "content": "now"})
    assert pair.told()[1] == TurnDone(1, result(), conversation)
    assert pair.history() == conversation


def test_a_call_that_nobody_answered_is_not_sent(pair: Pair) -> None:
    call = ToolCall(id="c1", name="look", arguments="{}", runnable=True)
    pair.tell(start())
    pair.tell(StepFinished(1, result(calls=(call,))))
    pair.tell(start(2))
    assert pair.told()[2].request.messages[-2] == {"role": "assistant", "content": "now"}


def test_a_failed_turn_adds_nothing(pair: Pair) -> None:
    pair.tell(start())
    pair.tell(StepFailed(1, FAILURE))
    assert pair.told()[1] == TurnGaveUp(1, FAILURE)
    assert pair.history() == EARLIER


def test_a_turn_that_was_cancelled_as_it_completed_adds_nothing(pair: Pair) -> None:
    pair.tell(start())
    pair.tell(StepFinished(1, result()))
    pair.tell(AbortTurn(EARLIER))
    assert pair.history() == EARLIER


def test_what_comes_for_an_aborted_turn_is_let_fall(pair: Pair) -> None:
    pair.tell(start())
    pair.tell(AbortTurn(EARLIER))
    pair.tell(StepFinished(1, result()))
    pair.tell(StepFailed(1, FAILURE))
    assert len(pair.told()) == 1
    assert pair.history() == EARLIER
