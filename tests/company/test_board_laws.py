"""Laws of a blackboard: it is linearizable, and a watcher sees every version in order or is told which it missed."""

from __future__ import annotations

import asyncio
from typing import Any, Literal, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from actors import Blackboard, BoardDeleted, BoardEntry, BoardMissed, Runtime, VersionConflictError
from actors.company.board.backlog import Backlog
from actors.company.board.changes import BoardChange
from actors.company.board.contents import Change, Contents, Stored
from actors.sim import Simulation

KEYS = ("a", "b/1", "b/2")
DECLARED = {"a": int, "b/*": int}


class Op(NamedTuple):
    """What one client does next."""

    kind: Literal["put", "set", "delete", "get"]
    key: str
    stale: bool
    """Expect a version that was read before the last one."""


class Done(NamedTuple):
    """An operation as its client saw it: when it began and ended, and what came of it."""

    op: Op
    begun: int
    ended: int
    expected: int | None
    version: int | None
    """That was written or read (0: nothing there); None: refused."""
    value: int | None
    found: int | None
    """Which was there instead, where it was refused."""


OPS = st.builds(Op, st.sampled_from(["put", "set", "delete", "get"]), st.sampled_from(KEYS), st.booleans())


class Clients:
    """Programs that run beside each other on one board."""

    def __init__(self, board: Blackboard) -> None:
        self.board = board
        self.history: list[Done] = []
        self._ticks = 0

    def tick(self) -> int:
        self._ticks += 1
        return self._ticks

    async def run(self, client: int, ops: list[Op]) -> None:
        known = {key: [0, 0] for key in KEYS}
        for number, op in enumerate(ops):
            expected = known[op.key][-2 if op.stale else -1] if op.kind == "set" else None
            done = await self.one(op, expected, client * 1000 + number)
            self.history.append(done)
            for version in (done.version, done.found):
                if version is not None:
                    known[op.key].append(version)

    async def one(self, op: Op, expected: int | None, value: int) -> Done:
        begun = self.tick()
        version: int | None = None
        read: int | None = None
        found: int | None = None
        if op.kind == "get":
            entry = await self.board.get(op.key)
            version, read = (0, None) if entry is None else (entry.version, entry.value)
        elif op.kind == "put":
            version = (await self.board.put(op.key, value)).version
        elif op.kind == "delete":
            await self.board.delete(op.key)
        else:
            assert expected is not None
            try:
                version = (await self.board.compare_and_set(op.key, value, expected)).version
            except VersionConflictError as conflict:
                found = conflict.found
        if op.kind != "get" and version is not None:
            read = value
        return Done(op, begun, self.tick(), expected, version, read, found)


def hold_to_the_law(history: list[Done], changes: list[BoardChange]) -> None:
    """There is one order of all operations, in which each has the result it had, and none moves in time."""
    versions = [change.version for change in changes if not isinstance(change, BoardMissed)]
    assert versions == list(range(1, len(changes) + 1)), "each change has a version of its own, without gaps"
    written = {done.version: done for done in history if done.op.kind in {"put", "set"} and done.version}
    current: dict[str, list[tuple[int, int | None]]] = {key: [(0, None)] for key in KEYS}
    replaced: dict[tuple[str, int], int] = {}
    for change in changes:
        assert isinstance(change, BoardEntry | BoardDeleted)
        before = current[change.key][-1][0]
        replaced[change.key, before] = change.version
        if isinstance(change, BoardEntry):
            done = written[change.version]
            assert (done.op.key, done.value) == (change.key, change.value)
            assert done.expected in {None, before}, "set over another version than was expected"
            current[change.key].append((change.version, change.value))
        else:
            current[change.key].append((0, None))
    ordered = [written[version] for version in sorted(written)]
    for index, later in enumerate(ordered):
        assert all(earlier.begun < later.ended for earlier in ordered[:index]), "an order against time"
    for done in history:
        if done.op.kind == "get":
            assert (done.version, done.value) in current[done.op.key]
            _was_so_meanwhile(done, done.version or 0, written, replaced)
        elif done.found is not None:
            assert done.found != done.expected
            assert done.found in [version for version, _ in current[done.op.key]]
            _was_so_meanwhile(done, done.found, written, replaced)


def _was_so_meanwhile(
    done: Done, version: int, written: dict[int, Done], replaced: dict[tuple[str, int], int]
) -> None:
    if version > 0:
        assert written[version].begun < done.ended, "read before it was written"
        successor = written.get(replaced.get((done.op.key, version), 0))
        assert successor is None or successor.ended > done.begun, "read after it was gone"


@settings(max_examples=60, deadline=None)
@given(programs=st.lists(st.lists(OPS, max_size=8), min_size=1, max_size=5), seed=st.integers(0, 2**16))
def test_it_is_linearizable(programs: list[list[Op]], seed: int) -> None:
    sim = Simulation(seed)

    async def main() -> tuple[list[Done], list[BoardChange]]:
        async with sim.runtime() as runtime:
            board = runtime.blackboard("b", DECLARED)
            clients, watched = Clients(board), board.watch()
            await asyncio.gather(*(clients.run(number, ops) for number, ops in enumerate(programs, 1)))
        return clients.history, [change async for change in watched]

    hold_to_the_law(*sim.run(main))
    assert not sim.leftovers()


