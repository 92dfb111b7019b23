"""What a turn sends of its conversation: the window's part of the turn loop, with its state in `Memory`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from msgspec.structs import replace

from actors.core.advice import trouble_of
from actors.core.aggregate import StepResult
from actors.core.summary import SummaryPlan
from actors.core.tokens import Count, Estimator
from actors.core.window import Fitted, fit
from actors.memory import Memory
from actors.messages import StartTurn
from actors.outcome import Failure
from actors.tokenizer import counter, is_ready
from actors.tools.pool import Pool
from actors.window import Window
from actors.wire.openai_chat import Request

Trimmed: TypeAlias = Callable[[dict[str, Any]], None]
"""Takes the fields of a `ContextTrimmed` event."""
HiddenStep: TypeAlias = Callable[[Request], Awaitable[StepResult | None]]
"""Makes a model step that shows nothing; None: it failed."""


class Windowing:
    """The window of one turn. Where the session has none, and for a bare step, all is sent."""

    def __init__(
        self,
        start: StartTurn,
        memory: Memory,
        threads: Pool,
        *,
        running: int,
        trimmed: Trimmed,
        hidden_step: HiddenStep,
    ) -> None:
        self._window = None if start.stateless else start.config.window
        self._model = start.endpoint.model if start.config.model is None else start.config.model
        self._memory = memory
        self._threads = threads
        self._running = running
        self._trimmed = trimmed
        self._hidden_step = hidden_step
        self._sent: Fitted | None = None
        self._refused = False

    async def fit(self, request: Request, prepare: Callable[[Request], Request]) -> Request:
        """The request with what fits of its messages, prepared.

        Args:
            request: its messages are the conversation, of which the first `running` are older than the turn.
            prepare: adds what is sent with any part of it, and is not kept.
        """
        if self._window is None:
            return prepare(request)
        added = prepare(replace(request, messages=()))
        estimator = Estimator.of(
            await self._counter(self._window),
            messages=added.messages,
            tools=added.tools,
            response_format=added.response_format,
        )
        fitted = fit(
            request.messages,
            self._window,
            estimator,
            self._memory.window,
            running=self._running,
            model=self._model,
        )
        if fitted.plan is not None:
            fitted = fitted.with_summary(await self._summary(fitted.plan))
        self._sent, self._memory.window = fitted, fitted.state
        if fitted.trimmed:
            self._trimmed(fitted.facts(asked=self._refused))
        return prepare(replace(request, messages=fitted.messages))

    def answered(self, result: StepResult) -> None:
        """The request that was fitted last has its answer: learn from what it says of the request's length."""
        self._refused = False
        reported = result.usage.input_tokens if result.usage is not None else None
        if self._sent is not None and reported is not None:
            self._memory.window = self._sent.reported(reported)

    def try_again(self, outcome: Failure) -> bool:
        """Whether the request that was fitted last was too long, and is worth fitting again: once."""
        sent = self._sent
        if sent is None or self._refused or trouble_of(outcome) != "context":
            return False
        self._memory.window = sent.refused(outcome.message)
        self._refused = True
        return bool(sent.again(self._memory.window).cut)

    async def _counter(self, window: Window) -> Count:
        if is_ready(window):
            return counter(window)
        found: Count = await self._threads.run(counter, window)
        return found

    async def _summary(self, plan: SummaryPlan) -> str | None:
        result = await self._hidden_step(Request(messages=plan.messages, body=plan.body, model=plan.model))
        return None if result is None else result.full_text
