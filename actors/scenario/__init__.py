"""Scenarios: scripts that put sessions on stage, have their provider fail, and say what must hold.

Example::

    from actors.provider import Reply, Reset
    from actors.scenario import Says, Stage, p99, scenario, turn_time

    @scenario(sessions=10)
    async def dropped_lines(stage: Stage, *, after: int = 3) -> None:
        \"\"\"Ten sessions lose their connection in mid-sentence, and every sentence arrives whole.\"\"\"
        line = Reply("All the world's a stage, and all the men and women merely players.")

        async def player(name: str) -> None:
            session = stage.spawn(name, line)
            stage.send(session, "Your line?", Says(line.text, after=("transport:read",)))

        stage.fault(Reset(after=after), times=1)
        stage.expect(p99(turn_time) < 2)
        await stage.each(player)

    if __name__ == "__main__":
        dropped_lines.main()

`greenroom run FILE` runs it, and so does `python FILE`.
"""

from actors.scenario.declare import Scenario, scenario
from actors.scenario.expect import Cancelled, Completes, Either, Expectation, Fails, Says
from actors.scenario.metrics import (
    Condition,
    Metric,
    approval_wait,
    approvals,
    attempts,
    cancelled,
    completed,
    deltas,
    failed,
    first_chunk,
    input_tokens,
    output_tokens,
    retractions,
    retried,
    retries,
    retry_wait,
    tool_calls,
    tool_results,
    tool_time,
    turn_time,
)
from actors.scenario.side_effects import SideEffects
from actors.scenario.stage import Stage
from actors.scenario.thresholds import (
    Figure,
    Threshold,
    count,
    maximum,
    mean,
    minimum,
    p50,
    p95,
    p99,
    share,
    total,
)

__all__ = [
    "Cancelled",
    "Completes",
    "Condition",
    "Either",
    "Expectation",
    "Fails",
    "Figure",
    "Metric",
    "Says",
    "Scenario",
    "SideEffects",
    "Stage",
    "Threshold",
    "approval_wait",
    "approvals",
    "attempts",
    "cancelled",
    "completed",
    "count",
    "deltas",
    "failed",
    "first_chunk",
    "input_tokens",
    "maximum",
    "mean",
    "minimum",
    "output_tokens",
    "p50",
    "p95",
    "p99",
    "retractions",
    "retried",
    "retries",
    "retry_wait",
    "scenario",
    "share",
    "tool_calls",
    "tool_results",
    "tool_time",
    "total",
    "turn_time",
]
