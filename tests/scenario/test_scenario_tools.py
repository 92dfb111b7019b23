"""What a script says of tools and approvals, and what a run tells of them."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from actors import ApprovalRequest, Approvals, Approve, Reject, Rule, ToolContext, tool
from actors.provider import Call, Reply
from actors.scenario import (
    Completes,
    Says,
    SideEffects,
    Stage,
    approval_wait,
    approvals,
    count,
    maximum,
    scenario,
    tool_calls,
    tool_results,
    tool_time,
    total,
)
from actors.scenario.display import Display
from actors.scenario.report import Mode, Report, complaints, show
from actors.scenario.runner import Settings, run

ACTS = Reply(tool_calls=(Call("dig", '{"where": "here"}'), Call("dig", '{"where": "there"}'), Call("fly")))
DONE = Reply("It is done.")
ASK = Approvals(rules=(Rule("dig"),), timeout=20)


def decide(request: ApprovalRequest) -> Approve | Reject | None:
    if request.session == "nobody":
        return None
    return Approve() if request.arguments["where"] == "here" else Reject(reason="not there")


@scenario(sessions=2)
async def digging(stage: Stage, *, takes: float = 2.0, most: float = 7.0) -> None:
    """Two sessions dig, and one desk decides; a third waits in vain."""
    effects = SideEffects()

    @tool
    async def dig(where: str, context: ToolContext) -> str:
        """Dig."""
        effects.add(context)
        return f"dug {where}"

    desk = stage.desk(decide, takes=takes)
    for name in ("ada", "bob"):
        session = stage.spawn(name, ACTS, DONE, tools=[dig], approvals=ASK, on_approval=desk)
        stage.send(session, "Dig!", Says(DONE.text, tools={"dig": ("ok", "rejected"), "fly": "unknown"}))
    await stage.settled()
    stage.check(effects.of("ada") == effects.of("bob") == 1 and not effects.twice, "each has dug once")
    session = stage.spawn("nobody", ACTS, DONE, tools=[dig], approvals=ASK, on_approval=desk)
    stage.send(session, "Dig!", Completes(tools={"dig": ("rejected", "rejected"), "fly": "unknown"}))
    await stage.settled()
    stage.check(effects.total == 2, "who is not allowed has not dug")
    stage.expect(total(tool_calls) == 9)
    stage.expect(total(tool_results("ok")) == 2)
    stage.expect(total(approvals) == 6)
    stage.expect(maximum(tool_time, of="*a*") < 8.1)
    stage.expect(maximum(approval_wait) == 20)
    stage.expect(count(tool_time > most) == 2)


def played(mode: Mode = "sim", **params: float) -> Report:
    return run(digging, Settings(mode=mode, params=params), Display())


def test_a_run_tells_calls_by_result_and_approvals_by_decision() -> None:
    report = played()
    assert report.passed, list(complaints(report))
    assert report.summary.tool_calls == (("rejected", 4), ("unknown", 3), ("ok", 2))
    assert report.summary.approvals == (("approved", 2), ("expired", 2), ("rejected", 2))
    out = io.StringIO()
    show(report, Console(file=out, width=200), plain=True)
    printed = out.getvalue()
    assert "tool calls   9  (4 rejected, 3 unknown, 2 ok)" in printed
    assert "approvals    6  (2 approved, 2 expired, 2 rejected)" in printed
    assert "tool call    p50 " in printed


@pytest.mark.parametrize(("takes", "expired"), [(4.0, 2), (6.0, 3), (11.0, 5)])
def test_a_desk_takes_its_time_for_one_after_the_other(takes: float, expired: int) -> None:
    report = played(takes=takes)
    assert dict(report.summary.approvals)["expired"] == expired, report.summary.approvals


def test_what_does_not_hold_is_told_with_what_happened_to_the_calls() -> None:
    report = played(most=3.0)
    (broken,) = (check for check in report.summary.checks if not check.holds)
    told = "\n".join(broken.timeline)
    assert "dig, call_1: waits for a decision" in told
    assert "call_2: rejected" in told
    assert "fly, call_3: unknown" in told
