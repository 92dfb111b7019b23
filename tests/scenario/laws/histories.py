"""Legal histories: what a session's consumer may see, told by a small model of the runtime, with the evidence to it."""

from __future__ import annotations

from typing import Any, TypeVar

from hypothesis import strategies as st

from actors.config import Intensity, RetryPolicy
from actors.events import (
    AttemptStarted,
    AttemptUsage,
    ChildEnded,
    ChildStarted,
    Custom,
    Event,
    Retracted,
    RetryScheduled,
    SessionEnded,
    SessionRestarted,
    StepFinished,
    StepStarted,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from actors.outcome import Complete, Failure, HttpError, Internal, Stalled, Transport, Truncated
from actors.scenario.laws import Evidence, Exchange, SessionFacts, ToolRun
from actors.scenario.laws.evidence import AttemptPlace, by_attempt
from actors.scenario.laws.waits import wait_bounds_ms

E = TypeVar("E", bound=Event)
USAGE = AttemptUsage(step=1, attempt=1, source="unknown")
CALL = ToolCall(id="c1", name="look", arguments='{"at": "stars"}', runnable=True)
TRUNCATED = Truncated(message="eof")


class Teller:
    """Tells what happens to one session, as the runtime would."""

    def __init__(
        self,
        session: str = "ada",
        policy: RetryPolicy | None = RetryPolicy(jitter="none", backoff_ms=100),  # noqa: B008 - frozen
        intensity: Intensity = Intensity(restarts=2, within=10),  # noqa: B008 - frozen
    ) -> None:
        self.session = session
        self.policy = policy
        self.intensity = intensity
        self.events: list[Event] = []
        self.exchanges: list[tuple[AttemptPlace, Exchange]] = []
        self.tool_runs: list[ToolRun] = []
        self.accepted = 0
        self.retry: dict[int, RetryPolicy | None] = {}
        self.now = 1000.0
        self.turn = self.step = self.attempt = 0
        self.text = self.thoughts = ""
        self.base = (0, 0)
        self.restarts: list[float] = []

    def tell(self, kind: type[E], *, of: int | None = None, after: float = 0.001, **fields: Any) -> E:
        """The next event; `of`: a turn other than the one that runs."""
        self.now += after
        where = (self.turn, self.step, self.attempt) if of is None else (of, 0, 0)
        event = kind(
            session=self.session,
            turn=where[0],
            step=where[1],
            attempt=where[2],
            seq=len(self.events) + 1,
            timestamp=self.now,
            **fields,
        )
        self.events.append(event)
        return event

    def accept(self) -> int:
        self.accepted += 1
        return self.accepted

    def begin_turn(self, number: int | None = None) -> None:
        self.turn, self.step, self.attempt = self.accept() if number is None else number, 0, 0
        self.retry[self.turn] = self.policy
        self.text = self.thoughts = ""
        self.tell(TurnStarted)

    def begin_step(self) -> None:
        self.step, self.attempt = self.step + 1, 0
        self.base = (len(self.text), len(self.thoughts))
        self.tell(StepStarted)
        self.begin_attempt()

    def begin_attempt(self, after: float = 0.001, *, finished: bool | None = None, **headers: str) -> None:
        self.attempt += 1
        self.tell(AttemptStarted, after=after)
        place = (self.session, self.turn, self.step, self.attempt)
        self.exchanges.append((place, Exchange(received_at=self.now, finished=finished, headers=headers)))

    def served(self, *, finished: bool | None, headers: dict[str, str] | None = None) -> None:
        """What the provider says of the attempt that runs."""
        place, exchange = self.exchanges[-1]
        said = exchange.headers if headers is None else headers
        self.exchanges[-1] = (
            place,
            Exchange(received_at=exchange.received_at, finished=finished, headers=said),
        )

    def say(self, text: str = "", thoughts: str = "") -> None:
        if thoughts:
            self.thoughts += thoughts
            self.tell(ThoughtDelta, text=thoughts)
        if text:
            self.text += text
            self.tell(TextDelta, text=text)

    def retract(self, text_keep: int, thought_keep: int) -> None:
        self.text, self.thoughts = self.text[:text_keep], self.thoughts[:thought_keep]
        self.tell(Retracted, text_keep=text_keep, thought_keep=thought_keep)

    def fail_attempt(self, outcome: Failure = TRUNCATED, wait_ms: int | None = None) -> None:
        """It is tried again, after the longest wait that the policy allows if no other is given."""
        assert self.policy is not None
        asked = outcome.retry_after_s if isinstance(outcome, HttpError) else None
        self.served(finished=False, headers=None)
        wait = wait_bounds_ms(self.policy, self.attempt, asked)[1] if wait_ms is None else wait_ms
        self.tell(
            RetryScheduled,
            failed_attempts=self.attempt,
            max_retries=self.policy.max_retries,
            backoff_ms=wait,
            error=outcome.describe(),
            outcome=outcome,
        )
        self.begin_attempt(after=wait / 1000)

    def finish_step(self, *calls: ToolCall) -> None:
        self.served(finished=True)
        self.tell(StepFinished, is_tool_call=bool(calls), calls=calls, usage=USAGE, outcome=Complete())

    def end(self, kind: type[Event], *, of: int | None = None, **fields: Any) -> None:
        shown = (self.text, self.thoughts) if of is None else ("", "")
        self.tell(kind, of=of, text=shown[0], thoughts=shown[1], usage=(), **fields)
        if of is None:
            self.turn = self.step = self.attempt = 0

    def complete(self, *calls: ToolCall) -> None:
        self.end(TurnCompleted, is_tool_call=bool(calls), calls=calls, refusal="", outcome=Complete())

    def fail(self, outcome: Failure) -> None:
        self.end(TurnFailed, outcome=outcome)

    def cancel(self, *, of: int | None = None) -> None:
        self.end(TurnCancelled, of=of, reason="asked to")

    def restart(self, after: float) -> None:
        """An actor of the session failed between two turns."""
        self.now += after
        self.restarts = [then for then in self.restarts if self.now - then <= self.intensity.within]
        self.restarts.append(self.now)
        self.tell(SessionRestarted, after=0.0, restarts=len(self.restarts), error="boom")

    def close(self, reason: str = "closed") -> None:
        self.turn = self.step = self.attempt = 0
        self.tell(SessionEnded, reason=reason)

    def evidence(self, **more: Any) -> Evidence:
        facts = SessionFacts(accepted=self.accepted, intensity=self.intensity, retry=self.retry)
        return Evidence(
            sessions={self.session: (facts,)},
            exchanges=by_attempt(self.exchanges),
            tool_runs=tuple(self.tool_runs),
            **more,
        )


def rich() -> Teller:
    """A history with everything in it."""
    told = Teller()
    told.begin_turn()
    told.begin_step()
    told.say("To be, ", "Hm. ")
    told.fail_attempt()
    told.retract(3, 2)
    told.say("or not", "Well. ")
    told.fail_attempt(Stalled(message="silence", deadline="idle", seconds=1))
    told.tell(Custom, payload={"by": "the host"})
    told.tell(ChildStarted, child="worker", call_id="call_1")
    told.say(" to be")
    told.finish_step(CALL)
    told.tool_runs.append(ToolRun(session=told.session, turn=1, step=1, call=0))
    told.tell(ChildEnded, child="worker", reason="closed")
    told.begin_step()
    told.say("that is")
    told.say(" the question")
    told.finish_step()
    told.complete()
    queued = told.accept()
    told.begin_turn()
    told.begin_step()
    told.cancel(of=queued)
    told.served(finished=False, headers={"retry-after-ms": "900"})
    told.fail_attempt(HttpError(status=429, message="busy", retry_after_s=0.9))
    told.say("a word")
    told.served(finished=False)
    told.fail(Transport(message="bad certificate", type="tls"))
    told.restart(after=1)
    told.restart(after=1)
    told.restart(after=12)
    told.begin_turn()
    told.fail(Internal(message="boom"))
    told.close()
    return told


@st.composite
def histories(draw: st.DrawFn) -> Teller:
    """Any session's life."""
    policy = RetryPolicy(
        max_retries=draw(st.integers(0, 3)),
        backoff_ms=draw(st.integers(0, 3000)),
        multiplier=draw(st.sampled_from((1.0, 1.5, 2.0))),
        max_backoff_ms=draw(st.integers(0, 4000)),
        jitter=draw(st.sampled_from(("none", "deterministic", "full"))),
    )
    told = Teller(policy=policy)
    for _ in range(draw(st.integers(0, 3))):
        told.begin_turn()
        _play_turn(draw, told)
        if draw(st.booleans()) and len(told.restarts) < told.intensity.restarts:
            told.restart(after=draw(st.floats(0, 20)))
    if draw(st.booleans()):
        told.cancel(of=told.accept())
    told.close()
    return told


def _play_turn(draw: st.DrawFn, told: Teller) -> None:
    for _ in range(draw(st.integers(1, 2))):
        told.begin_step()
        assert told.policy is not None
        failures = draw(st.integers(0, told.policy.max_retries + 1))
        for failure in range(1, failures + 1):
            _play_attempt(draw, told)
            if failure > told.policy.max_retries:
                told.served(finished=False)
                told.fail(TRUNCATED)
                return
            asked = draw(st.none() | st.floats(0, 5))
            outcome = TRUNCATED if asked is None else HttpError(status=503, message="", retry_after_s=asked)
            told.fail_attempt(outcome, draw(st.integers(*wait_bounds_ms(told.policy, failure, asked))))
        _play_attempt(draw, told)
        if draw(st.integers(0, 5)) == 0:
            told.cancel()
            return
        told.finish_step(*draw(st.sampled_from(((), (CALL,)))))
    told.complete()


def _play_attempt(draw: st.DrawFn, told: Teller) -> None:
    if draw(st.booleans()):
        told.retract(
            draw(st.integers(told.base[0], len(told.text))),
            draw(st.integers(told.base[1], len(told.thoughts))),
        )
    for _ in range(draw(st.integers(0, 3))):
        told.say(draw(st.text("abé😀", max_size=4)), draw(st.text("xy", max_size=2)))
