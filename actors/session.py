"""The session actor: the conversation and the turn loop.

A turn changes the conversation only when it completes, so that what is sent next is always valid: a turn that
failed or was cancelled leaves the conversation as it found it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pykka

from actors.core.conversation import answer, settle
from actors.kernel.handlers import HandlingActor
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
from actors.wire.openai_chat import Request


class SessionActor(HandlingActor):
    """One conversation."""

    handlers: ClassVar[dict[type, str]] = {
        StartTurn: "_start_turn",
        StepFinished: "_step_finished",
        StepFailed: "_step_failed",
        AbortTurn: "_abort_turn",
        GetHistory: "_history",
    }

    def __init__(self, supervisor: pykka.ActorRef[Any], conversation: tuple[Mapping[str, Any], ...]) -> None:
        super().__init__()
        self._supervisor = supervisor
        self._conversation = conversation
        self._turn: StartTurn | None = None

    def _start_turn(self, turn: StartTurn) -> None:
        self._turn = turn
        earlier = () if turn.stateless else settle(self._conversation, turn.messages)
        config = turn.config
        request = Request(
            messages=(*earlier, *turn.messages),
            tools=turn.tools,
            enable_thinking=config.enable_thinking,
            response_format=config.response_format,
        )
        self.send(self._supervisor, RunStep(turn.turn, request))

    def _step_finished(self, step: StepFinished) -> None:
        turn = self._turn
        if turn is None or turn.turn != step.turn:
            return  # the turn was aborted while this was under way
        self._turn = None
        if not turn.stateless:
            earlier = settle(self._conversation, turn.messages)
            self._conversation = (*earlier, *turn.messages, answer(step.result))
        self.send(self._supervisor, TurnDone(step.turn, step.result, self._conversation))

    def _step_failed(self, step: StepFailed) -> None:
        if self._turn is None or self._turn.turn != step.turn:
            return  # as above
        self._turn = None
        self.send(self._supervisor, TurnGaveUp(step.turn, step.outcome))

    def _abort_turn(self, abort: AbortTurn) -> None:
        self._turn = None
        self._conversation = abort.conversation

    def _history(self, _: GetHistory) -> tuple[Mapping[str, Any], ...]:
        return self._conversation
