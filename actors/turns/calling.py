"""The tool calls of one step: each decoded, looked at by hooks and policy, run by an actor of its own, and answered.

They run beside each other, up to a cap; their results go back in the order of the calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import pykka

from actors.approvals import Approvals, Reject
from actors.core.conversation import Asked
from actors.core.permission import judge
from actors.errors import ArgumentsError
from actors.events import ToolCallFinished, ToolOutcome
from actors.hooks import Invocation
from actors.messages import StartTurn, ToolEnded
from actors.tools.result import ToolResult
from actors.tools.tool import Tool
from actors.turns.tool_actor import Errand, ToolActor
from actors.turns.toolset import Toolset

if TYPE_CHECKING:
    from actors.session import SessionActor

Hook = Callable[..., Awaitable[Any]]
_ALLOW_ALL = Approvals()


class _End(msgspec.Struct, frozen=True):
    """How a call ended."""

    outcome: ToolOutcome
    result: ToolResult
    call: Invocation
    ran: bool = False
    truncated: bool = False


class Calling:
    """The calls of one step."""

    def __init__(self, actor: SessionActor, start: StartTurn, step: int, tools: Toolset, hook: Hook) -> None:
        self._actor = actor
        self._start = start
        self._step = step
        self._tools = tools
        self._hook = hook
        self._places = asyncio.Semaphore(start.config.parallel_tools)
        self._running: dict[int, asyncio.Future[ToolEnded]] = {}
        self._refs: dict[int, pykka.ActorRef[Any]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.ends_turn = False
        """Whether a tool, or its result, asked for the turn to end."""

    async def carry_out(
        self,
        asked: tuple[Asked, ...],
        repeated: Mapping[str, int],
        on_each: Callable[[Mapping[str, ToolResult]], None],
    ) -> dict[str, ToolResult]:
        """Carry out calls; gives the result of each by its id.

        Args:
            asked: the calls.
            repeated: how often those came, by id, that came too often: the model is told.
            on_each: called with the results that there are by now, whenever there is one more.
        """
        results: dict[str, ToolResult] = {}

        async def carry_out_one(one: Asked) -> None:
            result = await self._carry_out_one(one, repeated.get(one.id))
            results[one.id] = result
            on_each(results)

        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(carry_out_one(one)) for one in asked]
        await asyncio.gather(*self._tasks)
        return results

    def drop(self) -> None:
        """Nobody waits for the results any more."""
        for task in self._tasks:
            task.cancel()
        for ref in list(self._refs.values()):
            self._actor.kill(ref)
        self._refs.clear()

    def tool_ended(self, ended: ToolEnded) -> None:
        """A tool is through."""
        waiting = self._running.get(ended.call)
        if waiting is not None and not waiting.done():
            waiting.set_result(ended)

    def tool_broke(self, ref: pykka.ActorRef[Any], error: BaseException) -> None:
        """A tool's actor failed."""
        for number, running in self._refs.items():
            if running == ref:
                self.tool_ended(ToolEnded(number, "crashed", _error(f"the tool's actor failed: {error!r}")))

    async def _carry_out_one(self, one: Asked, times: int | None) -> ToolResult:
        began = self._actor.dispatcher.now()
        end = await self._end_of(one)
        result: ToolResult = await self._hook("on_tool_result", end.result, end.call)
        if times is not None:
            result = _with_note(
                result, f"(This same call came {times} times in this turn: its result is known.)"
            )
        self.ends_turn |= result.ends_turn
        self._actor.tell(
            self._start.turn,
            ToolCallFinished,
            call_id=one.id,
            name=one.name,
            result=end.outcome,
            content=text_of(result.content),
            duration=self._actor.dispatcher.now() - began,
            ran=end.ran,
            truncated=end.truncated,
        )
        return result

    async def _end_of(self, one: Asked) -> _End:
        call = Invocation(one.id, one.name, {})
        tool = self._tools.find(one.name)
        if tool is None:
            known = ", ".join(self._tools.names)
            return _End("unknown", _error(f"there is no tool {one.name!r}; there are {known}"), call)
        try:
            decoded = tool.decode(one.call.arguments)
            call = Invocation(one.id, one.name, _plain(one.call.arguments))
            return await self._vet(tool, call, decoded)
        except ArgumentsError as error:
            return _End("invalid", _error(f"not run, its arguments are not right: {error}"), call)

    async def _vet(self, tool: Tool, call: Invocation, decoded: Any) -> _End:
        """Let hooks and policy have their say, then run it."""
        changed = await self._hook("on_tool_call", call)
        if isinstance(changed, ToolResult):
            return _End("rejected" if changed.is_error else "ok", changed, call)
        if changed is not call:
            found = self._tools.find(changed.name)
            if found is None:
                return _End("unknown", _error(f"there is no tool {changed.name!r}"), changed)
            tool, call, decoded = found, changed, found.decode(_json(changed.arguments))
        config = self._start.config
        policy = _ALLOW_ALL if config.approvals is None else config.approvals
        ruling = judge(policy, call.name, call.arguments)
        if ruling.verdict == "deny":
            return _End("rejected", _rejection(ruling.reason or "the policy denies it"), call)
        if ruling.verdict == "ask":
            decision = await self._actor.desk.ask(
                self._start.turn,
                self._step,
                call,
                ruling,
                policy=config,
                check=lambda arguments: _check(tool, arguments),
            )
            if isinstance(decision, Reject):
                return _End("rejected", _rejection(decision.reason), call)
            if decision.arguments is not None:
                call = Invocation(call.call_id, call.name, decision.arguments)
                decoded = tool.decode(_json(decision.arguments))
        return await self._run(tool, call, decoded)

    async def _run(self, tool: Tool, call: Invocation, decoded: Any) -> _End:
        async with self._places:
            number = len(self._running)
            future: asyncio.Future[ToolEnded] = asyncio.get_running_loop().create_future()
            self._running[number] = future
            actor = self._actor
            errand = Errand(
                number=number,
                session=actor.session,
                turn=self._start.turn,
                step=self._step,
                call_id=call.call_id,
                tool=tool,
                arguments=_json(call.arguments),
                decoded=decoded,
                state=actor.memory.state,
                here=None if self._start.here is None else self._start.here(call.call_id),
            )
            ref = self._refs[number] = actor.spawn(
                ToolActor, errand, actor.actor_ref, actor.supervisor, actor.threads
            )
            try:
                ended = await future
            finally:
                if self._refs.pop(number, None) is not None:
                    actor.kill(ref)
        return _End(ended.outcome, ended.result, call, ran=True, truncated=ended.truncated)


def _plain(arguments: str) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.json.decode(arguments) if arguments.strip() else {}
    return plain


def _json(arguments: Mapping[str, Any]) -> str:
    return msgspec.json.encode(dict(arguments)).decode()


def _check(tool: Tool, arguments: dict[str, Any]) -> None:
    tool.decode(_json(arguments))


def _error(text: str) -> ToolResult:
    return ToolResult(text, is_error=True)


def _rejection(reason: str) -> ToolResult:
    return _error(f"not run, it was rejected: {reason}" if reason else "not run, it was rejected")


def _with_note(result: ToolResult, note: str) -> ToolResult:
    if not isinstance(result.content, str):
        return result
    return msgspec.structs.replace(result, content=f"{result.content}\n\n{note}")


def text_of(content: Any) -> str:
    """The text of a result that is one, or that has parts."""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part.get("type") == "text")
