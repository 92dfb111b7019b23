"""A typed answer as far as it has come, from the events of its turn."""

from __future__ import annotations

from typing import Any

from actors.answers.asking import ANSWER_TOOL
from actors.answers.spec import answer_spec
from actors.core.fold import Fold
from actors.events import AttemptStarted, Event, StepStarted, ToolCallDelta, TurnCompleted, TurnStarted


class AnswerFold(Fold):
    """A `Fold` that knows the `value`, too: partly while it streams, and at the turn's end just as the turn has it.

    Args:
        returns: the type, as the turn was given it.
    """

    def __init__(self, returns: Any) -> None:
        super().__init__()
        self._spec = answer_spec(returns)
        self._begin = 0
        """Where the step's text begins in the turn's."""
        self._arguments: list[str] = []
        """Those of the call that gives the answer, where the endpoint is asked by a tool."""
        self._call: int | None = None
        self._completed: TurnCompleted | None = None

    @property
    def value(self) -> Any:
        """As much of the value as is there; see `AnswerSpec.partial`.

        Parsed anew, from its beginning, each time that it is asked for: of a long answer, ask as often as it is shown, and not for each delta.
        """
        if self._completed is not None:
            return self._completed.value
        return self._spec.partial("".join(self._arguments) or self.text[self._begin :])

    def apply(self, event: Event) -> None:
        """Take up the next event."""
        super().apply(event)
        if isinstance(event, ToolCallDelta):
            self._apply_call(event)
        elif isinstance(event, TurnStarted | StepStarted | AttemptStarted):
            self._call, self._completed = None, None
            self._arguments.clear()
            if not isinstance(event, AttemptStarted):
                self._begin = len(self.text)
        elif isinstance(event, TurnCompleted):
            self._completed = event

    def _apply_call(self, event: ToolCallDelta) -> None:
        if event.name == ANSWER_TOOL:
            self._call = event.call
        if event.call == self._call:
            self._arguments.append(event.arguments)
