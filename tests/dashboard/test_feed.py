from __future__ import annotations

from pathlib import Path

import pytest

import actors.log
from actors.dashboard.feed import SHOWN, Feed
from actors.log import Log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


def poll(feed: Feed) -> int:
    return sum(1 for _ in feed.poll())


def test_what_is_written_is_folded_as_it_comes(path: Path) -> None:
    feed = Feed([path])
    poll(feed)
    with actors.log.to_file(path):
        for turn in (1, 2):
            Log(run_id="r").emit("actors.turn.started", "x", session="s", turn=turn)
            poll(feed)
            (row,) = feed.fleet.view(0).sessions
            assert (row.turn, feed.fleet.totals.records) == (turn, turn)
    feed.finish()


def test_a_backlog_comes_in_pieces_with_progress(path: Path) -> None:
    with actors.log.to_file(path):
        for turn in range(5000):
            Log(run_id="r").emit("actors.turn.started", "x" * 200, session="s", turn=turn)
    feed = Feed([path])
    seen = [(feed.progress.read, feed.fleet.totals.records) for _ in feed.poll()]
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert feed.progress.read == feed.progress.there == path.stat().st_size
    assert feed.fleet.totals.turns_started == 5000
    feed.finish()


def test_bad_lines_are_counted_and_inert(path: Path) -> None:
    path.write_bytes(b"{half\n\x1b[2J\xff" + b"." * 1000 + b"\n\n")
    feed = Feed([path])
    poll(feed)
    view = feed.fleet.view(0)
    assert view.totals.bad_lines == 3
    path.write_bytes(b"\x1b[2J\xff" + b"." * 1000 + b"\n")
    poll(feed)
    shown = feed.fleet.view(0).last_bad_line
    assert shown.startswith("\\x1b[2J\\xff...")
    assert shown.isprintable()
    assert len(shown) < 2 * SHOWN
    feed.finish()


def test_what_was_kept_back_is_folded_at_the_end(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with actors.log.to_file(tmp_path / f"{name}.jsonl"):
            Log().emit("actors.turn.started", "x", session=name, turn=1)
    feed = Feed([tmp_path / "*.jsonl"])
    poll(feed)
    feed.finish()
    assert feed.fleet.totals.records == 2
