"""What a session keeps from turn to turn besides its conversation."""

from __future__ import annotations

from typing import Any

from actors.core.window import WindowState


class Memory:
    """The session actor's own; the ledger holds it, so that it outlives a restart."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        """What tools keep: `ToolContext.state`."""
        self.always: set[str] = set()
        """The keys that were approved for good."""
        self.window = WindowState()
        """What is no longer sent of the conversation, and what was learned about its length."""
