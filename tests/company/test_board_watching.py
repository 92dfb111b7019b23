"""Watching a blackboard: streams in threads and on loops, and actors; restarts and the runtime's end."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from typing import Any

import pykka
import pytest
from loguru import logger

from actors import (
    Blackboard,
    BoardChanges,
    BoardDeleted,
    BoardEntry,
    BoardMissed,
    ConfigError,
    Endpoint,
    Intensity,
    Runtime,
    RuntimeClosedError,
    RuntimeConfig,
)
from actors.company.board.actor import BoardActor
from actors.kernel.future import LoopFuture

PATIENCE_S = 30


def counting(runtime: Runtime) -> Blackboard:
    return runtime.blackboard("numbers", {"n": int, "squares/*": int})


def test_a_stream_in_a_thread_begins_with_what_is_there_and_ends_with_the_runtime() -> None:
    seen: list[Any] = []
    with Runtime() as runtime:
        board = counting(runtime)
        board.put("n", 1, by="ada").get()
        with board.watch() as changes:
            reader = threading.Thread(target=lambda: seen.extend(changes))
            reader.start()
            board.put("squares/2", 4).get()
            board.delete("n", by="bob").get()
            runtime.close()
            reader.join(PATIENCE_S)
    assert [type(change) for change in seen] == [BoardEntry, BoardEntry, BoardDeleted]
    assert [(change.key, change.version, change.by) for change in seen] == [
        ("n", 1, "ada"),
        ("squares/2", 2, ""),
        ("n", 3, "bob"),
    ]


def test_a_stream_on_a_loop_is_woken_by_a_put_from_a_thread() -> None:
    async def main() -> list[Any]:
        async with Runtime() as runtime:
            board = counting(runtime)
            await board.put("n", 0)
            async with board.watch("squares/", present=False) as changes:
                await asyncio.to_thread(lambda: board.put("squares/3", 9).get(timeout=PATIENCE_S))
                first = await anext(changes)
                await board.put("n", 1)
                await board.put("squares/4", 16)
                return [first, await anext(changes)]

    assert [change.value for change in asyncio.run(main())] == [9, 16]


def test_a_stream_that_was_closed_or_dropped_is_forgotten() -> None:
    with Runtime() as runtime:
        board = counting(runtime)
        with board.watch():
            pass
        dropped = board.watch()
        del dropped
        kept = board.watch()
        board.put("n", 1).get()
        assert len(board._state.watchers) == 1
        assert next(kept) == board.get("n").get()


def test_a_reader_that_falls_behind_is_told_what_it_missed() -> None:
    with Runtime() as runtime:
        board = counting(runtime)
        with board.watch(max_waiting=2) as changes:
            for number in range(5):
                board.put("n" if number != 1 else "squares/1", number).get()
            missed, *rest = next(changes), next(changes), next(changes)
        assert missed == BoardMissed(first=1, last=3, count=3, keys=("n", "squares/1"))
        assert [change.version for change in rest if isinstance(change, BoardEntry)] == [4, 5]


def test_what_is_there_when_a_watch_begins_is_not_missed_however_much_it_is() -> None:
    with Runtime() as runtime:
        board = counting(runtime)
        for number in range(5):
            board.put(f"squares/{number}", number**2).get()
        with board.watch(max_waiting=1) as changes:
            board.get("n").get()  # by now it has begun
            assert [next(changes).version for _ in range(5)] == [1, 2, 3, 4, 5]  # type: ignore[union-attr]


def test_a_watch_needs_room_for_one() -> None:
    with Runtime() as runtime, pytest.raises(ConfigError, match="max_waiting"):
        counting(runtime).watch(max_waiting=0)


class Reader(pykka.ThreadingActor):
    """Keeps what it gets, and replies when it is let."""

    use_daemon_thread = True

    def __init__(self, last: int, *, raises: bool = False) -> None:
        super().__init__()
        self.last = last
        self.raises = raises
        self.gate = threading.Event()
        self.batches: list[BoardChanges] = []
        self.done: LoopFuture[list[BoardChanges]] = LoopFuture()

    def on_receive(self, message: Any) -> Any:
        if message == "done":
            return self.done
        if message == "gate":
            return self.gate
        self.batches.append(message)
        if self.raises:
            raise ValueError("not today")
        assert self.gate.wait(PATIENCE_S)
        if message.changes[-1].version == self.last:
            self.done.set(self.batches)
        return None


def test_an_actor_has_one_batch_outstanding_and_the_next_is_what_came_meanwhile() -> None:
    with Runtime() as runtime:
        board = counting(runtime)
        ref = Reader.start(6)
        try:
            gate, done = ref.ask("gate"), ref.ask("done")
            unsubscribe = board.subscribe(ref, max_waiting=3)
            for number in range(6):
                board.put("n", number).get()
            gate.set()
            first, second = done.get(timeout=PATIENCE_S)
            unsubscribe()
            board.put("n", 7).get()
            assert not board._state.watchers
        finally:
            ref.stop()
    assert [change.version for change in first.changes] == [1]
    assert second.board == "numbers"
    missed, *rest = second.changes
    assert missed == BoardMissed(first=2, last=3, count=2, keys=("n",))
    assert [change.version for change in rest] == [4, 5, 6]


def test_an_actor_that_raises_is_unsubscribed_and_the_log_says_so() -> None:
    said: list[Any] = []
    logger.enable("actors")
    handler = logger.add(lambda message: said.append(message.record), level="WARNING")
    try:
        with Runtime() as runtime:
            board = counting(runtime)
            ref = Reader.start(1, raises=True)
            board.subscribe(ref)
            board.put("n", 1).get()
            ref.stop()  # behind the batch
            board.get("n").get()
            board.put("n", 2).get()
            assert not board._state.watchers
    finally:
        logger.remove(handler)
        logger.disable("actors")
    (record,) = said
    assert "failed on the changes of board numbers and watches no longer" in record["message"]


def fail_once(monkeypatch: pytest.MonkeyPatch, times: int = 1) -> None:
    left = iter(range(times))

    def failing(self: BoardActor, message: Any) -> Any:
        if message == "fail" and next(left, None) is not None:
            raise RuntimeError("a bug")
        return receive(self, message)

    receive = BoardActor.on_receive
    monkeypatch.setattr(BoardActor, "on_receive", failing)


def test_a_board_that_fails_goes_on_with_all_that_it_held(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_once(monkeypatch)
    with Runtime() as runtime:
        board = counting(runtime)
        changes = board.watch()
        board.put("n", 1).get()
        ref = board._state.ref
        ref.tell("fail")
        assert board.put("squares/1", 1).get().version == 2, "its versions go on"
        assert [entry.key for entry in board.entries().get()] == ["n", "squares/1"]
        assert [next(changes).version for _ in range(2)] == [1, 2]  # type: ignore[union-attr]
        assert ref.actor_inbox.restarts == 1  # type: ignore[attr-defined]


def test_a_board_that_keeps_failing_is_given_up_typed_and_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_once(monkeypatch, times=3)
    with Runtime(config=RuntimeConfig(intensity=Intensity(restarts=2))) as runtime:
        board, changes = counting(runtime), counting(runtime).watch()
        other = runtime.blackboard("other", {"n": int})
        for _ in range(3):
            board._state.ref.tell("fail")
        assert list(changes) == [], "who watches is told that nothing more comes"
        with pytest.raises(RuntimeClosedError, match="board 'numbers' has ended"):
            board.get("n").get()
        assert other.put("n", 1).get().version == 1


def test_a_board_of_a_runtime_that_was_closed_says_so() -> None:
    with Runtime() as runtime:
        board = counting(runtime)
        pending = board.put("n", 1)
    assert pending.get().version == 1
    for call in (lambda: board.get("n"), lambda: board.put("n", 1), board.watch):
        with pytest.raises(RuntimeClosedError):
            call()
    with pytest.raises(RuntimeClosedError):
        runtime.blackboard("numbers")


def test_boards_live_under_the_guardian() -> None:
    with Runtime() as runtime:
        cell = counting(runtime)._state.ref.actor_inbox
        names = [cell.actor_class]  # type: ignore[attr-defined]
        while (cell := cell.parent) is not None:  # type: ignore[attr-defined]
            names.append(cell.actor_class)
    assert names == ["BoardActor", "BoardSupervisor", "Guardian"]


def drop(held: list[Any]) -> None:
    held.clear()
    gc.collect()


def test_nothing_of_a_board_keeps_a_runtime_that_its_host_dropped() -> None:
    runtime = Runtime(Endpoint(base_url="http://127.0.0.1:9/v1", model="m")).open()
    board = counting(runtime)
    changes, thread = board.watch(), runtime._dispatcher._home._thread  # type: ignore[union-attr]
    runtime.spawn(tools=board.tools())
    held, dropped = [board], weakref.ref(runtime)
    del runtime, board
    gc.collect()
    assert dropped() is not None, "it is in use as long as a handle of it is"
    with pytest.warns(ResourceWarning, match="dropped without being closed"):
        drop(held)
    assert list(changes) == []
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_what_is_closed_after_the_board_leaves_no_dead_letter() -> None:
    with Runtime() as runtime:
        board, ref = counting(runtime), Reader.start(1)
        gate, done = ref.ask("gate"), ref.ask("done")
        changes, unsubscribe = board.watch(), board.subscribe(ref)
        board.put("n", 1).get()
    changes.close()
    unsubscribe()
    gate.set()
    done.get(timeout=PATIENCE_S)
    ref.stop()  # behind its reply
    assert runtime._dispatcher is not None
    assert runtime._dispatcher.dead_letters == 0
