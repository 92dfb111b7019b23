"""Where a session's calls wait for a decision: made from any thread, by a callback, or by another actor.

Nothing here blocks: a plain callback is called in a thread of the runtime's pool, and an actor is asked by message.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pykka

from actors.approvals import ApprovalRequest, Approve, Decision, Reject
from actors.core.permission import Ruling
from actors.events import ApprovalDecided, ApprovalRequested
from actors.hooks import Invocation
from actors.tools.tool import is_coroutine_function

if TYPE_CHECKING:
    from actors.session import SessionActor

Check = Callable[[dict[str, Any]], None]
"""Raises `ArgumentsError` on arguments that the tool does not take."""


class _Waiting:
    """A call that waits."""

    def __init__(self, key: str, decided: asyncio.Future[Decision], check: Check) -> None:
        self.key = key
        self.decided = decided
        self.check = check


class ApprovalDesk:
    """One session's."""

    def __init__(self, actor: SessionActor) -> None:
        self._actor = actor
        self._waiting: dict[str, _Waiting] = {}

    def decide(self, approval: str, decision: Decision) -> bool:
        """Settle a call that waits; False: none of that id does any more.

        Raises:
            ArgumentsError: the arguments that it was approved with are not the tool's; it goes on waiting.
        """
        waiting = self._waiting.get(approval)
        if waiting is None or waiting.decided.done():
            return False
        if isinstance(decision, Approve) and decision.arguments is not None:
            waiting.check(decision.arguments)
        waiting.decided.set_result(decision)
        if isinstance(decision, Approve) and decision.always:
            self._allow(waiting.key)
        return True

    def _allow(self, key: str) -> None:
        """From now on, and for the calls beside it that wait already."""
        self._actor.memory.always.add(key)
        for waiting in self._waiting.values():
            if waiting.key == key and not waiting.decided.done():
                waiting.decided.set_result(Approve(always=True))

    async def ask(
        self, turn: int, step: int, call: Invocation, ruling: Ruling, *, policy: Any, check: Check
    ) -> Decision:
        """Wait until somebody has decided, or the policy's timeout has passed, which is a denial.

        Args:
            turn: the turn's number.
            step: the step's.
            call: what waits.
            ruling: why it does, and the key of "always".
            policy: the session's config, with its `approvals` and `on_approval`.
            check: of arguments that replace the model's.
        """
        actor = self._actor
        if ruling.key in actor.memory.always:
            return Approve()
        dispatcher = actor.dispatcher
        seconds = policy.approvals.timeout
        request = ApprovalRequest(
            id=actor.ids().hex,
            session=actor.session,
            turn=turn,
            step=step,
            call_id=call.call_id,
            name=call.name,
            arguments=dict(call.arguments),
            key=ruling.key,
            expires=dispatcher.wall() + seconds,
        )
        began = dispatcher.now()
        waiting = self._waiting[request.id] = _Waiting(
            ruling.key, asyncio.get_running_loop().create_future(), check
        )
        actor.tell(turn, ApprovalRequested, **_told(request))
        asking = self._call(policy.on_approval, request)
        decision: Decision | None = None
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    decision = await waiting.decided
        finally:
            del self._waiting[request.id]
            if asking is not None:
                asking.cancel()
        actor.tell(
            turn,
            ApprovalDecided,
            approval=request.id,
            call_id=call.call_id,
            name=call.name,
            decision=_word(decision),
            reason=decision.reason if isinstance(decision, Reject) else "",
            waited=dispatcher.now() - began,
        )
        return Reject(reason=f"nobody decided within {seconds:g} s") if decision is None else decision

    def _call(self, on_approval: Any, request: ApprovalRequest) -> asyncio.Task[None] | None:
        if on_approval is None:
            return None
        return asyncio.get_running_loop().create_task(self._consult(on_approval, request))

    async def _consult(self, on_approval: Any, request: ApprovalRequest) -> None:
        try:
            said = await self._said(on_approval, request)
            decision = _decision(said)
            if decision is not None:
                self.decide(request.id, decision)
        except Exception as error:  # noqa: BLE001 - the host's: its call is denied, and nothing else
            reason = f"on_approval failed: {type(error).__name__}: {error}"
            self.decide(request.id, Reject(reason=reason))

    async def _said(self, on_approval: Any, request: ApprovalRequest) -> Any:
        if isinstance(on_approval, pykka.ActorRef):
            return await self._actor.ask(on_approval, request)
        if is_coroutine_function(on_approval):
            return await on_approval(request)
        return await self._actor.threads.run(on_approval, request)


def _decision(said: Any) -> Decision | None:
    if said is None or isinstance(said, Approve | Reject):
        return said
    if isinstance(said, bool):
        return Approve() if said else Reject()
    raise TypeError(f"it gave {said!r}: give Approve(...), Reject(...), True, False or None")


def _word(decision: Decision | None) -> str:
    match decision:
        case None:
            return "expired"
        case Reject():
            return "rejected"
        case Approve(always=True):
            return "always"
        case _:
            return "approved" if decision.arguments is None else "modified"


def _told(request: ApprovalRequest) -> dict[str, Any]:
    return {
        "approval": request.id,
        "call_id": request.call_id,
        "name": request.name,
        "arguments": msgspec.json.encode(request.arguments).decode(),
        "key": request.key,
        "expires": request.expires,
    }
