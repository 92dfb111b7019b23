from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp

from actors.dashboard.feed import Feed
from actors.dashboard.web.app import build
from actors.dashboard.web.board import Board
from actors.dashboard.web.frames import Pace
from tests.dashboard.web.asking import TOKEN, asked, log_turns, reading

AT_ONCE = Pace(frame=0, beat=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


@asynccontextmanager
async def followed(path: Path) -> AsyncGenerator[Board]:
    """A board that follows a log while this block lasts."""
    board = Board(Feed([path]))
    over = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(board.follow(lambda: not over.is_set()))
        yield board
        over.set()


def made(board: Board, pace: Pace = AT_ONCE, **settings: Any) -> ASGIApp:
    return build(board, TOKEN, pace=pace, **settings)


async def until(reader: Any, says: Callable[[Any], bool]) -> Any:
    """Read frames up to one that says so."""
    while not says(frame := await reader.frame()):
        pass
    return frame


def names(frame: Any) -> list[str]:
    return [row["session"] for row in frame["view"]["sessions"]]


def test_rows_come_as_the_log_grows(path: Path) -> None:
    async def run() -> None:
        async with followed(path) as board, reading(made(board), "sort=session") as reader:
            assert names(await reader.frame()) == []
            log_turns(path, "ada")
            await until(reader, lambda frame: names(frame) == ["ada"])
            log_turns(path, "bob")
            frame = await until(reader, lambda frame: names(frame) == ["ada", "bob"])
            assert frame["progress"]["read"] == frame["progress"]["there"] > 0
            assert frame["timeline"] is None

    asyncio.run(run())


def test_each_reader_has_a_query_of_its_own(path: Path) -> None:
    log_turns(path, "ada", "bob", "cid")

    async def run() -> None:
        async with followed(path) as board:
            app = made(board)
            await board.changed(0, 60)
            async with (
                reading(app, "sort=session&reverse=true&top=2") as one,
                reading(app, "text=ADA&states=waiting,idle") as two,
                reading(app, "states=ended") as three,
            ):
                assert names(await one.frame()) == ["cid", "bob"]
                assert names(await two.frame()) == ["ada"]
                assert names(await three.frame()) == []

    asyncio.run(run())


def test_a_session_that_is_asked_for_comes_with_its_timeline(path: Path) -> None:
    log_turns(path, "ada & bob")

    async def run() -> None:
        async with followed(path) as board:
            await board.changed(0, 60)
            async with reading(made(board), "run=r&session=ada+%26+bob") as reader:
                timeline = (await reader.frame())["timeline"]
                assert timeline["row"]["session"] == "ada & bob"
                assert [entry["event"] for entry in timeline["entries"]] == ["turn.started"]

    asyncio.run(run())


def test_a_slow_reader_gets_the_newest_and_nothing_between(path: Path) -> None:
    async def run() -> None:
        async with followed(path) as board, reading(made(board)) as reader:
            await reader.frame()
            seen = 0
            for number in range(20):
                before = board.version
                log_turns(path, f"s{number}")
                await board.changed(before, 60)
            frames = 0
            while seen < 20:
                seen = len(names(await reader.frame()))
                frames += 1
            assert frames <= 2  # the one that was being sent, and the newest

    asyncio.run(run())


def test_while_nothing_changes_only_beats_are_sent(path: Path) -> None:
    async def run() -> None:
        async with followed(path) as board, reading(made(board, Pace(frame=0, beat=0))) as reader:
            await reader.frame()
            for _ in range(3):
                assert (await reader.body()).startswith(b":")

    asyncio.run(run())


def test_a_reader_who_leaves_leaves_nothing_behind_and_their_number_is_bounded(path: Path) -> None:
    async def run() -> None:
        board = Board(Feed([path]))
        app = made(board, readers=1)
        async with reading(app) as reader:
            await reader.frame()
            assert board.readers == 1
            full = await asyncio.to_thread(asked, app, "GET", "/events", authorization=f"Bearer {TOKEN}")
            assert full.status_code == 503
        assert board.readers == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    ("query", "about"),
    [("sort=fastest", "sort"), ("top=0", "top"), ("top=1e9", "top"), ("states=asleep", "states"),
     ("text=" + "x" * 201, "text"), ("reverse=maybe", "reverse"), ("nonsense=1", "nonsense")],
)  # fmt: skip
def test_a_query_that_is_none_is_said_to_be(path: Path, query: str, about: str) -> None:
    app = made(Board(Feed([path])))
    answer = asked(app, "GET", f"/events?{query}", authorization=f"Bearer {TOKEN}")
    assert answer.status_code == 400
    assert about in answer.text
