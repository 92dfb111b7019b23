"""A turn in its session's ledger: what was asked, how far it is, and what it leaves open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from actors.admission import Door
from actors.company.family import Origin
from actors.config import Endpoint, SessionConfig
from actors.core.chunks import Usage
from actors.core.splice import Splice
from actors.errors import SessionClosedError
from actors.events import (
    ApprovalDecided,
    ApprovalRequested,
    AttemptUsage,
    Event,
    Terminal,
    ToolCallFinished,
    ToolCallStarted,
    TurnCompleted,
)
from actors.kernel.future import LoopFuture
from actors.outlets import Outlet


class Turn:
    """An accepted turn, up to its terminal event."""

    __slots__ = (
        "attempt",
        "backoff_ms",
        "config",
        "delegated",
        "done",
        "doors",
        "endpoint",
        "failed_attempts",
        "hidden",
        "kept",
        "messages",
        "number",
        "open_approvals",
        "open_calls",
        "origin",
        "outlet",
        "partial",
        "retrying",
        "splice",
        "started",
        "stateless",
        "step",
        "terminal",
        "tools",
        "usage",
        "why",
    )

    def __init__(
        self,
        *,
        number: int,
        messages: tuple[Mapping[str, Any], ...],
        tools: tuple[Mapping[str, Any], ...],
        stateless: bool,
        endpoint: Endpoint,
        config: SessionConfig,
        outlet: Outlet | None,
        doors: tuple[Door, ...] = (),
        origin: Origin | None = None,
    ) -> None:
        self.number = number
        self.messages = messages
        self.tools = tools
        self.stateless = stateless
        self.endpoint = endpoint
        self.config = config
        self.outlet = outlet
        """Gets this turn's events only."""
        self.doors = doors
        """Where it is counted until it ends."""
        self.origin = origin
        """The turn that it was begun for; None: nobody's."""
        self.delegated: dict[Turn, Callable[[str], object]] = {}
        """Turns that were begun for this one and have not ended, and what cancels each."""
        self.done: LoopFuture[Terminal] = LoopFuture()
        """Gets the terminal event."""
        self.splice = Splice()
        self.usage: list[AttemptUsage] = []
        self.partial: tuple[Usage | None, int] = (None, 0)
        """What is known by now of the attempt that runs: reported usage, and code points received."""
        self.step = 0
        self.attempt = 0
        self.failed_attempts = 0
        """In the step that runs."""
        self.backoff_ms: int | None = None
        """What the next wait starts from; None: the policy's first."""
        self.retrying = False
        """Whether a backoff wait runs."""
        self.hidden = False
        """Whether what the step gives is not for the user."""
        self.kept: tuple[Mapping[str, Any], ...] | None = None
        """What stays of the conversation should the turn end without an answer; None: what there was before it."""
        self.open_calls: dict[str, tuple[str, float, bool]] = {}
        """Calls that have no result yet, by id: the tool, since when in Unix seconds, and whether it has begun."""
        self.open_approvals: dict[str, tuple[str, float]] = {}
        """Requests for a decision that have none yet, by id: the call, and since when in Unix seconds."""
        self.started = 0.0
        self.terminal: Terminal | None = None
        self.why = ""
        """Why the last failure was not tried again."""

    def delegate(self, turn: Turn, cancel: Callable[[str], object]) -> None:
        """Have a turn that was begun for this one be cancelled with it; from any thread.

        Args:
            turn: it was submitted before.
            cancel: takes the reason.
        """
        self.delegated[turn] = cancel  # before it looks: whoever ends this one looks the other way round
        if self.terminal is not None:
            self.abandon()
        elif turn.terminal is not None:
            self.delegated.pop(turn, None)

    def abandon(self) -> None:
        """It has ended: without its answer, nobody waits for what was begun for it."""
        delegated, self.delegated = self.delegated, {}
        if not isinstance(self.terminal, TurnCompleted):
            for cancel in list(delegated.values()):
                cancel("the turn that it was for has ended")

    def leave(self) -> None:
        """Be counted no longer."""
        doors, self.doors = self.doors, ()
        for door in doors:
            door.leave()

    def withdraw(self) -> None:
        """Not be counted in the end: it was not accepted."""
        doors, self.doors = self.doors, ()
        for door in doors:
            door.withdraw()

    def note(self, event: Event) -> None:
        """Remember what is open, and what is settled."""
        match event:
            case ToolCallStarted():
                since = self.open_calls.get(event.call_id, ("", event.timestamp, False))[1]
                self.open_calls[event.call_id] = event.name, since, True
            case ToolCallFinished():
                self.open_calls.pop(event.call_id, None)
            case ApprovalRequested():
                self.open_approvals[event.approval] = event.call_id, event.timestamp
            case ApprovalDecided():
                self.open_approvals.pop(event.approval, None)

    def refuse(self) -> None:
        """Tell the host that the turn was not accepted: it came behind the session's end."""
        self.withdraw()
        self.done.expire(SessionClosedError("the session ended before it could accept the turn"))
        if self.outlet is not None:
            self.outlet.close()
