"""Approval desk: one actor decides on the calls of everyone, one after the other, and not all of them.

    greenroom run scenarios/approval_desk.py --sessions 500

Some calls are approved, some with other arguments, some are rejected with a reason, some are approved for good, so that
the desk is not asked again, and some it leaves lying until their time is over. What runs is what was decided, to the
letter; what the model is told says why something did not.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

from actors import ApprovalRequest, Approvals, Approve, Reject, Rule, ToolContext, tool
from actors.events import ToolOutcome
from actors.provider import Call, Reply
from actors.scenario import Says, SideEffects, Stage, approvals, maximum, scenario, tool_time

CUT = Call("cut", '{"line": 7}')
AGAIN = Call("cut", '{"line": 8}')
READ = Call("read", '{"line": 7}')
DONE = Reply("The text is as it should be.")
BUSY = "the author wants that line"


class Part(NamedTuple):
    """What the desk does with a session's calls, and what comes of them."""

    decision: Approve | Reject | None
    results: tuple[ToolOutcome, ToolOutcome]
    lines: tuple[int, ...]
    """What is cut in the end."""
    asked: int


PARTS: Mapping[str, Part] = {
    "approved": Part(Approve(), ("ok", "ok"), (7, 8), 2),
    "modified": Part(Approve(arguments={"line": 9}), ("ok", "ok"), (9, 9), 2),
    "rejected": Part(Reject(reason=BUSY), ("rejected", "rejected"), (), 2),
    "always": Part(Approve(always=True), ("ok", "ok"), (7, 8), 1),
    "forgotten": Part(None, ("rejected", "rejected"), (), 2),
}


@scenario(sessions=50, tags=("tools", "approvals"))
async def approval_desk(stage: Stage, *, patience_s: float = 1.0) -> None:
    """One desk decides for everyone: what runs is what was decided, and who waits in vain goes on without."""
    parts = itertools.cycle(PARTS)
    policy = Approvals(rules=(Rule("cut"),), timeout=patience_s)
    effects = SideEffects()
    cut: dict[str, list[int]] = {}
    asked: list[ApprovalRequest] = []

    def decide(request: ApprovalRequest) -> Approve | Reject | None:
        asked.append(request)
        return PARTS[request.session.partition("-")[0]].decision

    @tool
    async def read(line: int) -> str:
        """Read a line."""
        return f"line {line}"

    @tool(name="cut")
    async def cut_line(line: int, context: ToolContext) -> str:
        """Cut a line."""
        effects.add(context)
        cut.setdefault(context.session, []).append(line)
        return f"cut {line}"

    desk = stage.desk(decide)

    async def player(name: str) -> None:
        role = next(parts)
        part = PARTS[role]
        session = stage.spawn(
            f"{role}-{name}",
            Reply(tool_calls=(READ, CUT)),
            Reply(tool_calls=(AGAIN,)),
            DONE,
            tools=[read, cut_line],
            approvals=policy,
            on_approval=desk,
        )
        await stage.send(
            session, "Make it shorter.", Says(DONE.text, tools={"read": "ok", "cut": part.results})
        )
        told = [message["content"] for message in await session.history() if message["role"] == "tool"]
        stage.check(
            tuple(cut.get(session.id, ())) == part.lines, "what was decided is what ran", where=session.id
        )
        requests = [request for request in asked if request.session == session.id]
        stage.check(
            len(requests) == part.asked, "nobody is asked again who has said always", where=session.id
        )
        if role == "rejected":
            stage.check(told[1].endswith(BUSY), "the model is told why not", where=session.id)

    await stage.each(player)

    stage.check(not effects.twice, "nothing is cut twice for one call")
    stage.expect(maximum(approvals) == 2)
    stage.expect(maximum(tool_time, of="forgotten-*") < 3 * patience_s)


if __name__ == "__main__":
    approval_desk.main()
