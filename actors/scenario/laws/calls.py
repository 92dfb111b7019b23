"""Tool calls: each has exactly one result, and runs once for it."""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

from actors.core.conversation import named as named_calls
from actors.events import (
    Event,
    StepFinished,
    StepStarted,
    ToolCallFinished,
    ToolCallStarted,
    ToolProgress,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
)
from actors.scenario.laws.evidence import Acting, Evidence, SessionFacts
from actors.scenario.laws.law import Law, named

_OfACall: TypeAlias = ToolCallStarted | ToolProgress | ToolCallFinished
_CallPlace: TypeAlias = tuple[int, int, str]
"""A call by turn, step and its id."""


class _Step:
    """The calls of one step."""

    def __init__(self, event: StepFinished) -> None:
        self.asked = {one.id: one.name for one in named_calls(event.calls)}
        self.begun: Counter[str] = Counter()
        self.ended: set[str] = set()
        self.went_on = False
        """Whether the turn went on behind it, or was completed."""

    def unanswered(self, acting: Acting) -> dict[str, str]:
        """The calls without a result that must have one: all, where tools answer, but those answered by hand."""
        needed = self.went_on and acting.runs_any and not (acting.typed or acting.rewritten)
        if not (needed or self.begun or self.ended):
            return {}
        open_calls = {call: name for call, name in self.asked.items() if call not in self.ended}
        return {call: name for call, name in open_calls.items() if name not in acting.by_hand}


class OneResult(Law):
    """A call that tools answer is answered once, however its turn ends."""

    name = "each tool call has exactly one result"
    of = (
        StepStarted,
        StepFinished,
        ToolCallStarted,
        ToolProgress,
        ToolCallFinished,
        TurnCompleted,
        TurnFailed,
        TurnCancelled,
    )

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self._steps: dict[tuple[int, int], _Step] = {}
        """Those that asked for calls, by turn and step."""
        self._last: tuple[int, int] = (0, 0)

    def apply(self, event: Event) -> None:
        """Follow the calls of the last step."""
        match event:
            case StepFinished():
                self._last = (event.turn, event.step)
                if event.calls:
                    self._steps[self._last] = _Step(event)
            case ToolCallStarted() | ToolProgress() | ToolCallFinished():
                self._follow(event)
            case _:
                self._leave(event)

    def judge(self, facts: SessionFacts | None, evidence: Evidence) -> None:  # noqa: ARG002 - facts are enough
        """Where tools answer a step's calls, none is left out."""
        for (turn, number), step in self._steps.items():
            acting = None if facts is None else facts.acting.get(turn)
            for call, name in ({} if acting is None else step.unanswered(acting)).items():
                self.broken(turn, f"call {call!r} of {name!r} in step {number} has no result")

    def _follow(self, event: _OfACall) -> None:
        step, call = self._steps.get((event.turn, event.step)), event.call_id
        if step is None or call not in step.asked:
            self.broken(
                event.turn, f"{named(event)} is of call {call!r}, which step {event.step} did not ask for"
            )
            return
        if call in step.ended:
            self.broken(event.turn, f"{named(event)} of call {call!r} came after its result")
        match event:
            case ToolCallStarted():
                step.begun[call] += 1
                if event.tool_attempt != step.begun[call]:
                    self.broken(
                        event.turn,
                        f"attempt {event.tool_attempt} of call {call!r} is number {step.begun[call]}",
                    )
            case ToolProgress():
                if not step.begun[call]:
                    self.broken(event.turn, f"call {call!r} made progress before it was begun")
            case ToolCallFinished():
                step.ended.add(call)
                if event.ran != bool(step.begun[call]):
                    self.broken(
                        event.turn,
                        f"call {call!r} was begun {step.begun[call]} times, and its result says ran={event.ran}",
                    )

    def _leave(self, event: Event) -> None:
        """The turn goes on behind the step, or ends."""
        step = self._steps.get(self._last)
        if step is None or event.turn != self._last[0]:
            return
        step.went_on = isinstance(event, StepStarted | TurnCompleted)
        for call in step.begun:
            if call not in step.ended:
                self.broken(event.turn, f"{named(event)} came, and call {call!r} was begun and has no result")
        self._last = (0, 0)


class RunsOnce(Law):
    """By what the tools themselves counted."""

    name = "no tool runs twice for a call, but an idempotent one that is tried again"
    of = (ToolCallStarted, ToolCallFinished)

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self._begun: Counter[_CallPlace] = Counter()
        self._answers: set[_CallPlace] = set()
        """The calls that have what a tool gave for a result."""

    def apply(self, event: Event) -> None:
        """Count what is said to run."""
        if isinstance(event, ToolCallStarted):
            self._begun[event.turn, event.step, event.call_id] += 1
        elif isinstance(event, ToolCallFinished) and event.ran and event.result in {"ok", "error"}:
            self._answers.add((event.turn, event.step, event.call_id))

    def judge(self, facts: SessionFacts | None, evidence: Evidence) -> None:  # noqa: ARG002 - facts are enough
        """Compare it with what ran."""
        if facts is None:
            return
        runs = {(run.turn, run.step, run.call): run for run in facts.tool_runs}
        ran = Counter((run.turn, run.step, run.call) for run in facts.tool_runs)
        for place, times in ran.items():
            run = runs[place]
            what = f"{run.name!r} ran {times} times for call {run.call!r}"
            if times > self._begun[place]:
                self.broken(run.turn, f"{what}, and was begun {self._begun[place]} times")
            if times > 1 and not run.idempotent:
                self.broken(run.turn, f"{what}, and is not idempotent")
        for turn, step, call in sorted(self._answers - ran.keys()):
            if turn in facts.acting and not facts.acting[turn].moves:
                self.broken(turn, f"call {call!r} of step {step} has a tool's result, and no tool ran")
