"""How a turn goes: model steps, and between them the tools that they ask for, until there is an answer.

One coroutine a turn, a task of its session actor. It talks to others by messages only: it asks the supervisor for steps
and for events, and starts an actor for each tool call. What is to be decided, pure functions of `actors.core` decide.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import pykka

from actors.answers.typed import Rejected, Taken, TypedAnswers
from actors.company.transfers import Transfer, Transfers
from actors.core.aggregate import StepResult
from actors.core.conversation import Asked, answer, asking, cut_off, reply, settle
from actors.core.moving import move
from actors.core.repeats import CallCounts
from actors.events import AnswerRejected, ContextTrimmed, LoopNoticed, Steered, ToolCall, ToolCallFinished
from actors.hooks import Place, overridden
from actors.messages import (
    CallsTaken,
    HandOver,
    Keep,
    RunStep,
    StartTurn,
    StepFailed,
    StepFinished,
    ToolEnded,
    TurnDone,
    TurnGaveUp,
    TurnStopped,
)
from actors.outcome import HookFailed, LimitReached
from actors.tools.result import ToolResult
from actors.turns.calling import Calling
from actors.turns.giving_up import GaveUp
from actors.turns.toolset import Toolset, settle_tools
from actors.turns.windowing import Windowing
from actors.wire.openai_chat import Request

if TYPE_CHECKING:
    from actors.session import SessionActor

_ANSWER_PLEASE = {"role": "user", "content": "Your last answer was empty. Please answer."}
"""Asks again, where the same request would only give the same empty answer."""

_INTERRUPTED = "interrupted: the turn ended before this call had a result; it may have had effects"


class Stopped(Exception):  # noqa: N818 - nothing is wrong
    """The turn was asked to end behind the step that ran."""


class TurnLoop:
    """One turn of a session."""

    def __init__(self, actor: SessionActor, start: StartTurn) -> None:
        self.turn = start.turn
        self._actor = actor
        self._earlier = () if start.stateless else settle(actor.conversation, start.messages)
        self._added: list[Mapping[str, Any]] = []
        """What the turn adds to the conversation."""
        self._kept = actor.conversation
        """What stays of the conversation should the turn end without an answer."""
        self._nudge: tuple[Mapping[str, Any], ...] = ()
        """Sent with the next request, and not remembered."""
        self._steers: list[tuple[Mapping[str, Any], ...]] = []
        self._step = 0
        self._empty_answers = 0
        self._counts = CallCounts(start.config.repeats)
        self._calling: Calling | None = None
        self._reply: asyncio.Future[StepFinished | StepFailed] | None = None
        self._stop: str | None = None
        self._over = False
        self._play(start)

    def _play(self, start: StartTurn) -> None:
        """Go on in this role."""
        self._start = start
        self._tools = Toolset(start.tools)
        self._windowing = Windowing(
            start,
            self._actor.memory,
            self._actor.threads,
            running=len(self._earlier),
            trimmed=lambda facts: self._tell(ContextTrimmed, **facts),
            hidden_step=self._hidden_step,
        )
        self._answers = TypedAnswers(start.config, start.endpoint.profile)
        self._transfers = Transfers(self._actor.agents, start)

    # What the session actor hands on

    def step_ended(self, step: StepFinished | StepFailed) -> None:
        """The supervisor's word on the step that was asked for."""
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(step)

    def end_after_step(self, reason: str) -> None:
        """Take no further step."""
        self._stop = reason

    def steer(self, messages: tuple[Mapping[str, Any], ...]) -> bool:
        """Have this enter before the next step; False: there is none any more."""
        if self._over or self._start.stateless:
            return False
        self._steers.append(messages)
        return True

    def tool_ended(self, ended: ToolEnded) -> None:
        """A tool is through."""
        if self._calling is not None:
            self._calling.tool_ended(ended)

    def tool_broke(self, ref: pykka.ActorRef[Any], error: BaseException) -> None:
        """A tool's actor failed."""
        if self._calling is not None:
            self._calling.tool_broke(ref, error)

    def drop(self) -> None:
        """The turn has ended without this: whatever it has begun ends too."""
        self._over = True
        if self._calling is not None:
            self._calling.drop()

    # The turn

    async def run(self) -> None:
        """Run the turn, and tell the supervisor how it ended."""
        last: TurnDone | TurnGaveUp | TurnStopped
        conversation = self._kept
        try:
            result, value = await self._to_the_answer()
        except GaveUp as end:
            last, conversation = TurnGaveUp(self.turn, end.outcome), self._kept
        except Stopped:
            last, conversation = TurnStopped(self.turn, self._stop or ""), self._kept
        else:
            if not self._start.stateless:
                conversation = (*self._earlier, *self._added)
            last = TurnDone(self.turn, result, conversation, value)
        self._over = True
        self._actor.end_turn(last, conversation)

    async def _to_the_answer(self) -> tuple[StepResult, Any]:
        start = self._start
        if start.stateless:
            self._added = list(start.messages)
            return await self._take_step(), None
        self._added += await self._heard(start.messages)
        while True:
            result = await self._take_step()
            self._nudge = ()
            done = await self._make_of(result)
            if done is not None and not self._steers:
                return done
            await self._enter_steers()

    async def _take_step(self) -> StepResult:
        if self._stop is not None:
            raise Stopped
        limit = self._start.config.max_steps
        if self._step == limit:
            raise GaveUp(LimitReached(limit="max_steps", message=f"no answer after {limit} steps"))
        self._step += 1
        if not self._start.stateless:
            await settle_tools(self._start.config.tools)
            self._tools = Toolset((*self._start.config.tools, *self._transfers.tools))
        step = await self._ask(await self._request())
        if isinstance(step, StepFailed) and self._windowing.try_again(step.outcome):
            step = await self._ask(await self._request())
        if isinstance(step, StepFailed):
            raise GaveUp(step.outcome)
        self._windowing.answered(step.result)
        result: StepResult = await self._hook("on_response", step.result)
        return result

    async def _ask(self, request: Request, *, hidden: bool = False) -> StepFinished | StepFailed:
        self._reply = asyncio.get_running_loop().create_future()
        self._actor.send(self._actor.supervisor, RunStep(self.turn, request, hidden))
        return await self._reply

    async def _hidden_step(self, request: Request) -> StepResult | None:
        step = await self._ask(request, hidden=True)
        return None if isinstance(step, StepFailed) else step.result

    async def _request(self) -> Request:
        config = self._start.config
        whole = Request(
            messages=(*self._earlier, *self._added),
            tools=self._tools.definitions(),
            enable_thinking=config.enable_thinking,
            response_format=config.response_format,
        )
        request: Request = await self._hook("on_request", await self._windowing.fit(whole, self._prepare))
        return request

    def _prepare(self, request: Request) -> Request:
        nudged = msgspec.structs.replace(request, messages=(*request.messages, *self._nudge))
        return self._answers.prepare(nudged)

    async def _make_of(self, result: StepResult) -> tuple[StepResult, Any] | None:
        """What to make of a step; None: there is need of another one."""
        typed = self._answers.read(result)
        if isinstance(typed, Taken):
            self._added.append(answer(typed.result))
            return typed.result, typed.value
        if isinstance(typed, Rejected):
            self._reject(typed)
            return None
        if result.calls and self._tools.runs_any:
            return await self._act(result)
        return self._judge(result)

    def _reject(self, rejected: Rejected) -> None:
        if not rejected.messages:
            message = f"{rejected.rejected} answers were not of the type: {rejected.error}"
            raise GaveUp(LimitReached(limit="answer_retries", message=message))
        self._tell(AnswerRejected, reason="invalid", error=rejected.error, rejected=rejected.rejected)
        self._nudge = rejected.messages

    def _judge(self, result: StepResult) -> tuple[StepResult, Any] | None:
        """What to make of an answer that asks for no tools; None: ask again."""
        allowed = self._start.config.max_empty_answers
        if allowed is not None and self._is_empty(result):
            self._reject_empty(allowed)
            return None
        self._added.append(answer(result))
        return result, None

    def _is_empty(self, result: StepResult) -> bool:
        """Whether it says nothing; calls that were begun say something, where they are the host's to answer."""
        by_hand = result.is_tool_call and not self._tools.runs_any
        return not by_hand and not result.full_text.strip() and not result.calls

    def _reject_empty(self, allowed: int) -> None:
        self._empty_answers += 1
        if self._empty_answers > allowed:
            message = f"the model answered with nothing {self._empty_answers} times"
            raise GaveUp(LimitReached(limit="empty_answers", message=message))
        self._tell(AnswerRejected, reason="empty", error="the answer is empty", rejected=self._empty_answers)
        self._nudge = (_ANSWER_PLEASE,)

    # Tools

    async def _act(self, result: StepResult) -> tuple[StepResult, Any] | None:
        """Carry out a step's calls; None: go on with their results."""
        message, asked = asking(result)
        self._added.append(message)
        by_hand = tuple(one for one in asked if one.name in self._tools.by_hand)
        ours = tuple(one for one in asked if one not in by_hand)
        self._actor.send(
            self._actor.supervisor, CallsTaken(self.turn, tuple((one.id, one.name) for one in ours))
        )
        notes = self._notice(ours)
        self._keep(asked, {})
        calling = self._calling = Calling(
            self._actor, self._start, self._step, self._tools, self._hook, cut_off(result, asked)
        )
        try:
            results = await calling.carry_out(ours, notes, on_each=lambda done: self._keep(asked, done))
        finally:
            calling.drop()
            self._calling = None
        self._added += (reply(one.id, results[one.id].content) for one in ours)
        if self._transfers.taken is not None:
            self._hand_over(self._transfers.taken)
            by_hand = ()  # what the other one goes on with has no calls that wait
        if not by_hand and not calling.ends_turn:
            return None
        open_calls: tuple[ToolCall, ...] = tuple(one.call for one in by_hand)
        return msgspec.structs.replace(result, calls=open_calls, is_tool_call=bool(open_calls)), None

    def _notice(self, asked: tuple[Asked, ...]) -> dict[str, int]:
        """How often those calls came that came too often; fails the turn where that is often enough."""
        notes: dict[str, int] = {}
        for one in asked:
            times, notice = self._counts.add(one.name, one.call.arguments)
            if notice == "fine":
                continue
            self._tell(LoopNoticed, name=one.name, times=times, stopped=notice == "stop")
            if notice == "stop":
                content = f"not run: the same call came {times} times"
                self._keep(asked, {one.id: ToolResult(content)})
                self._tell(
                    ToolCallFinished,
                    call_id=one.id,
                    name=one.name,
                    result="repeated",
                    content=content,
                    duration=0.0,
                    ran=False,
                )
                message = f"the model asked for the same call of {one.name!r} {times} times in this turn"
                raise GaveUp(LimitReached(limit="repeats", message=message))
            notes[one.id] = times
        return notes

    def _keep(self, asked: tuple[Asked, ...], done: Mapping[str, ToolResult]) -> None:
        """What stays should the turn end now: each call with the result that it has, or the word that it has none."""
        replies = (reply(one.id, done[one.id].content if one.id in done else _INTERRUPTED) for one in asked)
        self._kept = (*self._earlier, *self._added, *replies)
        self._actor.send(self._actor.supervisor, Keep(self.turn, self._kept))

    def _hand_over(self, transfer: Transfer) -> None:
        """Go on as another agent."""
        before, role = self._start.role.session, transfer.role
        try:
            self._earlier, added = move(
                self._earlier,
                tuple(self._added),
                keep=transfer.handoff.keep,
                message=transfer.message,
                system=(before.config.system, role.session.config.system),
            )
        except Exception as error:
            message = f"the hand-off's filter raised {type(error).__name__}: {error}"
            raise GaveUp(HookFailed(hook="handoff", message=message)) from error
        self._added = [*added]
        self._play(msgspec.structs.replace(self._start, role=role))
        self._actor.send(self._actor.supervisor, HandOver(self.turn, role, transfer.call_id))
        self._keep((), {})

    # The user and the hooks

    async def _heard(self, messages: tuple[Mapping[str, Any], ...]) -> tuple[Mapping[str, Any], ...]:
        heard: tuple[Mapping[str, Any], ...] = await self._hook("on_user_message", messages)
        return heard

    async def _enter_steers(self) -> None:
        while self._steers:
            messages = await self._heard(self._steers.pop(0))
            self._added = [*settle(tuple(self._added), messages), *messages]
            self._tell(Steered, messages=messages)

    async def _hook(self, name: str, value: Any, *more: Any) -> Any:
        """Let a hook of the host's change what passes."""
        hook = overridden(self._start.config.hooks, name)
        if hook is None:
            return value
        try:
            changed = hook(value, *more, Place(self._actor.session, self.turn, self._step))
            if inspect.isawaitable(changed):
                changed = await changed
        except Exception as error:
            message = f"{name} raised {type(error).__name__}: {error}"
            raise GaveUp(HookFailed(hook=name, message=message)) from error
        return value if changed is None else changed

    def _tell(self, kind: type[Any], **fields: Any) -> None:
        self._actor.tell(self.turn, kind, **fields)
