"""What a run came to: one frozen record, made of the tally. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Self

import msgspec

from actors.events import AttemptUsage, TurnCompleted, TurnFailed
from actors.scenario.laws import Breach
from actors.scenario.ranks import nearest_rank
from actors.scenario.tally import Tally, TurnTally
from actors.scenario.thresholds import Threshold


class Spread(msgspec.Struct, frozen=True):
    """How long something took, in seconds. Each figure is one that was measured (nearest rank)."""

    p50: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Self | None:
        """The spread of these; None: of nothing."""
        ordered = sorted(seconds)
        if not ordered:
            return None
        return cls(*(nearest_rank(ordered, share) for share in (0.5, 0.95, 0.99, 1)))


class Tokens(msgspec.Struct, frozen=True):
    """What all attempts cost."""

    input: int
    output: int
    estimated: int
    """Output of attempts that broke off before their endpoint reported usage, counted from what arrived."""


class Problem(msgspec.Struct, frozen=True):
    """Something that is not as it must be."""

    session: str
    turn: int
    what: str
    timeline: tuple[str, ...] = ()
    """What happened to the session in that turn, a line each, in order."""


class Check(msgspec.Struct, frozen=True):
    """What the script said must hold at the end, in its own words."""

    what: str
    holds: bool
    found: str = ""
    """What was measured; where it does not hold, a sentence of its own."""
    where: str = ""
    """The session and turn that show best why it does not hold; empty for none."""
    timeline: tuple[str, ...] = ()
    """What happened there, a line each, in order."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A run in figures."""

    sessions: int
    turns: int
    attempts: int
    retries: tuple[tuple[str, int], ...]
    """By reason (`outcome.reason`), the most frequent first."""
    outcomes: tuple[tuple[str, int], ...]
    """Of turns, by type (`outcome.kind`), the most frequent first; `unfinished` where the run was over before."""
    tool_calls: tuple[tuple[str, int], ...]
    """By result (`ToolCallFinished.result`), the most frequent first; so with the next, by decision."""
    approvals: tuple[tuple[str, int], ...]
    deltas: int
    retractions: int
    first_delta: Spread | None
    """From a turn's start to the first thing that it shows."""
    duration: Spread | None
    """From a turn's start to its end."""
    tool_time: Spread | None
    """From a step's end to the result of a tool call."""
    tokens: Tokens
    verified: int
    """Turns whose text is the fold of their events and, where the script says, what it expects."""
    problems: tuple[Problem, ...]
    checks: tuple[Check, ...]
    wall_s: float

    @property
    def holds(self) -> bool:
        """Whether everything is as it must be: every turn has ended, and as expected; laws and checks hold."""
        return self.verified == self.turns and not self.problems and all(check.holds for check in self.checks)


def summarise(
    tally: Tally,
    checks: Iterable[Check],
    wall_s: float,
    began: float = 0.0,
    breaches: Iterable[Breach] = (),
) -> Summary:
    """Add it up.

    Args:
        tally: of all events.
        checks: what the script said must hold.
        wall_s: how long the run took, in seconds.
        began: when it began, in Unix seconds.
        breaches: of laws that hold in every run.
    """
    turns = tuple(tally.turns.values())
    ended = [turn for turn in turns if turn.ended is not None]
    return Summary(
        sessions=len(tally.on_stage),
        turns=len(turns),
        attempts=sum(turn.attempts for turn in turns),
        retries=_counted(reason for turn in turns for reason in turn.reasons),
        outcomes=_counted(_outcome(turn) for turn in turns),
        tool_calls=_counted(call.result for turn in turns for call in turn.answered),
        approvals=_counted(one.decision for turn in turns for one in turn.decisions),
        deltas=sum(turn.deltas for turn in turns),
        retractions=sum(turn.retractions for turn in turns),
        first_delta=Spread.of(
            turn.first_delta - turn.started
            for turn in turns
            if turn.first_delta is not None and turn.started is not None
        ),
        duration=Spread.of(
            turn.ended.timestamp - turn.started
            for turn in turns
            if turn.ended is not None and turn.started is not None
        ),
        tool_time=Spread.of(call.duration for turn in turns for call in turn.answered),
        tokens=_tokens(usage for turn in ended if turn.ended is not None for usage in turn.ended.usage),
        verified=sum(not turn.problems() for turn in ended if not turn.cut_off),
        problems=(
            *(
                Problem(turn.session, turn.number, what, tuple(turn.timeline.lines(began)))
                for turn in ended
                for what in turn.problems()
            ),
            *(_broken(breach, tally, began) for breach in breaches),
        ),
        checks=tuple(checks),
        wall_s=wall_s,
    )


def _broken(breach: Breach, tally: Tally, began: float) -> Problem:
    turn = tally.turns.get((breach.session, breach.turn), tally.on_stage.get(breach.session))
    lines = () if turn is None else tuple(turn.timeline.lines(began))
    return Problem(breach.session, breach.turn, f"the law that {breach.law} is broken: {breach.what}", lines)


def judge(thresholds: Iterable[Threshold], tally: Tally, began: float) -> Iterator[Check]:
    """What the script expects of all turns together, as checks; `began` as above."""
    for threshold in thresholds:
        verdict, turn = threshold.judge(tally.turns.values())
        where = "" if turn is None else f"{turn.session} turn {turn.number}"
        lines = () if turn is None else tuple(turn.timeline.lines(began))
        yield Check(verdict.what, verdict.holds, verdict.found, where, lines)


def _counted(labels: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(labels).items(), key=lambda entry: (-entry[1], entry[0])))


def _outcome(turn: TurnTally) -> str:
    match None if turn.cut_off else turn.ended:
        case TurnCompleted() | TurnFailed() as ended:
            return ended.outcome.kind
        case None:
            return "unfinished"
        case _:
            return "cancelled"


def _tokens(usages: Iterable[AttemptUsage]) -> Tokens:
    read = written = estimated = 0
    for usage in usages:
        output = 0 if usage.output_tokens is None else usage.output_tokens
        if usage.source == "measured":
            read += 0 if usage.input_tokens is None else usage.input_tokens
            written += output
        else:
            estimated += output
    return Tokens(input=read, output=written, estimated=estimated)
