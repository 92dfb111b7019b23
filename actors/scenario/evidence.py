"""Gathers what the laws are judged by besides events: what the runtime accepted, the provider served, and tools ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from actors.config import RetryPolicy, SessionConfig
from actors.events import Event, TurnStarted
from actors.hooks import overridden
from actors.ledger import Ledger
from actors.provider.desk import ATTEMPT_HEADER
from actors.provider.ledger import ObservedRequest
from actors.runtime import Runtime
from actors.scenario.counting import counted
from actors.scenario.laws.evidence import Acting, AttemptPlace, Exchange, SessionFacts, ToolRun
from actors.turn import Turn
from actors.turns.toolset import Toolset
from actors.watching import Watch


class Register:
    """What the runtime itself knows of its sessions, those to come included."""

    def __init__(self) -> None:
        self._lives: dict[str, list[_Life]] = {}

    def open(self, runtime: Runtime) -> None:
        """Begin with a runtime that was just entered."""
        runtime._watch(Watch(self._begin, None))  # noqa: SLF001 - a host has no need to see what was accepted

    def facts(self) -> dict[str, tuple[SessionFacts, ...]]:
        """By session, its lives in order."""
        return {name: tuple(life.facts() for life in lives) for name, lives in self._lives.items()}

    def _begin(self, ledger: Ledger) -> _Life:
        life = _Life(ledger)
        self._lives.setdefault(ledger.session, []).append(life)
        return life


class _Life:
    """One life of a session, as an outlet of its ledger."""

    full = False

    def __init__(self, ledger: Ledger) -> None:
        self._ledger: Ledger | None = ledger
        self._door = ledger.door
        self._intensity = ledger.config.intensity
        self._retry: dict[int, RetryPolicy | None] = {}
        self._acting: dict[int, Acting] = {}
        self._tool_runs: list[ToolRun] = []
        self._known: tuple[SessionConfig, SessionConfig, Acting] | None = None
        """The last turn's settings, as they were, as they are counted, and what they say."""

    def push(self, event: Event) -> None:
        """Look into the ledger while it says that a turn begins, and give that turn tools that count."""
        ledger = self._ledger
        if isinstance(event, TurnStarted) and ledger is not None and ledger.current is not None:
            self._retry[event.turn] = ledger.current.config.retry
            if not ledger.current.stateless:
                self._acting[event.turn] = self._count_in(ledger.current)

    def close(self) -> None:
        """Nothing more will come."""
        self._ledger = None  # it holds the whole conversation

    def facts(self) -> SessionFacts:
        # The door counts where turns come in, in the host's thread; no event has a part in it.
        return SessionFacts(
            accepted=self._door.accepted,
            intensity=self._intensity,
            retry=self._retry,
            acting=self._acting,
            tool_runs=tuple(self._tool_runs),
        )

    def _count_in(self, turn: Turn) -> Acting:
        # Here, where a turn begins, whoever spawned the session; the settings are not read before.
        if self._known is None or self._known[0] is not turn.config:
            tools = counted(turn.config.tools, self._tool_runs.append)  # from any thread: it is atomic
            self._known = (
                turn.config,
                msgspec.structs.replace(turn.config, tools=tools),
                _acting(turn.config),
            )
        _, config, acting = self._known
        turn.play(msgspec.structs.replace(turn.role, config=config))
        return acting


def _acting(config: SessionConfig) -> Acting:
    tools = Toolset(config.tools)
    return Acting(
        runs_any=tools.runs_any,
        by_hand=tools.by_hand,
        approvals=config.approvals,
        typed=config.returns is not None,
        moves=bool(config.handoffs),
        rewritten=any(overridden(config.hooks, hook) for hook in ("on_request", "on_response")),
    )


def exchanges(requests: Iterable[ObservedRequest]) -> Iterator[tuple[AttemptPlace, Exchange]]:
    """What the provider saw of each attempt that says which one it is."""
    for request in requests:
        place = request.headers.get(ATTEMPT_HEADER, "").split(".")
        if (
            request.attempt
            and len(place) == len(("turn", "step", "attempt"))
            and all(map(str.isdecimal, place))
        ):
            turn, step, attempt = map(int, place)
            yield (
                (request.key, turn, step, attempt),
                Exchange(
                    received_at=request.received_at,
                    finished=request.served.finished,
                    headers=request.served.headers,
                    messages=request.body["messages"],
                ),
            )
