"""The completion contract, judged by what the provider itself says it served."""

from __future__ import annotations

import json
from typing import ClassVar

from actors.core.conversation import named
from actors.events import Event, StepFinished, ToolCall, TurnCompleted
from actors.scenario.laws.evidence import Evidence, SessionFacts
from actors.scenario.laws.law import Law


class _Finishes(Law):
    of: ClassVar[tuple[type[Event], ...]] = (StepFinished,)

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self._steps: list[StepFinished] = []

    def apply(self, event: Event) -> None:
        """Remember it: what was served is known at the end."""
        if isinstance(event, StepFinished):
            self._steps.append(event)

    def cut_short(self, evidence: Evidence) -> list[StepFinished]:
        """Those whose attempt the provider did not serve up to a finish."""
        return [
            step
            for step in self._steps
            if (seen := evidence.exchange((step.session, step.turn, step.step, step.attempt))) is not None
            and seen.finished is False
        ]


class CompleteAnswers(_Finishes):
    """Half an answer is none."""

    name = "no answer comes from an incomplete attempt"

    def judge(self, facts: SessionFacts | None, evidence: Evidence) -> None:  # noqa: ARG002 - see `cut_short`
        """A step is finished only by an attempt that was served up to its finish."""
        for step in self.cut_short(evidence):
            self.broken(
                step.turn,
                f"step {step.step} was finished by attempt {step.attempt}, of which the provider wrote neither a "
                "finish reason nor an end marker",
            )


class CompleteCalls(_Finishes):
    """Half a tool call is never run."""

    name = "no tool call is runnable from an incomplete attempt"
    of = (StepFinished, TurnCompleted)

    def apply(self, event: Event) -> None:
        """What is called runnable must be an object."""
        super().apply(event)
        if isinstance(event, StepFinished | TurnCompleted):
            for place, call in enumerate(event.calls):
                if call.runnable and not _is_object(call):
                    self.broken(
                        event.turn,
                        f"call {place} ({call.name!r}) is runnable, and its arguments are no JSON object: "
                        f"{call.arguments[:60]!r}",
                    )

    def judge(self, facts: SessionFacts | None, evidence: Evidence) -> None:  # noqa: ARG002 - see `cut_short`
        """Nothing of a cut attempt is runnable."""
        for step in self.cut_short(evidence):
            for place, call in enumerate(step.calls):
                if call.runnable:
                    self.broken(
                        step.turn,
                        f"call {place} ({call.name!r}) of step {step.step} is runnable, and the provider cut attempt "
                        f"{step.attempt} short",
                    )


class RunnableTools(_Finishes):
    """Tools run on what a finished step asked for."""

    name = "a tool runs only on a runnable call of a finished step, and never on an incomplete attempt's"

    def judge(self, facts: SessionFacts | None, evidence: Evidence) -> None:
        """Each run has its call."""
        if facts is None:
            return
        asked = {
            (step.turn, step.step): {one.id: one.call for one in named(step.calls)} for step in self._steps
        }
        cut = {(step.turn, step.step) for step in self.cut_short(evidence)}
        for run in facts.tool_runs:
            if facts.acting[run.turn].rewritten:
                continue
            place = (run.turn, run.step)
            call = asked.get(place, {}).get(run.call)
            if call is None or not call.runnable:
                self.broken(
                    run.turn,
                    f"{run.name!r} ran for call {run.call!r} of step {run.step}, which is not runnable",
                )
            elif place in cut:
                self.broken(
                    run.turn,
                    f"{run.name!r} ran for call {run.call!r} of step {run.step}, which the provider cut short",
                )


def _is_object(call: ToolCall) -> bool:
    if not call.arguments.strip():
        return True  # no arguments at all stand for `{}`
    try:
        return isinstance(json.loads(call.arguments), dict)
    except (ValueError, RecursionError):
        return False
