"""The host's side of a blackboard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias, TypeVar

import pykka

from actors.birthplace import Birthplace
from actors.company.board.changes import BoardChange, BoardEntry
from actors.company.board.contents import Conflict, Erased, Full, Stored
from actors.company.board.messages import Erase, Read, ReadAll, Taken, Unwatch, Watch, Write
from actors.company.board.state import BoardState
from actors.company.board.tools import board_tools
from actors.company.board.watchers import ActorWatcher, StreamWatcher, Watcher, Wish, entry
from actors.errors import BoardFullError, ConfigError, RuntimeClosedError, VersionConflictError
from actors.kernel.future import LoopFuture, derived
from actors.stream import Stream
from actors.tools.tool import Tool

T = TypeVar("T")

Ask: TypeAlias = Callable[[pykka.ActorRef[Any], Any], LoopFuture[Any]]


class BoardStream(Stream[BoardChange]):
    """The changes of a board: `for`, `async for`, and a context manager; thread-safe.

    Each change comes once, in the order of the versions, or is counted by a `BoardMissed` in its place. It ends with
    the board.
    """


class Blackboard:
    """Values under typed keys, kept by an actor: from `Runtime.blackboard`.

    Everything can be called from any thread and never blocks; a future is to `.get()` in a thread or to await. A value
    is checked where it is put, and whoever reads it gets one of their own.

    Args:
        state: what is known of the board.
        ask: sends it messages.
        keeps: what must live as long as this handle.
    """

    def __init__(self, state: BoardState, ask: Ask, *, keeps: object) -> None:
        self._state = state
        self._send = ask
        self._birthplace = Birthplace()
        self._keeps = keeps

    def __repr__(self) -> str:
        return f"<Blackboard {self.name!r}>"

    @property
    def name(self) -> str:
        """The board's, in its runtime."""
        return self._state.name

    def get(self, key: str) -> LoopFuture[BoardEntry | None]:
        """What a key holds; None if it holds nothing.

        Raises:
            BoardKeyError: there is no such key.
            RuntimeClosedError: the runtime is not open any more. So do all others.
        """
        keys = self._state.keys
        keys.find(key)
        return self._ask(Read(key), lambda found: None if found is None else entry(found, keys))

    def entries(self, prefix: str = "") -> LoopFuture[tuple[BoardEntry, ...]]:
        """What the keys hold that begin with `prefix`, all as it was at one moment; the oldest change first."""
        keys = self._state.keys
        return self._ask(ReadAll(prefix), lambda found: tuple(entry(stored, keys) for stored in found))

    def put(self, key: str, value: Any, *, by: str = "") -> LoopFuture[BoardEntry]:
        """Put a value, whatever was there.

        Args:
            key: one that was declared, or of a family that was.
            value: of the key's type.
            by: who puts it, for the entry.

        Returns:
            The entry. The future raises `BoardFullError` where there are too many keys.

        Raises:
            BoardKeyError: there is no such key.
            BoardValueError: the value is not of the key's type, or too long; it says where.
        """
        return self._write(key, value, None, by)

    def compare_and_set(self, key: str, value: Any, version: int, *, by: str = "") -> LoopFuture[BoardEntry]:
        """Put a value if the key still has the version that was read; 0: if it holds nothing.

        Returns:
            The entry. The future raises `VersionConflictError` if it has another by now, and as that of `put`.

        Raises:
            BoardKeyError, BoardValueError: as `put`.
        """
        return self._write(key, value, version, by)

    def delete(self, key: str, *, version: int | None = None, by: str = "") -> LoopFuture[bool]:
        """Delete what a key holds; with `version`, only if it still has that.

        Returns:
            Whether it held something. The future raises `VersionConflictError` as that of `compare_and_set`.

        Raises:
            BoardKeyError: there is no such key.
        """
        self._state.keys.find(key)

        def made(outcome: Erased | Conflict | None) -> bool:
            if isinstance(outcome, Conflict):
                raise VersionConflictError(key, outcome.expected, outcome.found)
            return outcome is not None

        return self._ask(Erase(key, by, version), made)

    def _write(self, key: str, value: Any, version: int | None, by: str) -> LoopFuture[BoardEntry]:
        keys, limits = self._state.keys, self._state.limits
        data = keys.find(key).encode(key, value, limits.max_value_bytes)

        def made(outcome: Stored | Conflict | Full) -> BoardEntry:
            match outcome:
                case Conflict():
                    raise VersionConflictError(key, outcome.expected, outcome.found)
                case Full():
                    raise BoardFullError(
                        key, f"the board holds {limits.max_keys} keys, and no more are allowed"
                    )
                case _:
                    return entry(outcome, keys)

        return self._ask(Write(key, data, by, version), made)

    # Watching

    def watch(self, prefix: str = "", *, present: bool = True, max_waiting: int | None = None) -> BoardStream:
        """The changes of the keys that begin with `prefix`, as a stream.

        Args:
            prefix: everything if not given.
            present: begin with what there is already; nothing is between that and the first change.
            max_waiting: how many changes wait for a reader that falls behind; as the board's limits say if not given.
        """
        watcher = StreamWatcher(self._wish(prefix, max_waiting, present=present), self._state.keys)
        return BoardStream(watcher, self._watch(watcher), self._birthplace)

    def subscribe(
        self,
        ref: pykka.ActorRef[Any],
        prefix: str = "",
        *,
        present: bool = True,
        max_waiting: int | None = None,
    ) -> Callable[[], None]:
        """Send an actor, of whatever pykka type, the changes as `BoardChanges` messages; arguments as for `watch`.

        One is outstanding at a time: the actor's reply to it is its demand for the next.

        Returns:
            A function that unsubscribes it. An actor that stops or raises is unsubscribed by itself.
        """
        state, send = self._state, self._send

        def taken(watcher: ActorWatcher, error: BaseException | None) -> None:
            if not state.closed:
                send(state.ref, Taken(watcher, error))

        wish = self._wish(prefix, max_waiting, present=present)
        return self._watch(ActorWatcher(wish, ref, send, state.name, state.keys, taken))

    def _wish(self, prefix: str, max_waiting: int | None, *, present: bool) -> Wish:
        limit = self._state.limits.max_waiting if max_waiting is None else max_waiting
        if limit < 1:
            raise ConfigError("max_waiting", f"must be at least 1, got {limit}")
        return Wish(prefix, limit, present=present)

    def _watch(self, watcher: Watcher) -> Callable[[], None]:
        self._check()
        watching = self._send(self._state.ref, Watch(watcher))
        watching.add_done_callback(lambda done: watcher.close() if done.outcome()[1] is not None else None)
        return partial(_unwatch, self._state, self._send, self._birthplace, watcher)

    # Agents

    def tools(self, prefix: str = "", *, name: str = "board", write: bool = True) -> tuple[Tool, ...]:
        """Tools for the models of sessions: `spawn(tools=[*board.tools()])`.

        They are NAME_list, NAME_read and NAME_wait, and for writing NAME_delete and a NAME_write_KEY for each
        declared key, whose schema is that of the key's type: strict, where that has a strict form.

        Args:
            prefix: they know of the keys only that begin so.
            name: what their names begin with.
            write: without, they only read.

        Raises:
            ConfigError: no declared key begins so, or their names can't be told apart.
        """
        # Sessions keep their tools: with a handle that keeps the runtime, one that is dropped would never end.
        mine = Blackboard(self._state, self._send, keeps=None)
        return board_tools(mine, self._state.keys.under(prefix), prefix, name, write=write)

    # Messages

    def _check(self) -> None:
        self._birthplace.check()
        if self._state.closed:
            raise RuntimeClosedError(_CLOSED.format(self._state.name))

    def _ask(self, message: Any, make: Callable[[Any], T]) -> LoopFuture[T]:
        self._check()
        asked, name = self._send(self._state.ref, message), self._state.name

        def convert(timeout: float | None) -> T:
            try:
                reply = asked.get(timeout=timeout)
            except pykka.ActorDeadError:
                raise RuntimeClosedError(_CLOSED.format(name)) from None
            return make(reply)

        return derived(asked, convert)


_CLOSED = "board {!r} has ended, as its runtime has or is about to"


def _unwatch(state: BoardState, send: Ask, birthplace: Birthplace, watcher: Watcher) -> None:
    """Not a method: a stream that is collected shall not keep the board."""
    if birthplace.left:
        return
    if not state.closed:
        send(state.ref, Unwatch(watcher))
    watcher.close()
