"""Every key, pressed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from pytest_mock import MockerFixture
from textual.pilot import Pilot

from actors.dashboard.top.app import Top
from actors.dashboard.top.board import Board
from actors.dashboard.top.help import Help
from actors.dashboard.top.panel import Panel
from actors.dashboard.top.panels import KINDS
from actors.dashboard.top.replay import Replay
from actors.dashboard.top.rows import keys
from actors.dashboard.top.timeline import TimelineScreen
from tests.dashboard.top.stages import LARGE, SMALL, Script, Still, board, evening, seen, turn, watch
from tests.fleet.story import T0, record

Watched = Pilot[OSError | None]


def watching(size: tuple[int, int] = SMALL, source: Still | None = None) -> Callable[[Script], None]:
    """Runs what it decorates, there and then."""
    return lambda script: watch(Still(*evening()) if source is None else source, size, script)


def panel(pilot: Watched) -> Panel:
    focused = pilot.app.focused
    assert isinstance(focused, Panel)
    return focused


def chosen(pilot: Watched) -> str:
    """The session at the cursor."""
    session = panel(pilot).table.rows[panel(pilot).cursor].session
    assert session is not None
    return session[1]


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_numbers_and_tab_choose_a_panel(size: tuple[int, int]) -> None:
    @watching(size)
    async def script(pilot: Watched) -> None:
        assert panel(pilot).id == "sessions"
        for number, kind in enumerate(KINDS, start=1):
            await pilot.press(str(number % 10))
            assert panel(pilot).id == kind.id
            assert panel(pilot).display
        await pilot.press("tab")
        assert panel(pilot).id == "sessions"
        await pilot.press("shift+tab")
        assert panel(pilot).id == KINDS[-1].id
        displayed = [it for it in pilot.app.screen.query(Panel) if it.is_on_screen]
        assert len(displayed) == (1 if size == SMALL else len(KINDS))


def test_to_choose_a_panel_does_not_paint_the_whole_screen(mocker: MockerFixture) -> None:
    @watching(LARGE)
    async def script(pilot: Watched) -> None:
        paint = mocker.spy(Board, "refresh")
        await pilot.press("2")
        assert panel(pilot).id == "tree"
        paint.assert_not_called()


def test_the_cursor_moves_and_keeps_to_its_session() -> None:
    many = [it for n in range(50) for it in turn(f"s{n:02}", float(n))]

    @watching(source=Still(*many, now=60))
    async def script(pilot: Watched) -> None:
        await pilot.press("1", "s", "s", "s", "s", "s", "s", "s", "s", "s", "s")  # by session
        assert board(pilot).asked.sort == "session"
        for key, name in (
            ("down", "s01"), ("j", "s02"), ("up", "s01"), ("k", "s00"), ("up", "s00"), ("end", "s49"),
            ("down", "s49"), ("home", "s00"), ("pagedown", "s18"), ("pageup", "s00"), ("G", "s49"), ("g", "s00"),
        ):  # fmt: skip
            await pilot.press(key)
            assert chosen(pilot) == name
            assert name in seen(pilot)
        await pilot.press("j", "j", "r")
        assert chosen(pilot) == "s02"
        assert panel(pilot).cursor == 47
        assert "s02" in seen(pilot)


def test_the_focus_is_seen_and_the_cursor_too() -> None:
    @watching(LARGE)
    async def script(pilot: Watched) -> None:
        for key in ("1", "8"):
            await pilot.press(key)
            heavy = [it.id for it in pilot.app.screen.query(Panel) if it.styles.border_top[0] == "heavy"]
            assert heavy == [panel(pilot).id]
            strips = [panel(pilot).render_line(y) for y in range(1, 4)]
            reversed_ = [any(part.style and part.style.reverse for part in strip) for strip in strips]
            assert reversed_ == [True, False, False]


@pytest.mark.parametrize(("number", "name"), [("1", "cyd"), ("3", "bob"), ("6", "bob")])
def test_enter_opens_a_timeline_and_escape_closes_it(number: str, name: str) -> None:
    @watching()
    async def script(pilot: Watched) -> None:
        await pilot.press(number, "enter")
        assert isinstance(pilot.app.screen, TimelineScreen)
        assert name in seen(pilot).splitlines()[0]
        await pilot.press("end", "up", "escape")
        assert isinstance(pilot.app.screen, Board)
        await pilot.press("enter", "backspace")
        assert isinstance(pilot.app.screen, Board)


def test_enter_where_there_is_no_session_does_nothing() -> None:
    @watching()
    async def script(pilot: Watched) -> None:
        for number in ("2", "4", "5", "7", "9", "0"):
            await pilot.press(number, "enter")
            assert isinstance(pilot.app.screen, Board)


def test_a_timeline_goes_on_with_its_session_unless_one_looks_back() -> None:
    source = Still(*evening())

    @watching(source=source)
    async def script(pilot: Watched) -> None:
        await pilot.press("enter")
        screen = pilot.app.screen
        assert isinstance(screen, TimelineScreen)
        place = panel(pilot).cursor
        source.fleet.apply(record("turn.cancelled", 29, session="cyd"))
        screen.draw()
        await pilot.pause()
        assert panel(pilot).cursor == place + 1
        assert "turn cancelled" in seen(pilot)
        await pilot.press("home")
        source.fleet.apply(record("session.ended", 29.5, session="cyd"))
        screen.draw()
        assert panel(pilot).cursor == 0


def test_slash_filters_as_one_types_and_escape_shows_all() -> None:
    @watching()
    async def script(pilot: Watched) -> None:
        await pilot.press("slash", *"RETRY", "space", "q")
        assert board(pilot).asked.text == "RETRY q"  # the field takes what is a key elsewhere
        assert panel_of(pilot).table.rows == ()
        assert "press / to change the filter" in seen(pilot)
        await pilot.press("backspace", "backspace", "enter")
        assert [row.session and row.session[1] for row in panel(pilot).table.rows] == ["bob"]
        assert "/RETRY" in seen(pilot)
        await pilot.press("slash", "escape")
        assert len(panel(pilot).table.rows) == 6
        await pilot.press("slash", "x", "enter", "escape")
        assert board(pilot).asked.text == ""


def panel_of(pilot: Watched) -> Panel:
    return board(pilot).query_one("#sessions", Panel)


def test_s_sorts_by_every_column_and_r_reverses() -> None:
    @watching()
    async def script(pilot: Watched) -> None:
        first, orders = board(pilot).asked.sort, set()
        while True:
            await pilot.press("s")
            orders.add(board(pilot).asked.sort)
            assert f"by {board(pilot).asked.sort.replace('_', ' ')}" in panel(pilot).table.title
            if board(pilot).asked.sort == first:
                break
        assert {column.sort for column in panel(pilot).table.columns if column.sort} <= orders
        await pilot.press("s", "S")
        assert board(pilot).asked.sort == first
        rows = panel(pilot).table.rows
        assert "state▼" in seen(pilot)
        await pilot.press("r")
        assert panel(pilot).table.rows == rows[::-1]
        assert "state▲" in seen(pilot)


def test_space_pauses_and_goes_on() -> None:
    source = Still(*evening())

    @watching(source=source)
    async def script(pilot: Watched) -> None:
        await pilot.press("space")
        assert source.paused
        assert "‖ paused" in seen(pilot)
        await pilot.press("space")
        assert not source.paused


@pytest.mark.parametrize("key", ["escape", "question_mark", "enter", "space"])
def test_question_mark_shows_the_keys_and_any_of_these_closes_them(key: str) -> None:
    source = Still(*evening())

    @watching(source=source)
    async def script(pilot: Watched) -> None:
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, Help)
        for said, _ in keys.KEYS:
            assert said in seen(pilot)
        await pilot.press(key)
        assert isinstance(pilot.app.screen, Board)
        assert not source.paused


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_q_quits_and_closes_the_logs(key: str) -> None:
    source = Still(*evening())

    @watching(source=source)
    async def script(pilot: Watched) -> None:
        await pilot.press(key)

    assert source.closed


def test_a_click_moves_the_cursor_and_a_second_one_opens() -> None:
    @watching(LARGE)
    async def script(pilot: Watched) -> None:
        await pilot.click("#sessions", offset=(5, 3))
        assert (panel(pilot).id, chosen(pilot)) == ("sessions", "bob")
        await pilot.click("#sessions", offset=(5, 3), times=2)
        assert isinstance(pilot.app.screen, TimelineScreen)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    records = sorted(evening(), key=lambda it: it.timestamp)
    path.write_bytes(b"".join(msgspec.json.encode(it) + b"\n" for it in records))
    return path


def replaying(path: Path, script: Callable[[Watched, Replay], Awaitable[None]]) -> None:
    """A replay whose time passes only when it is sought to another place."""
    replay = Replay([str(path)], 1.0, ticks=lambda: 0.0)
    for _ in replay.poll():
        pass

    async def run() -> None:
        async with Top(replay).run_test(size=SMALL) as pilot:
            await pilot.pause()
            await script(pilot, replay)

    asyncio.run(run())


def test_a_replay_is_sought_sped_up_and_paused(path: Path) -> None:
    async def script(pilot: Watched, replay: Replay) -> None:
        for key, at in (
            ("shift+right", 2.9), ("right", 3.9), ("left", 2.9), ("e", 29), ("shift+left", 26.1), ("b", 0),
        ):  # fmt: skip
            await pilot.press(key)
            assert replay.now() == pytest.approx(T0 + at)
        for key, speed in (("plus", 2), ("equals_sign", 4), ("minus", 2)):
            await pilot.press(key)
            assert replay.clock is not None
            assert replay.clock.speed == speed
            assert f"x{speed} " in seen(pilot)
        await pilot.press("space")
        assert replay.clock is not None
        assert replay.clock.paused
        await pilot.press("question_mark")
        assert all(said in seen(pilot) for said, _ in (*keys.KEYS, *keys.REPLAY_KEYS))

    replaying(path, script)


def test_a_replay_shows_what_was_known_then(path: Path) -> None:
    async def script(pilot: Watched, replay: Replay) -> None:
        for key, sessions in (("e", "6 sessions"), ("b", "0 sessions")):
            await pilot.press(key)
            while sessions not in seen(pilot):  # the fold follows in the background
                await pilot.pause(0.01)

    replaying(path, script)


def test_seeking_does_nothing_to_a_live_log() -> None:
    @watching()
    async def script(pilot: Watched) -> None:
        await pilot.press("right", "shift+left", "b", "e", "plus", "minus")
        assert isinstance(pilot.app.screen, Board)
