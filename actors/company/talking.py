"""What a session can say to others, by their names: a part of `Session`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from actors.company.letters import signed
from actors.company.talk import AskSession, Neighbour, Say, TellSession, ToRoom, WhichRooms, WhoElse
from actors.errors import ConfigError
from actors.events import TurnCompleted
from actors.kernel.future import LoopFuture
from actors.user_input import Input, to_messages

if TYPE_CHECKING:
    from actors.births import Births
    from actors.client import Ask
    from actors.company.family import Origin
    from actors.ledger import Ledger

ASK_S = 60.0
"""How long an ask waits that is given no timeout."""


class Talking:
    """Tells and asks. Every method may be called from any thread, and never blocks.

    Every future is one to `.get()` in a thread or to await.
    """

    id: str
    _ledger: Ledger
    _ask: Ask
    _births: Births
    _origin: Origin | None

    def tell(self, to: str, text: Input, **settings: Any) -> LoopFuture[None]:
        """Have another session run a turn on this, behind those that wait there; its user message says from whom.

        What one session tells and asks another arrives in that order.

        Args:
            to: the other's name.
            text: as in `run`; the first message says from whom it is.
            settings: of the other's turn, as `SessionConfig` has them.

        Returns:
            A future that is done when the other has the turn. It raises `NoSuchSessionError`; `QueueFullError` where
            the other takes no more (`max_queued_turns`), `DrainingError`, `SessionClosedError`, or `ConfigError`.
        """
        return self._switch(TellSession(to, self._signed(text), settings))

    def ask(
        self, to: str, text: Input, *, timeout: float = ASK_S, **settings: Any
    ) -> LoopFuture[TurnCompleted]:
        """As `tell`, and give the other's `TurnCompleted`.

        Asked by a tool through `ToolContext.here`, its turn waits for the answer: it is an error at once where the
        other waits for this session already, and with the call's end the ask ends too. An ask that ends without an
        answer cancels the other's turn.

        Args:
            to: the other's name.
            text: as in `tell`.
            timeout: seconds until the ask is given up: it always has a deadline.
            settings: of the other's turn; `returns=` has it answer with a value of that type.

        Returns:
            A future with exactly one of: the answer; `AskCycleError` with the path; `AskTimeoutError`;
            `AskCancelledError`; `TurnFailedError` or `TurnCancelledError`, of the other's turn; or what `tell` raises.
        """
        if not 0 < timeout < math.inf:
            raise ConfigError("timeout", f"an ask has a deadline: give seconds, not {timeout!r}")
        return self._switch(AskSession(self._ledger, self._origin, to, self._signed(text), timeout, settings))

    def others(self) -> LoopFuture[tuple[Neighbour, ...]]:
        """The sessions that there are but for this one: each with its `id`, its `state` and how many turns wait."""
        return self._switch(WhoElse(self.id))

    # Rooms

    def say(self, room: str, text: str) -> LoopFuture[int]:
        """Have the others in a room hear this; as `Room.say`, but for members only.

        Returns:
            A future with its number in the room; it raises `UsageError` where this session is not in such a room.
        """
        return self._switch(ToRoom(room, Say(self.id, text, members_only=True), opens=False))

    def rooms(self) -> LoopFuture[tuple[str, ...]]:
        """The rooms that this session is in, by name."""
        return self._switch(WhichRooms(self.id))

    # Inside

    def call_ended(self) -> None:
        """The tool call is over that has this handle: its asks are, too. Called by what runs the tool; once."""
        if self._origin is not None:
            self._origin.over.set()

    def _signed(self, text: Input) -> Any:
        messages = to_messages(text, self._ledger.config.parts)
        if not messages:
            raise ConfigError("text", "must say something")
        return signed(self.id, messages)

    def _switch(self, message: Any) -> LoopFuture[Any]:
        self._ledger.birthplace.check()
        return self._ask(self._births.exchange.switchboard, message)
