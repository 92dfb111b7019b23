"""The typed answers of one turn."""

from __future__ import annotations

from typing import Any

import msgspec

from actors.answers.asking import again, prepare, read
from actors.answers.spec import answer_spec
from actors.config import Profile, SessionConfig
from actors.core.aggregate import StepResult
from actors.core.conversation import Message
from actors.errors import AnswerError
from actors.wire.openai_chat import Request


class Taken(msgspec.Struct, frozen=True):
    """An answer that is of the type."""

    result: StepResult
    """The step, with the answer as its text, and without calls."""
    value: Any
    """None where the model refused."""


class Rejected(msgspec.Struct, frozen=True):
    """An answer that is not."""

    error: str
    rejected: int
    """How many were by now."""
    messages: tuple[Message, ...]
    """What to send behind the conversation to ask again, and not to remember; empty: not to ask again."""


class TypedAnswers:
    """Asks for the answers of one turn as its settings say, reads them, and counts those that were not of the type.

    Where no type is asked for, requests stay as they are, and no step has a typed answer.
    """

    def __init__(self, config: SessionConfig, profile: Profile) -> None:
        self._spec = None if config.returns is None else answer_spec(config.returns)
        self._retries = config.max_answer_retries
        self._profile = profile
        self._rejected = 0

    def prepare(self, request: Request) -> Request:
        """The request, with the answer's type said as the endpoint understands it."""
        return request if self._spec is None else prepare(request, self._spec, self._profile)

    def read(self, result: StepResult) -> Taken | Rejected | None:
        """What a complete step gives; None if that is no typed answer: it asks for tools, or no type is asked for."""
        if self._spec is None:
            return None
        try:
            answered = read(result, self._spec)
        except AnswerError as error:
            self._rejected += 1
            messages = again(result, error) if self._rejected <= self._retries else ()
            return Rejected(str(error), self._rejected, messages)
        return None if answered is None else Taken(*answered)
