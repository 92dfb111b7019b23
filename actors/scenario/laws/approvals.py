"""Approvals: who asks gets one decision, and nothing that needs one runs without."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from actors.config import Approvals
from actors.core.permission import judge
from actors.events import (
    ApprovalDecided,
    ApprovalRequested,
    Event,
    ToolCallStarted,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
)
from actors.scenario.laws.evidence import Evidence, SessionFacts
from actors.scenario.laws.law import Law, named

_GRANTED = frozenset({"approved", "modified", "always"})


class _Begun(NamedTuple):
    """A call that was begun, with what had been decided by then."""

    event: ToolCallStarted
    decision: str | None
    """On this call; None: nothing was asked."""
    always: frozenset[str]
    """The keys that were approved for good."""


class Approved(Law):
    """Requests and decisions come in pairs, and decisions are kept."""

    name = "each approval request has one decision, and no tool runs without the one that it needs"
    of = (ApprovalRequested, ApprovalDecided, ToolCallStarted, TurnCompleted, TurnFailed, TurnCancelled)

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self._open: dict[str, ApprovalRequested] = {}
        self._decided: dict[tuple[int, int, str], str] = {}
        """By turn, step and call."""
        self._always: frozenset[str] = frozenset()
        self._begun: list[_Begun] = []

    def apply(self, event: Event) -> None:
        """Pair them."""
        match event:
            case ApprovalRequested():
                self._open[event.approval] = event
            case ApprovalDecided():
                self._decide(event)
            case ToolCallStarted():
                decision = self._decided.get((event.turn, event.step, event.call_id))
                self._begun.append(_Begun(event, decision, self._always))
            case _:
                for approval, request in list(self._open.items()):
                    if request.turn == event.turn:
                        del self._open[approval]
                        self.broken(
                            event.turn, f"{named(event)} came, and call {request.call_id!r} has no decision"
                        )

    def judge(self, facts: SessionFacts | None, evidence: Evidence) -> None:  # noqa: ARG002 - facts are enough
        """Ask the policy again about each call that ran."""
        for begun in self._begun:
            acting = None if facts is None else facts.acting.get(begun.event.turn)
            if acting is not None and acting.approvals is not None:
                self._check(begun, acting.approvals)

    def _decide(self, event: ApprovalDecided) -> None:
        request = self._open.pop(event.approval, None)
        if request is None or request.call_id != event.call_id:
            self.broken(
                event.turn, f"call {event.call_id!r} was {event.decision}, and no request of it was open"
            )
            return
        self._decided[event.turn, event.step, event.call_id] = event.decision
        if event.decision == "always":
            self._always |= {request.key}

    def _check(self, begun: _Begun, policy: Approvals) -> None:
        event, decision, always = begun
        what = f"{event.name!r} ran for call {event.call_id!r} of step {event.step}"
        if decision is not None:
            if decision not in _GRANTED:
                self.broken(event.turn, f"{what}, and that was {decision}")
            return
        ruling = judge(policy, event.name, msgspec.json.decode(event.arguments))
        if ruling.verdict == "deny":
            self.broken(event.turn, f"{what}, and the policy denies it")
        elif ruling.verdict == "ask" and ruling.key not in always:
            self.broken(event.turn, f"{what}, and nobody was asked")
