"""The conversation as it is sent: endpoints refuse one in which a call has no result, or a result no call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from actors.core.calls import is_object
from actors.events import AttemptStarted, Event
from actors.scenario.laws.evidence import AttemptPlace, Evidence, SessionFacts
from actors.scenario.laws.law import Law


class Sendable(Law):
    """By the bodies of the requests, as the provider got them."""

    name = "what is sent is valid: each call has its result right behind it"
    of: ClassVar[tuple[type[Event], ...]] = (AttemptStarted,)

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self._places: list[AttemptPlace] = []

    def apply(self, event: Event) -> None:
        """Remember it: what was sent is known at the end."""
        self._places.append((event.session, event.turn, event.step, event.attempt))

    def judge(self, facts: SessionFacts | None, evidence: Evidence) -> None:
        """Read each request as a strict endpoint would."""
        for place in self._places:
            _, turn, step, attempt = place
            acting = None if facts is None else facts.acting.get(turn)
            exchange = evidence.exchange(place)
            if acting is None or acting.rewritten or exchange is None:
                continue
            flaw = flaw_in(exchange.messages)
            if flaw:
                self.broken(turn, f"attempt {attempt} of step {step} was sent a conversation in which {flaw}")


def flaw_in(messages: Sequence[Any]) -> str:
    """What a strict endpoint finds fault with in the tool calls of a conversation; empty for nothing."""
    waiting: list[str] = []
    for number, message in enumerate(messages, 1):
        if message.get("role") == "tool":
            answered = message.get("tool_call_id")
            if answered not in waiting:
                return f"message {number} answers {answered!r}, and no call of that id waits"
            waiting.remove(answered)
            continue
        if waiting:
            return f"call {waiting[0]!r} has no result before message {number}"
        calls = message.get("tool_calls")
        if calls is None:
            continue
        waiting = [call["id"] for call in calls]
        flaw = _flaw_in_calls(calls)
        if flaw:
            return f"message {number} {flaw}"
    return f"call {waiting[0]!r} has no result" if waiting else ""


def _flaw_in_calls(calls: Sequence[Mapping[str, Any]]) -> str:
    ids = [call["id"] for call in calls]
    if not ids:
        return "has an empty list of calls"
    if len(set(ids)) < len(ids) or "" in ids:
        return f"has calls of the ids {', '.join(map(repr, ids))}"
    for call in calls:
        function = call["function"]
        if not function["name"] or not is_object(function["arguments"]):
            return f"has a call of {function['name']!r} with {function['arguments'][:60]!r}"
    return ""
