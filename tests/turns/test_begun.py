"""A tool runs only once its start was told: what has not begun when its turn ends never does."""

from __future__ import annotations

from actors import ApprovalRequest, Approvals, Session, ToolContext, TurnHandle, tool
from actors.events import ToolCallStarted
from actors.provider import Call
from tests.turns.acting import DONE, act, asks

CALLS = tuple(Call("look", f'{{"where": "{number}"}}') for number in range(4))


def test_what_had_not_begun_when_its_turn_was_cancelled_never_runs() -> None:
    for seed in range(50):
        ran: set[str] = set()
        turns: list[TurnHandle] = []

        @tool
        async def look(where: str, context: ToolContext, ran: set[str] = ran) -> str:
            """Look."""
            ran.add(context.call)
            return where

        async def decide(request: ApprovalRequest, turns: list[TurnHandle] = turns) -> bool:
            if request.call_id == "call_3":
                turns[0].cancel()
            return True

        async def drive(_: Session, handle: TurnHandle, turns: list[TurnHandle] = turns) -> None:
            turns.append(handle)
            await handle

        asked: dict[str, object] = {"approvals": Approvals(otherwise="ask"), "on_approval": decide}
        acted = act(asks(*CALLS), DONE, tools=[look], drive=drive, seed=seed, **asked)
        assert ran <= {event.call_id for event in acted.of(ToolCallStarted)}, seed
