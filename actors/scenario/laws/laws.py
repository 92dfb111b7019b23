"""All laws over all events of a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from actors.events import Event, SessionEnded
from actors.scenario.laws import left
from actors.scenario.laws.completion import CompleteAnswers, CompleteCalls, RunnableTools
from actors.scenario.laws.evidence import Evidence
from actors.scenario.laws.kinship import NoOrphans
from actors.scenario.laws.law import Breach, Law
from actors.scenario.laws.numbers import Numbers
from actors.scenario.laws.restarts import Restarts
from actors.scenario.laws.sequence import Sequence
from actors.scenario.laws.shown import FoldsToTheEnd, RetractsWithinItsStep
from actors.scenario.laws.turns import OneAtATime, OneTerminal
from actors.scenario.laws.waits import PolicyWaits, ServersWaits

EVERY_LAW: tuple[type[Law], ...] = (
    OneTerminal,
    OneAtATime,
    FoldsToTheEnd,
    RetractsWithinItsStep,
    Sequence,
    Numbers,
    CompleteAnswers,
    CompleteCalls,
    RunnableTools,
    PolicyWaits,
    ServersWaits,
    Restarts,
    NoOrphans,
)
FOR_ANY_CONSUMER: tuple[type[Law], ...] = (FoldsToTheEnd, Sequence)
"""What a second, slow consumer must find to hold as well, however its events were merged."""


class Laws:
    """One a run. Feed it all events of all sessions, as a subscriber of the runtime sees them, and judge at the end."""

    def __init__(self) -> None:
        self._all = _Consumer(EVERY_LAW)
        self._slow = _Consumer(FOR_ANY_CONSUMER)

    def apply(self, event: Event) -> None:
        """Take up the next event."""
        self._all.apply(event)

    def apply_slow(self, event: Event) -> None:
        """Take up the next event as a second consumer sees it, whose buffer is small and whose events are merged."""
        self._slow.apply(event)

    def breaches(self, evidence: Evidence) -> tuple[Breach, ...]:
        """What did not hold; once, when everything is over.

        Args:
            evidence: what the runtime, the provider and the loop say.
        """
        found = [
            *self._all.judged(evidence),
            *self._all.miscounted(evidence),
            *left.breaches(evidence.leftovers),
        ]
        if self._slow.sessions:
            found += [
                msgspec.structs.replace(breach, what=f"{breach.what} (as a slow consumer sees it)")
                for breach in self._slow.judged(evidence)
            ]
            found += self._differences()
        return tuple(found)

    def _differences(self) -> Iterator[Breach]:
        for name in {**self._all.sessions, **self._slow.sessions}:
            quick, slow = self._all.last_seqs(name), self._slow.last_seqs(name)
            if quick != slow:
                yield Breach(
                    Sequence.name, name, 0, f"one consumer saw it up to seq {quick}, a slow one to {slow}"
                )


class _Consumer:
    """The laws of each life of each session, by what one consumer was sent."""

    def __init__(self, laws: Iterable[type[Law]]) -> None:
        self._laws = tuple(laws)
        self.sessions: defaultdict[str, list[_Life]] = defaultdict(list)

    def apply(self, event: Event) -> None:
        lives = self.sessions[event.session]
        # A name may be used again once its session has ended, and its numbers begin anew.
        if not lives or (lives[-1].ended and event.seq == 1):
            lives.append(_Life(event.session, self._laws))
        lives[-1].apply(event)

    def judged(self, evidence: Evidence) -> Iterator[Breach]:
        for name, lives in self.sessions.items():
            for number, life in enumerate(lives):
                facts = evidence.facts(name, number)
                for law in life.laws:
                    law.judge(facts, evidence)
                    yield from law.breaches

    def miscounted(self, evidence: Evidence) -> Iterator[Breach]:
        """Sessions that were seen to begin oftener than they did, or less often."""
        for name, known in evidence.sessions.items():
            seen = len(self.sessions.get(name, ()))
            if seen != len(known):
                what = f"it was spawned {len(known)} times, and its events begin at seq 1 {seen} times"
                yield Breach(Sequence.name, name, 0, what)

    def last_seqs(self, name: str) -> tuple[int, ...]:
        return tuple(
            law.last for life in self.sessions[name] for law in life.laws if isinstance(law, Sequence)
        )


class _Life:
    __slots__ = ("_by_type", "ended", "laws")

    def __init__(self, session: str, laws: tuple[type[Law], ...]) -> None:
        self.laws = tuple(law(session) for law in laws)
        self.ended = False
        self._by_type: dict[type[Event], tuple[Law, ...]] = {}

    def apply(self, event: Event) -> None:
        kind = type(event)
        readers = self._by_type.get(kind)
        if readers is None:
            readers = self._by_type[kind] = tuple(law for law in self.laws if not law.of or kind in law.of)
        for law in readers:
            law.apply(event)
        if kind is SessionEnded:
            self.ended = True
