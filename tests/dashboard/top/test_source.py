from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from actors.dashboard.top.rows import headline
from actors.dashboard.top.source import Live
from tests.dashboard.top.stages import turn
from tests.fleet.story import T0


class Wall:
    """A wall clock that only moves when told."""

    def __init__(self) -> None:
        self.time = T0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def live(tmp_path: Path, wall: Wall) -> Iterator[Live]:
    live = Live([str(tmp_path / "log.jsonl")], wall)
    yield live
    live.close()


def write(folder: Path, name: str) -> None:
    with (folder / "log.jsonl").open("ab") as file:
        file.writelines(msgspec.json.encode(it) + b"\n" for it in turn(name, 0.0))


def poll(live: Live) -> int:
    for _ in live.poll():
        pass
    return live.fleet.totals.sessions_started


def said(live: Live) -> str:
    lines = headline.lines(live.fleet.view(live.now()), live.status, 100, sparks=False)
    return "".join(text for text, _ in lines[0])


def test_a_log_is_waited_for_and_followed(tmp_path: Path, live: Live) -> None:
    assert poll(live) == 0
    assert "waiting for the log" in said(live)
    write(tmp_path, "ada")
    assert poll(live) == 1
    assert "● live" in said(live)
    write(tmp_path, "bob")
    assert poll(live) == 2


def test_paused_nothing_is_read_and_no_time_passes_and_nothing_is_missed(
    tmp_path: Path, live: Live, wall: Wall
) -> None:
    write(tmp_path, "ada")
    poll(live)
    wall.time += 5
    live.pause()
    wall.time += 5
    write(tmp_path, "bob")
    assert poll(live) == 1
    assert live.now() == T0 + 5
    assert "‖ paused" in said(live)
    live.pause()
    assert poll(live) == 2
    assert live.now() == T0 + 10


def test_a_backlog_says_how_far_it_is(tmp_path: Path, live: Live) -> None:
    write(tmp_path, "ada")
    line = (tmp_path / "log.jsonl").read_bytes()
    (tmp_path / "log.jsonl").write_bytes(line * (3_000_000 // len(line)))
    polling = live.poll()
    next(polling)
    assert "◔ read 9% of 3.0MB" in said(live)
    for _ in polling:
        pass
    assert "● live" in said(live)
