"""What a tool is told of its call, with nothing running."""

from __future__ import annotations

import math

from actors import ToolContext, tool


@tool
def count(to: int, context: ToolContext) -> int:
    for number in range(to):
        context.progress(number)
    context.state["counted"] = context.state.get("counted", 0) + to
    if to > 2:
        context.end_turn()
    return to


def test_a_tool_is_tested_without_a_runtime() -> None:
    said: list[int] = []
    state: dict[str, int] = {}
    context = ToolContext(report=said.append, state=state)
    assert (count(2, context), count(1, context=context)) == (2, 1)
    assert (said, state, context.ends_turn) == ([0, 1, 0], {"counted": 3}, False)
    count(3, ToolContext(state=state))
    assert state["counted"] == 6


def test_the_defaults_are_of_a_call_that_has_all_the_time() -> None:
    context = ToolContext()
    assert count(3, context) == 3
    assert context.ends_turn
    assert (context.turn, context.step, context.attempt) == (1, 1, 1)
    assert (context.remaining(), context.cancelled) == (math.inf, False)


def test_time_never_runs_below_zero_and_cancelling_is_seen() -> None:
    left = iter([2.5, -1.0])
    context = ToolContext(deadline=lambda: next(left))
    assert (context.remaining(), context.remaining()) == (2.5, 0.0)
    context.cancel()
    assert context.cancelled


def test_an_empty_state_is_still_the_session_s() -> None:
    state: dict[str, int] = {}
    assert ToolContext(state=state).state is state
    assert ToolContext().state is not ToolContext().state
