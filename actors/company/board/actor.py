"""The actor of a blackboard: all reading and writing is one message after the other."""

from __future__ import annotations

from typing import ClassVar, TypeVar

import pykka

from actors.company.board.contents import Change, Conflict, Erased, Full, Stored
from actors.company.board.messages import Erase, Read, ReadAll, Taken, Unwatch, Watch, Write
from actors.company.board.state import BoardState
from actors.company.board.watchers import ActorWatcher
from actors.kernel.handlers import HandlingActor
from actors.log.record import Log

T = TypeVar("T")


class BoardActor(HandlingActor):
    """Keeps one board. What it holds is in its state, which the next life takes over."""

    handlers: ClassVar[dict[type, str]] = {
        Read: "_read",
        ReadAll: "_read_all",
        Write: "_write",
        Erase: "_erase",
        Watch: "_watch",
        Unwatch: "_unwatch",
        Taken: "_taken",
    }

    def __init__(self, state: BoardState, log: Log) -> None:
        super().__init__()
        self._state = state
        self._log = log

    def _read(self, read: Read) -> Stored | None:
        return self._state.contents.get(read.key)

    def _read_all(self, read: ReadAll) -> tuple[Stored, ...]:
        return self._state.contents.under(read.prefix)

    def _write(self, write: Write) -> Stored | Conflict | Full:
        now = self.dispatcher.wall()
        return self._told(self._state.contents.write(write.key, write.data, write.by, now, write.expected))

    def _erase(self, erase: Erase) -> Erased | Conflict | None:
        return self._told(
            self._state.contents.erase(erase.key, erase.by, self.dispatcher.wall(), erase.expected)
        )

    def _told(self, outcome: T) -> T:
        if isinstance(outcome, Change):
            self._state.tell(outcome)
        return outcome

    # Watchers

    def _watch(self, watch: Watch) -> None:
        state, watcher = self._state, watch.watcher
        state.watchers[watcher] = None
        if watcher.wish.present:
            present = state.contents.under(watcher.wish.prefix)
            watcher.wish.backlog.widen(len(present))
            for stored in present:
                watcher.push(stored)

    def _unwatch(self, unwatch: Unwatch) -> None:
        self._state.watchers.pop(unwatch.watcher, None)

    def _taken(self, taken: Taken) -> None:
        watcher, error = taken.watcher, taken.error
        if error is None:
            watcher.taken()
            return
        watches = self._state.watchers.pop(watcher, watcher) is None
        if watches and not isinstance(error, pykka.ActorDeadError):
            self._say_failed(watcher, error)

    def _say_failed(self, watcher: ActorWatcher, error: BaseException) -> None:
        self._log.emit(
            "actors.actor.failed",
            f"{watcher.ref} failed on the changes of board {self._state.name} and watches no longer",
            level="WARNING",
            exc=error,
            actor_class=watcher.ref.actor_class.__name__,
            actor_urn=watcher.ref.actor_urn,
        )
