"""What a turn does with typed answers, apart from asking."""

from __future__ import annotations

from actors.answers.typed import Rejected, Taken, TypedAnswers
from actors.config import Profile, SessionConfig
from actors.wire.openai_chat import Request
from tests.answers.test_asking import HELLO, LOOK, ROME, SPEC, City, step


def test_without_a_type_nothing_changes() -> None:
    typed, request = TypedAnswers(SessionConfig(), Profile()), Request(HELLO)
    assert typed.prepare(request) is request
    assert typed.read(step(ROME)) is None


def test_an_answer_is_asked_for_read_and_rejected_up_to_a_bound() -> None:
    typed = TypedAnswers(SessionConfig(returns=City, max_answer_retries=2), Profile())
    assert typed.prepare(Request(HELLO)).response_format == SPEC.response_format
    for count in (1, 2):
        rejected = typed.read(step("Rome"))
        assert isinstance(rejected, Rejected)
        assert (rejected.rejected, len(rejected.messages)) == (count, 2)
        assert rejected.error in rejected.messages[1]["content"]
    last = typed.read(step("Rome"))
    assert isinstance(last, Rejected)
    assert (last.rejected, last.messages) == (3, ())
    assert typed.read(step(ROME)) == Taken(step(ROME), City("Rome", 3))


def test_a_step_that_asks_for_tools_counts_for_nothing() -> None:
    typed = TypedAnswers(SessionConfig(returns=City, max_answer_retries=0), Profile())
    typed.prepare(Request(HELLO, tools=(LOOK,)))
    assert typed.read(step("", ("look", "{}"))) is None
    assert typed.read(step("", ("look", "{}"))) is None
    assert typed.read(step(ROME)) == Taken(step(ROME), City("Rome", 3))
