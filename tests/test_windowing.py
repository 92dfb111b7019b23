"""A turn's window: what it sends, what it tells, and what it learns from answers and refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from actors.company.accounts import Account
from actors.company.purse import Purse
from actors.company.role import Role, TurnRole
from actors.config import Endpoint, SessionConfig, Window
from actors.core.aggregate import StepResult
from actors.core.chunks import Usage
from actors.core.conversation import Message
from actors.events import ContextTrimmed
from actors.log.schema import ContextTrimmed as ContextTrimmedRecord
from actors.memory import Memory
from actors.messages import StartTurn
from actors.outcome import Complete, HttpError
from actors.telling import telling
from actors.turns import windowing
from actors.turns.windowing import Windowing
from actors.wire.openai_chat import Request

TALK: tuple[Message, ...] = (
    {"role": "user", "content": "old " * 300},
    {"role": "assistant", "content": "yes"},
    {"role": "user", "content": "new"},
)
ENDPOINT = Endpoint(base_url="http://127.0.0.1:1/v1", model="m")
WINDOW = Window(tokens=200, reserve=0, tokenizer=False)
REFUSAL = HttpError(message="prompt is too long: 300 tokens > 200 maximum", status=400)


def answer(text: str, input_tokens: int | None = None) -> StepResult:
    return StepResult(
        full_text=text,
        thoughts="",
        refusal="",
        is_tool_call=False,
        calls=(),
        usage=None if input_tokens is None else Usage(input_tokens=input_tokens),
        response_id="",
        response_model="",
        outcome=Complete(),
    )


class Turn:
    """A turn that has a window, and what it told and asked."""

    def __init__(self, window: Window | None, *, stateless: bool = False, summary: str | None = None) -> None:
        self.memory = Memory()
        self.told: list[dict[str, Any]] = []
        self.asked: list[Request] = []
        self.summary = summary
        self.threaded = 0
        endpoint, config = ENDPOINT, SessionConfig(window=window)
        role = TurnRole(Role(None, endpoint, config, {}), {}, endpoint, config)
        start = StartTurn(
            turn=1, messages=TALK[2:], tools=(), stateless=stateless, role=role, purse=Purse(Account("s"))
        )
        self.windowing = Windowing(
            start,
            self.memory,
            self,
            running=2,
            trimmed=self.told.append,
            hidden_step=self._hidden_step,
        )

    async def _hidden_step(self, request: Request) -> StepResult | None:
        self.asked.append(request)
        return None if self.summary is None else answer(self.summary)

    taken = abandoned = 0

    def close(self) -> None: ...

    def run(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        self.threaded += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_result(function(*args))
        return future

    def fit(self) -> tuple[Message, ...]:
        return asyncio.run(self.windowing.fit(Request(TALK), lambda request: request)).messages


@pytest.mark.parametrize("turn", [Turn(None), Turn(WINDOW, stateless=True)], ids=["no window", "bare step"])
def test_all_is_sent(turn: Turn) -> None:
    assert turn.fit() == TALK
    turn.windowing.answered(answer("yes", 5))
    assert not turn.windowing.try_again(REFUSAL)
    assert turn.told == []


def test_what_does_not_fit_is_cut_and_told_once() -> None:
    turn = Turn(WINDOW)
    assert len(turn.fit()) == len(turn.fit()) == 1
    (told,) = turn.told
    assert (told["messages_cut"], told["budget"], told["asked"]) == (2, 200, False)
    assert told["tokens_after"] <= 200 < told["tokens_before"]
    assert turn.memory.window.cut == (0, 1)


def test_reported_usage_corrects_the_estimate() -> None:
    turn = Turn(Window(tokens=100_000, tokenizer=False))
    turn.fit()
    turn.windowing.answered(answer("yes"))
    assert turn.memory.window.ratio == 1.0
    turn.windowing.answered(answer("yes", 2 * 316))
    assert 1.2 < turn.memory.window.ratio < 1.5


def test_a_refusal_is_worth_another_try_once() -> None:
    turn = Turn(Window(tokenizer=False))
    assert turn.fit() == TALK
    assert not turn.windowing.try_again(HttpError(message="no", status=500))
    assert turn.windowing.try_again(REFUSAL)
    assert len(turn.fit()) == 1
    assert [told["asked"] for told in turn.told] == [True]
    assert not turn.windowing.try_again(REFUSAL)
    turn.windowing.answered(answer("yes"))
    assert not turn.windowing.try_again(REFUSAL)  # nothing is left to cut


def test_a_summary_stands_for_what_was_cut() -> None:
    window = Window(
        tokens=300, reserve=0, tokenizer=False, strategy="summarise", summary_tokens=50, summary_model="small"
    )
    turn = Turn(window, summary="It was old.")
    (message,) = turn.fit()
    assert "It was old." in message["content"]
    (request,) = turn.asked
    assert (request.model, request.body, request.tools) == ("small", {"max_tokens": 50}, ())
    assert turn.fit() == (message,)
    assert len(turn.asked) == 1
    failing = Turn(window)
    assert failing.fit()[0]["content"] == f"{window.marker}\n\nnew"


def test_what_is_added_to_any_request_is_counted_and_never_cut() -> None:
    def prepare(request: Request) -> Request:
        words = {"role": "system", "content": "word " * 100}
        return replace(request, messages=(words, *request.messages), tools=({"name": "look"},))

    talk = ({"role": "user", "content": "old " * 100}, *TALK[1:])
    assert asyncio.run(Turn(WINDOW).windowing.fit(Request(talk), lambda request: request)).messages == talk
    fitted = asyncio.run(Turn(WINDOW).windowing.fit(Request(talk), prepare))
    assert [message["role"] for message in fitted.messages] == ["system", "user"]
    assert fitted.tools == ({"name": "look"},)


@pytest.mark.parametrize("ready", [True, False])
def test_a_vocabulary_is_read_in_a_thread(monkeypatch: pytest.MonkeyPatch, ready: bool) -> None:
    monkeypatch.setattr(windowing, "is_ready", lambda window: ready)
    monkeypatch.setattr(windowing, "counter", lambda window: len)
    turn = Turn(Window(tokens=100_000))
    turn.fit()
    assert turn.threaded == (not ready)
    assert turn.memory.window.counts.tokens == (3 + 1200, 3 + 3, 3 + 3)


@pytest.mark.parametrize(
    ("after", "level", "asked", "reason"), [(90, "INFO", True, "refused"), (101, "WARNING", False, "budget")]
)
def test_the_log_says_what_was_cut(after: int, level: str, asked: bool, reason: str) -> None:
    event = ContextTrimmed(
        session="s",
        turn=1,
        seq=1,
        timestamp=0,
        strategy="drop",
        messages_cut=2,
        tokens_before=300,
        tokens_after=after,
        budget=100,
        asked=asked,
    )
    record = telling(event)
    assert record is not None
    assert (record.event, record.level) == ("actors.context.trimmed", level)
    assert record.fields["reason"] == reason
    assert record.fields.keys() <= set(ContextTrimmedRecord.__struct_fields__)
