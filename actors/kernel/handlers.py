"""An actor whose messages are a literal table: its interface at a glance, and one dictionary look-up a message."""

from __future__ import annotations

from typing import Any, ClassVar

from actors.kernel.dispatcher import Dispatcher
from actors.kernel.loop_actor import LoopActor


class HandlingActor(LoopActor):
    """Hands each message to the method that `handlers` names for its type."""

    handlers: ClassVar[dict[type, str]] = {}
    """Message type to method name. Types are matched exactly."""

    @property
    def dispatcher(self) -> Dispatcher:
        """Where the actor lives, and its clocks."""
        return self.actor_inbox.dispatcher

    def on_receive(self, message: Any) -> Any:
        """Dispatch; a message that no handler takes is logged by pykka as unexpected."""
        name = self.handlers.get(type(message))
        if name is None:
            return super().on_receive(message)
        return getattr(self, name)(message)