@settings(max_examples=60, deadline=None)
@given(
    changes=st.lists(st.tuples(st.sampled_from(KEYS), st.booleans()), max_size=30),
    takes=st.lists(st.integers(0, 5), max_size=12),
    limit=st.integers(1, 4),
    prefix=st.sampled_from(["", "a", "b/", "c"]),
    present=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_a_watcher_that_is_slow_sees_each_version_in_order_or_is_told_of_it(
    changes: list[tuple[str, bool]], takes: list[int], limit: int, prefix: str, present: bool, seed: int
) -> None:
    sim = Simulation(seed)

    async def change(board: Blackboard, key: str, puts: bool) -> bool:
        return bool(await board.put(key, 1)) if puts else await board.delete(key)

    async def main() -> tuple[list[Any], list[BoardChange]]:
        async with sim.runtime() as runtime:
            board = runtime.blackboard("b", DECLARED)
            whole = board.watch()
            early = len(changes) // 3
            version = sum([await change(board, *one) for one in changes[:early]])
            slow = board.watch(prefix, present=present, max_waiting=limit)
            expected: list[Any] = list(await board.entries(prefix)) if present else []
            seen: list[BoardChange] = []
            pauses = iter(takes)
            for one in changes[early:]:
                await change(board, *one)
                seen += slow._outlet.take() if next(pauses, 1) == 0 else []
        seen += [change async for change in slow]
        later: list[Any] = [change async for change in whole]
        return expected + [one for one in later if one.version > version and one.key.startswith(prefix)], seen

    each_once_in_order(*sim.run(main))


def each_once_in_order(expected: list[Any], seen: list[Any]) -> None:
    place = 0
    for change in seen:
        if isinstance(change, BoardMissed):
            missed = expected[place : place + change.count]
            assert (change.first, change.last) == (missed[0].version, missed[-1].version)
            assert set(change.keys) == {one.key for one in missed}
            place += change.count
        else:
            assert change == expected[place]
            place += 1
    assert place == len(expected)


@given(
    script=st.lists(st.sampled_from(["put", "take"]), max_size=60),
    limit=st.integers(1, 5),
)
def test_a_backlog_gives_or_counts_each_change_once_in_order(script: list[str], limit: int) -> None:
    backlog, contents = Backlog(limit), Contents(10)
    pushed: list[Change] = []
    given_out: list[Any] = []
    for action in [*script, "take"]:
        if action == "put":
            stored = contents.write(KEYS[len(pushed) % 3], b"1", "", 0.0, None)
            assert isinstance(stored, Stored)
            backlog.push(stored)
            pushed.append(stored)
            assert len(backlog) <= limit
        else:
            given_out += backlog.take()
    each_once_in_order(pushed, given_out)


@given(
    st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from([None, 0, 1, 2, 3, "right"]), st.booleans()))
)
def test_contents_do_as_a_plain_dict_would(ops: list[tuple[str, Any, bool]]) -> None:
    contents, model, version = Contents(2), dict[str, int](), 0
    for key, wanted, erases in ops:
        before = model.get(key, 0)
        expected = before if wanted == "right" else wanted
        outcome: object
        outcome = (
            contents.erase(key, "", 0.0, expected) if erases else contents.write(key, b"", "", 0.0, expected)
        )
        refused = (expected is not None and expected != before) or (
            not erases and not before and len(model) == 2
        )
        if not refused and (before or not erases):
            version += 1
            model.pop(key, None)
            if not erases:
                model[key] = version
            assert isinstance(outcome, Change)
            assert outcome.version == version
        else:
            assert not isinstance(outcome, Change)
        assert contents.version == version
        assert {entry.key: entry.version for entry in contents.under("")} == model
        assert [entry.version for entry in contents.under("")] == sorted(model.values())


def test_counters_that_threads_share_lose_nothing() -> None:
    import concurrent.futures  # noqa: PLC0415 - only here

    def add(board: Blackboard, times: int) -> None:
        for _ in range(times):
            while True:
                entry = board.get("a").get(timeout=30)
                count, version = (0, 0) if entry is None else (entry.value, entry.version)
                try:
                    board.compare_and_set("a", count + 1, version).get(timeout=30)
                    break
                except VersionConflictError:
                    continue

    with Runtime() as runtime, concurrent.futures.ThreadPoolExecutor(6) as pool:
        board = runtime.blackboard("b", DECLARED)
        for done in [pool.submit(add, board, 20) for _ in range(6)]:
            done.result(timeout=60)
        last = board.get("a").get()
        assert last is not None
        assert (last.value, last.version) == (120, 120)
