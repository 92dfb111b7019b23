"""An actor that decides on the calls of many sessions, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from actors.approvals import ApprovalRequest, Decision
from actors.kernel.future import LoopFuture
from actors.kernel.handlers import HandlingActor
from actors.messages import Message

Decide = Callable[[ApprovalRequest], Decision | bool | None]
"""What becomes of a call; None: nothing, so that its time passes."""


class MadeUpItsMind(Message, frozen=True):
    """The time that a decision takes is over."""

    answer: LoopFuture[Any]
    decision: Any


class DeskActor(HandlingActor):
    """Give its ref as `on_approval`."""

    handlers: ClassVar[dict[type, str]] = {ApprovalRequest: "_look_at", MadeUpItsMind: "_say"}

    def __init__(self, decide: Decide, takes: float) -> None:
        super().__init__()
        self._decide = decide
        self._takes = takes
        self._free_at = 0.0
        """When it is through with what lies before it."""

    def _look_at(self, request: ApprovalRequest) -> LoopFuture[Any]:
        now = self.dispatcher.now()
        self._free_at = max(now, self._free_at) + self._takes
        answer: LoopFuture[Any] = LoopFuture()
        self.send_after(self._free_at - now, MadeUpItsMind(answer, self._decide(request)))
        return answer

    def _say(self, made: MadeUpItsMind) -> None:
        made.answer.set(made.decision)
