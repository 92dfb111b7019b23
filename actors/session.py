"""The session actor: the conversation, and the turn that runs.

A turn changes the conversation only when it completes, or once its tools have run: so what is sent next is always
valid, and what was done is not forgotten. How a turn goes is in `actors.turns.loop`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pykka

from actors.company.role import Agents
from actors.events import Event
from actors.kernel.handlers import HandlingActor
from actors.kernel.loop_actor import ChildFailed, Directive, TaskResult
from actors.memory import Memory
from actors.messages import (
    AbortTurn,
    Decide,
    EndAfterStep,
    GetHistory,
    StartTurn,
    Steer,
    StepFailed,
    StepFinished,
    Tell,
    ToolEnded,
)
from actors.tools.pool import Pool
from actors.turns.desk import ApprovalDesk
from actors.turns.loop import TurnLoop


class SessionActor(HandlingActor):
    """One conversation."""

    handlers: ClassVar[dict[type, str]] = {
        StartTurn: "_start_turn",
        StepFinished: "_step_ended",
        StepFailed: "_step_ended",
        AbortTurn: "_abort_turn",
        EndAfterStep: "_end_after_step",
        GetHistory: "_history",
        Steer: "_steer",
        Decide: "_decide",
        ToolEnded: "_tool_ended",
        TaskResult: "_task_done",
    }

    def __init__(
        self,
        session: str,
        supervisor: pykka.ActorRef[Any],
        conversation: tuple[Mapping[str, Any], ...],
        memory: Memory,
        agents: Agents,
        threads: Pool,
        ids: Callable[[], uuid.UUID],
    ) -> None:
        super().__init__()
        self.session = session
        self.supervisor = supervisor
        self.conversation = conversation
        self.memory = memory
        self.agents = agents
        self.threads = threads
        self.ids = ids
        self.desk = ApprovalDesk(self)
        self._loop: TurnLoop | None = None
        self._task = 0

    def tell(self, turn: int, kind: type[Event], **fields: Any) -> None:
        """Have the supervisor make an event of this."""
        self.send(self.supervisor, Tell(turn, kind, fields))

    def end_turn(self, last: Any, conversation: tuple[Mapping[str, Any], ...]) -> None:
        """The turn that runs is over; for its `TurnLoop`."""
        self._loop = None
        self.conversation = conversation
        self.send(self.supervisor, last)

    def _start_turn(self, turn: StartTurn) -> None:
        self._loop = TurnLoop(self, turn)
        self._task = self.spawn_task(self._loop.run(), name=f"turn {turn.turn} of {self.session}")

    def _abort_turn(self, abort: AbortTurn) -> None:
        self.conversation = abort.conversation
        loop, self._loop = self._loop, None
        if loop is not None:
            self.cancel_task(self._task)
            loop.drop()

    def _task_done(self, done: TaskResult) -> None:
        if done.error is not None and done.task == self._task:
            raise done.error  # a bug: the supervisor restarts this actor, and fails the turn

    def _step_ended(self, step: StepFinished | StepFailed) -> None:
        if (
            self._loop is not None and self._loop.turn == step.turn
        ):  # else it was aborted while this was under way
            self._loop.step_ended(step)

    def _end_after_step(self, end: EndAfterStep) -> None:
        if self._loop is not None and self._loop.turn == end.turn:  # as above
            self._loop.end_after_step(end.reason)

    def _steer(self, steer: Steer) -> bool:
        return self._loop is not None and self._loop.steer(steer.messages)

    def _decide(self, decide: Decide) -> bool:
        return self.desk.decide(decide.approval, decide.decision)

    def _tool_ended(self, ended: ToolEnded) -> None:
        if self._loop is not None:
            self._loop.tool_ended(ended)

    def _history(self, _: GetHistory) -> tuple[Mapping[str, Any], ...]:
        return self.conversation

    def on_child_failed(self, failed: ChildFailed) -> Directive:
        """A tool's actor broke; the tool itself can't break it. Its call gets a result that says so."""
        if self._loop is not None:
            self._loop.tool_broke(failed.ref, failed.error)
        return Directive.STOP
