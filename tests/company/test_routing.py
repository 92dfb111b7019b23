"""A router: who is to answer is chosen by an answer that can be nothing but a name."""

from __future__ import annotations

from typing import Any

import pytest

from actors import AnswerError, ConfigError, Routed, Runtime, TurnFailedError, route, router
from actors.provider import Reply, ScriptedProvider
from tests.company.cast import company, known

AGENTS = (known("billing", description="Knows of money."), known("sales"))
CHOOSER = router(AGENTS, model="router", instructions="Money first.")
MONEY = Reply("Here is your money.")


def routed(*choices: Reply) -> Routed:
    async def main(runtime: Runtime) -> Routed:
        return await route(runtime, "My money!", AGENTS, by=CHOOSER)

    return company(main, {"router": choices, "billing": MONEY})


def test_the_chosen_one_answers() -> None:
    done = routed(Reply('{"answer": "billing"}'))
    assert (done.agent, done.result.answer) == ("billing", "Here is your money.")


def test_a_router_is_told_whom_there_is_to_choose_from() -> None:
    assert CHOOSER.instructions is not None
    assert CHOOSER.instructions.splitlines()[0] == "Money first."
    assert CHOOSER.instructions.splitlines()[-2:] == ["- billing: Knows of money.", "- sales"]


def test_what_is_no_name_is_asked_for_again() -> None:
    assert routed(Reply('{"answer": "the cook"}'), Reply('{"answer": "billing"}')).agent == "billing"


def test_it_fails_where_none_is_chosen() -> None:
    with pytest.raises(TurnFailedError):
        routed(*[Reply("no")] * 3)


def test_a_router_may_refuse() -> None:
    with pytest.raises(AnswerError, match="router chose none of billing, sales: I can't"):
        routed(Reply("I can't", text_field="refusal"))


def test_there_must_be_somebody() -> None:
    with pytest.raises(ConfigError):
        router(())


def test_a_thread_gets_it_too() -> None:
    with ScriptedProvider(default=Reply('{"answer": "sales"}')) as provider:
        endpoint: Any = provider.endpoint()
        with Runtime(endpoint) as runtime:
            assert route(runtime, "Sell me something.", AGENTS).get().agent == "sales"
