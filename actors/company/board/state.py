"""What is known of a blackboard: it outlives the lives of its actor."""

from __future__ import annotations

from typing import Any

import pykka

from actors.company.board.contents import Change, Contents
from actors.company.board.keys import Keys
from actors.company.board.limits import BoardLimits
from actors.company.board.watchers import Watcher


class BoardState:
    """Only the board's actor changes what it holds. The rest stays as it is, and hosts read it from their threads."""

    __slots__ = ("closed", "contents", "keys", "limits", "name", "ref", "watchers")

    def __init__(self, name: str, keys: Keys, limits: BoardLimits) -> None:
        self.name = name
        self.keys = keys
        self.limits = limits
        self.contents = Contents(limits.max_keys)
        self.watchers: dict[Watcher, None] = {}
        self.ref: pykka.ActorRef[Any]
        """Its actor."""
        self.closed = False

    def tell(self, change: Change) -> None:
        """Have those know who watch the key."""
        for watcher in list(self.watchers):
            if change.key.startswith(watcher.wish.prefix):
                watcher.push(change)

    def close(self) -> None:
        """There is no actor any more, or it is about to end: let nobody wait."""
        self.closed = True
        while self.watchers:
            watcher, _ = self.watchers.popitem()
            watcher.close()
