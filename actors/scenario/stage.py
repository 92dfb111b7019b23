"""The stage: what a scenario's script is given to work with."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from actors.errors import ScriptError
from actors.scenario.budget import Budget
from actors.scenario.expect import Expectation
from actors.scenario.summary import Check
from actors.scenario.table import Table
from actors.scenario.tally import Tally
from actors.scenario.thresholds import Threshold

if TYPE_CHECKING:  # a scenario's file and the command load at once; the machinery comes with the run
    from pykka import ActorRef

    from actors.client import Session
    from actors.config import Endpoint
    from actors.provider import Play
    from actors.provider.plan import What
    from actors.provider.playhouse import Playhouse
    from actors.pump import OnEvent
    from actors.runtime import Runtime
    from actors.scenario.casting import Casting, Sent
    from actors.scenario.desk import Decide
    from actors.scenario.report import Mode
    from actors.scenario.venue import Venue
    from actors.user_input import Input


class Stage:
    """One run's runtime and provider, and the verbs of a script. Use it on the loop that the script runs on."""

    def __init__(
        self,
        *,
        venue: Venue,
        runtime: Runtime,
        casting: Casting,
        tally: Tally,
        budget: Budget,
        sessions: int,
        concurrency: int | None = None,
        duration: float | None = None,
        pace: float = 1.0,
        log: str = "",
    ) -> None:
        self.runtime = runtime
        self.rng = random.Random(venue.seed)  # noqa: S311 - a script's whims are no secrets
        """Made from the seed: the same numbers in each run with the same one."""
        self.sessions = sessions
        """How many sessions the one who runs it wants."""
        self.concurrency = concurrency
        """How many of them `each` has on stage at once; None: all."""
        self.duration = duration
        """How long `each` goes on, in seconds; None: until each session has been on stage once."""
        self.pace = pace
        """What each of the script's own waits is multiplied with: 1 as written, 0 as fast as can be."""
        self.log = log
        """The log's path; empty for none."""
        self.thresholds: tuple[Threshold, ...] = ()
        """What `expect` has been told so far."""
        self.tables: tuple[Table, ...] = ()
        """What `table` has been told so far."""
        self._checks: dict[str, Check] = {}
        self._venue = venue
        self._tally = tally
        self._budget = budget
        self._casting = casting

    # What there is

    @property
    def mode(self) -> Mode:
        """Where it plays: `wire`, `live` or `sim`."""
        return self._venue.mode

    @property
    def provider(self) -> Playhouse:
        """The scripted provider.

        Raises:
            ScriptError: a real model stands in for it.
        """
        return self._scripted("stage.provider")

    def now(self) -> float:
        """Seconds since the run began; in simulated time, simulated ones."""
        return self._venue.now()

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds, times `pace`."""
        await self._venue.sleep(seconds * self.pace)

    # Who is on

    def spawn(
        self,
        id: str,  # noqa: A002 - as in Runtime.spawn
        *plays: Play,
        endpoint: Endpoint | str | None = None,
        **settings: Any,
    ) -> Session:
        """Bring a session on stage.

        Args:
            id: its name, and what the provider knows it by.
            plays: what its n-th request gets; the last one repeats. Without any, the provider's default.
            endpoint: where its model answers; the provider if not given.
            settings: as in `Runtime.spawn`.
        """
        if plays:
            self._scripted("a play in stage.spawn").script(id, *plays)
        return self.runtime.spawn(endpoint, id=id, **settings)

    def send(
        self,
        session: Session,
        text: Input,
        expect: Expectation | None = None,
        *,
        on_event: OnEvent | None = None,
        **settings: Any,
    ) -> Sent:
        """Begin a turn and say what must come of it. The run waits for it; a script need not.

        Awaiting what it gives is waiting for the turn's terminal event, whichever that is: a turn that fails raises
        nothing here, and is judged by the run.

        Args:
            session: one that `spawn` gave.
            text: as in `Session.send`.
            expect: what must come of it. Whatever is expected, the fold of its events must be its text.
            on_event: called with each of its events, on this loop.
            settings: as in `Session.send`.
        """
        from actors.scenario.casting import Sent  # noqa: PLC0415 - see the top

        self._budget.take_turn()
        handle = session.send(text, on_event=on_event, **settings)
        self._tally.turn(session.id, handle.turn).expected = expect
        sent = Sent(handle)
        self._casting.enter(sent)
        return sent

    async def each(self, role: Callable[[str], Awaitable[None]]) -> None:
        """Play a role for each session: `role(name)`, with names from `session-1` to as many as there are to be.

        At most `concurrency` of them are on stage at once, each up to the end of its turns. If a duration is wanted,
        further sessions come on, under further names, until it has passed. Whatever a role raises ends the others and
        is raised here.

        Args:
            role: what one session does.
        """
        await self._casting.each(role, self._names(), self.concurrency or self.sessions)

    def _names(self) -> Iterable[str]:
        number = 0
        while number < self.sessions or (self.duration is not None and self.now() < self.duration):
            number += 1
            yield f"session-{number}"

    async def settled(self) -> None:
        """Wait until every turn that was sent has ended, well or not."""
        await self._casting.settled()

    def desk(self, decide: Decide, *, takes: float = 0.0) -> ActorRef[Any]:
        """An actor that decides on the calls of any number of sessions: `stage.spawn(..., on_approval=desk)`.

        Args:
            decide: what becomes of a call: `Approve(...)`, `Reject(...)`, a bool, or None, so that its time passes.
            takes: seconds for each, times `pace`; those that come meanwhile wait.
        """
        from actors.scenario.desk import DeskActor  # noqa: PLC0415 - see the top

        dispatcher = self.runtime._dispatcher  # noqa: SLF001 - as in crash; it ends with its runtime
        assert dispatcher is not None  # noqa: S101 - the run has entered the runtime
        return dispatcher.spawn(DeskActor, decide, takes * self.pace)

    # What goes wrong

    def fault(
        self,
        what: What,
        of: str | Iterable[str] = "*",
        *,
        times: int | None = None,
        chance: float = 1.0,
        at: float = 0.0,
        lasting: float | None = None,
    ) -> None:
        """Have something go wrong, besides what sessions are scripted to get.

        Args:
            what: a play instead of the script's (`Status(503)`), a fault put into the script's reply
                (`Reset(after=3)`), or a toxic over all that is sent (`latency(latency_ms=300)`).
            of: for which sessions: names, or patterns of names such as `vip-*`.
            times: for the first so many requests of each session that it fits; None: for all.
            chance: how likely it is for each request; the seed, the session and the request's number decide.
            at: from this moment of the run on, in seconds, times `pace`.
            lasting: for so many seconds, times `pace`; None: to the end.

        Raises:
            ScriptError: a real model plays.
            ConfigError: an argument can't be.
        """
        scaled = None if lasting is None else lasting * self.pace
        self._scripted("stage.fault").fault(
            what, of, times=times, chance=chance, at=at * self.pace, lasting=scaled
        )

    def outage(
        self,
        *,
        at: float,
        lasting: float,
        of: str | Iterable[str] = "*",
        how: Literal["refuse"] | What = "refuse",
    ) -> None:
        """Have the provider be gone for a while.

        Args:
            at: from this moment of the run on, in seconds, times `pace`.
            lasting: for so many seconds, times `pace`.
            of: for which sessions, as in `fault`.
            how: `refuse`: it accepts no connections, and what is under way comes to its end; or what each request
                gets instead, as in `fault`.

        Raises:
            ScriptError: a real model plays; or connections are to be refused to some sessions only, but who knocks is
                not known until it is let in.
        """
        provider = self._scripted("stage.outage")
        if how != "refuse":
            self.fault(how, of, at=at, lasting=lasting)
        elif of == "*":
            self._casting.begin(self._refuse(provider, at, lasting))
        else:
            raise ScriptError(
                f"stage.outage(of={of!r}): connections are refused to all or none; say how=, such as Status(503)"
            )

    async def _refuse(self, provider: Playhouse, at: float, lasting: float) -> None:
        await self._venue.sleep(at * self.pace - self.now())
        with provider.refusing():
            await self.sleep(lasting)

    def crash(
        self, session: Session, who: Literal["session", "supervisor"] = "session", *, times: int = 1
    ) -> None:
        """Have an actor of a session fail, in any mode: it is asked for a method that it does not have.

        Args:
            session: one that `spawn` gave, and that has not ended.
            who: the session actor, or its supervisor.
            times: so many times, each in the life that the last failure began.
        """
        from pykka.messages import ProxyCall  # noqa: PLC0415 - see the top

        ledger = session._ledger  # noqa: SLF001 - a host has no way to a supervisor, and needs none
        ref = ledger.actor if who == "session" else ledger.supervisor
        for _ in range(times):
            ref.tell(ProxyCall(attr_path=("crashed_by_the_script",), args=(), kwargs={}))

    # What must hold

    def check(self, holds: object, what: str, *, where: str = "") -> None:
        """State what must hold: `stage.check(not stage.provider.followed, "no redirect is followed")`.

        The same sentence may be said many times, as by each session: then it must hold each time.

        Args:
            holds: true if it does. If not, the run goes on and ends as not passed.
            what: one sentence, for the summary.
            where: the session that it is said of, to be named where it does not hold.
        """
        if what not in self._checks or (self._checks[what].holds and not holds):
            self._checks[what] = Check(what, bool(holds), where="" if holds else where)

    @property
    def checks(self) -> tuple[Check, ...]:
        """What `check` has been told so far, each sentence once."""
        return tuple(self._checks.values())

    def expect(self, threshold: Threshold) -> None:
        """State what must hold of all turns at the end of the run: `stage.expect(p99(first_chunk) < 2)`.

        Args:
            threshold: a figure compared with a number; see `actors.scenario.thresholds` and `metrics`.

        Raises:
            ScriptError: it is something else.
        """
        if not isinstance(threshold, Threshold):
            raise ScriptError(
                f"stage.expect takes a figure compared with a number, such as p99(first_chunk) < 2, not {threshold!r}: "
                "for anything else there is stage.check(holds, what)"
            )
        self.thresholds = (*self.thresholds, threshold)

    # What is left behind

    def table(
        self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], note: str = ""
    ) -> None:
        """Leave a table behind: it is printed under the summary, and shown in `report.html`.

        Args:
            title: what it shows.
            columns: their names.
            rows: a cell for each column; the first names the row.
            note: how to read it.
        """
        made = Table(title=title, columns=tuple(columns), rows=tuple(map(tuple, rows)), note=note)
        self.tables = (*self.tables, made)

    # Inside

    def _scripted(self, verb: str) -> Playhouse:
        if self._venue.provider is None:
            raise ScriptError(
                f"{verb} needs the scripted provider, but a real model plays, and follows no script: leave it out "
                "where stage.mode is 'live', or run this in wire or sim"
            )
        return self._venue.provider
