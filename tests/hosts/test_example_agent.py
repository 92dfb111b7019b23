"""The example agent, with the scripted provider and with the local model: the same laws hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors import ApprovalRequest, Hooks, LocalModel, Place, Runtime, ToolContext, ToolError
from actors.events import ApprovalDecided, Event, SessionEnded, ToolCallStarted, ToolProgress
from actors.provider import Call, Reply, ScriptedProvider
from actors.wire.openai_chat import Request
from tests.hosts.example_agent import Folder, calculate, hire
from tests.local.wheels import wants_wheels
from tests.turns.acting import TERMINAL, Acted, hold_to_the_laws

QUESTION = "What do twelve tickets cost?"
PRICE = "A ticket costs 12.50 euros."


class Once(Hooks):
    """The first step must call a tool; a bias on `<` keeps a small model from talking before it does."""

    def on_request(self, request: Request, place: Place) -> Request:
        if place.step > 1:
            return request
        return msgspec.structs.replace(request, tool_choice="required", body={"logit_bias": {"44": 5}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "prices.txt").write_text(PRICE)
    (docs / "hours.txt").write_text("Open at 8.")
    (tmp_path / "secret.txt").write_text("secret")
    return docs


@pytest.fixture
def model() -> Iterator[LocalModel]:
    with LocalModel() as model:
        yield model


def worked(runtime: Runtime, folder: Path, *questions: str, **settings: Any) -> Acted:
    """What came of the agent's turns; the laws are checked."""
    agent = hire(runtime, folder, **settings)
    told: list[Event] = []
    with agent.events() as events:
        for question in questions:
            with agent.stream(question) as turn:
                turn.done.get()
        history = agent.history().get()
        agent.close()
        told = [event for event in events if not isinstance(event, SessionEnded)]
    acted = Acted(tuple(told), history, (), 0.0)
    hold_to_the_laws(acted)
    approved = {event.call_id for event in acted.of(ApprovalDecided) if event.decision == "approved"}
    assert {event.call_id for event in acted.of(ToolCallStarted) if event.name == "read"} <= approved
    assert len(acted.of(*TERMINAL)) == len(questions)
    return acted


def test_with_a_scripted_provider_it_searches_reads_and_calculates(folder: Path) -> None:
    asked: list[ApprovalRequest] = []

    def approve(request: ApprovalRequest) -> bool:
        asked.append(request)
        return True

    plays = (
        Reply("Let me look.", tool_calls=(Call("search", '{"word": "Ticket"}'),)),
        Reply(
            "", tool_calls=(Call("read", '{"name": "prices.txt"}'), Call("read", '{"name": "../secret.txt"}'))
        ),
        Reply("", tool_calls=(Call("calculate", '{"expression": "12 * 12.50"}'), Call("calculate", "{}"))),
        Reply("They cost 150 euros."),
    )
    with ScriptedProvider() as provider, Runtime(provider.endpoint()) as runtime:
        provider.script("agent", *plays)
        acted = worked(runtime, folder, QUESTION, id="agent", on_approval=approve)
    assert [request.arguments["name"] for request in asked] == ["prices.txt", "../secret.txt"]
    told = [message["content"] for message in acted.history if message["role"] == "tool"]
    assert told[:4] == ['["prices.txt"]', PRICE, "../secret.txt is outside of the folder", "150.0"]
    assert "expression" in told[4]
    assert acted.of(ToolProgress)[-1].payload == "searched 2 of 2"
    assert acted.completed.answer == "They cost 150 euros."


def test_what_is_not_approved_is_not_read(folder: Path) -> None:
    reading = Reply("", tool_calls=(Call("read", '{"name": "prices.txt"}'),))
    with ScriptedProvider() as provider, Runtime(provider.endpoint()) as runtime:
        provider.script("agent", reading, Reply("I may not."))
        acted = worked(runtime, folder, QUESTION, id="agent", on_approval=lambda _: False)
    assert acted.results == {"call_1": "rejected"}
    assert PRICE not in str(acted.history)


@wants_wheels
def test_with_a_real_model_the_laws_hold(folder: Path, model: LocalModel) -> None:
    with Runtime(model.endpoint()) as runtime:
        acted = worked(
            runtime,
            folder,
            "Call calculate for 12 * 30.",
            "Call read for prices.txt.",
            hooks=Once(),
            on_approval=lambda _: True,
            max_steps=2,
            body={"temperature": 0, "max_tokens": 60},
        )
    assert acted.results, "it called a tool"


@pytest.mark.parametrize(
    ("expression", "value"), [("(2 + 3) * 4.5", 22.5), ("-1 / 4", -0.25), ("7", 7), ("1 - -1", 2)]
)
def test_it_calculates(expression: str, value: float) -> None:
    assert calculate(expression) == value


@pytest.mark.parametrize("expression", ["1 / 0", "2 ** 99", "a", "1 +", "print(1)", "'a' * 9", "[1]", "True"])
def test_it_calculates_nothing_else(expression: str) -> None:
    with pytest.raises(ToolError):
        calculate(expression)


def test_it_reads_nothing_outside_of_its_folder(folder: Path) -> None:
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    for name in ("../secret.txt", str(folder.parent / "secret.txt"), "link.txt", "no.txt", "."):
        with pytest.raises(ToolError):
            Folder(folder).read(name)
    assert Folder(folder).search("SECRET", ToolContext()) == []
