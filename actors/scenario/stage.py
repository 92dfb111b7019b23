"""The stage: what a scenario's script is given to work with."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.errors import ScriptError, TurnError
from actors.scenario.expect import Expectation
from actors.scenario.summary import Check
from actors.scenario.tally import Tally

if TYPE_CHECKING:  # a scenario's file and the command load at once; the machinery comes with the run
    from actors.client import Messages, Session
    from actors.config import Endpoint
    from actors.provider import Play, ScriptedProvider
    from actors.pump import OnEvent
    from actors.runtime import Runtime
    from actors.stream import TurnHandle


class Stage:
    """One run's runtime and provider, and the verbs of a script. Use it on the loop that the script runs on."""

    def __init__(
        self,
        *,
        runtime: Runtime,
        provider: ScriptedProvider | None,
        seed: int,
        sessions: int,
        pace: float,
        log: str,
        tally: Tally,
        watch: Callable[[Session], None],
    ) -> None:
        self.runtime = runtime
        self._provider = provider
        self.rng = random.Random(seed)  # noqa: S311 - a script's whims are no secrets
        """Made from the seed: the same numbers in each run with the same one."""
        self.sessions = sessions
        """How many sessions the one who runs it wants."""
        self.pace = pace
        """What to multiply each of the script's own waits with: 1 as written, 0 as fast as can be."""
        self.log = log
        """The log's path."""
        self.checks: tuple[Check, ...] = ()
        """What `check` has been told so far."""
        self._tally = tally
        self._watch = watch
        self._turns: list[TurnHandle] = []

    @property
    def provider(self) -> ScriptedProvider:
        """The scripted provider.

        Raises:
            ScriptError: a real model stands in for it.
        """
        if self._provider is None:
            raise ScriptError(
                "a real model plays, and follows no script: declare the scenario without `any_model`"
            )
        return self._provider

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
            self.provider.script(id, *plays)
        session = self.runtime.spawn(endpoint, id=id, **settings)
        self._watch(session)
        return session

    def send(
        self,
        session: Session,
        text: str | Messages,
        expect: Expectation | None = None,
        *,
        on_event: OnEvent | None = None,
        **settings: Any,
    ) -> TurnHandle:
        """Begin a turn and say what must come of it. The run waits for it; a script need not.

        Args:
            session: one that `spawn` gave.
            text: as in `Session.send`.
            expect: what must come of it. Whatever is expected, the fold of its events must be its text.
            on_event: called with each of its events, on this loop.
            settings: as in `Session.send`.
        """
        handle = session.send(text, on_event=on_event, **settings)
        self._tally.turn(session.id, handle.turn).expected = expect
        self._turns.append(handle)
        return handle

    async def settled(self) -> None:
        """Wait until every turn that was sent has ended, well or not."""
        for handle in self._turns:
            with contextlib.suppress(TurnError):  # the tally has it, and judges it
                await handle

    def check(self, holds: object, what: str) -> None:
        """State what must hold: `stage.check(not stage.provider.followed, "no redirect is followed")`.

        Args:
            holds: true if it does. If not, the run goes on and ends as not passed.
            what: one sentence, for the summary.
        """
        self.checks = (*self.checks, Check(what, bool(holds)))
