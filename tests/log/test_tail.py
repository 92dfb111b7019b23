from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.log.opened import CHUNK
from actors.log.tail import follow, latest, read


def until_none(items: Iterator[bytes | None]) -> list[bytes]:
    """What there is for now: `follow` says with None that there is no more."""
    lines: list[bytes] = []
    for item in items:
        if item is None:
            return lines
        lines.append(item)
    raise AssertionError("follow never ends")


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


@given(st.lists(st.sampled_from([b"a", b"\n", b"bc\n", b"\r", b"\xff", b"\xe2\x80\xa8"])))
def test_a_follower_gives_each_line_once_it_is_whole(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("follow") / "log.jsonl"
    items = follow(path)
    seen: list[bytes] = []
    written = b""
    for piece in pieces:
        append(path, piece)
        written += piece
        seen += until_none(items)
        assert seen == written.split(b"\n")[:-1]
    items.close()


def test_read_ends_and_leaves_a_torn_line_out(path: Path) -> None:
    path.write_bytes(b"a\n\nb\ntorn")
    assert list(read(path)) == [b"a", b"", b"b"]


def test_read_does_not_wait_for_a_file(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        next(read(path))


def test_a_file_larger_than_a_chunk_is_read_whole(path: Path) -> None:
    long = b"x" * (2 * CHUNK + 1)
    path.write_bytes(b"a\n" + long + b"\nb\n")
    assert list(read(path)) == [b"a", long, b"b"]


def test_follow_waits_for_the_file_and_then_for_the_newline(path: Path) -> None:
    items = follow(path)
    assert list(islice(items, 3)) == [None, None, None]
    path.touch()
    assert until_none(items) == []
    append(path, b"on")
    assert until_none(items) == []
    append(path, b"e\ntw")
    assert until_none(items) == [b"one"]
    append(path, b"o\n")
    assert until_none(items) == [b"two"]
    items.close()


def test_a_rotated_file_is_read_to_its_end_first(path: Path) -> None:
    items = follow(path)
    path.write_bytes(b"1\n")
    assert until_none(items) == [b"1"]
    with path.open("ab") as writer:
        path.rename(path.with_suffix(".old"))
        writer.write(b"2\n")
        writer.flush()
        # The name is free for a moment, and the writer may still be at the old file.
        assert until_none(items) == [b"2"]
        writer.write(b"3\nto")
    path.write_bytes(b"4\n")
    assert until_none(items) == [b"3", b"4"]
    append(path, b"rn\n")
    assert until_none(items) == [b"rn"]
    items.close()


def test_a_line_that_rotation_tore_is_not_glued_to_the_next_file_s(path: Path) -> None:
    items = follow(path)
    path.write_bytes(b"torn")
    assert until_none(items) == []
    path.unlink()
    path.write_bytes(b"whole\n")
    assert until_none(items) == [b"whole"]
    items.close()


def test_a_truncated_file_is_read_from_its_start(path: Path) -> None:
    items = follow(path)
    path.write_bytes(b"one\ntwo\nto")
    assert until_none(items) == [b"one", b"two"]
    os.truncate(path, 0)
    assert until_none(items) == []
    append(path, b"three\n")
    assert until_none(items) == [b"three"]
    path.write_bytes(b"4\n")
    assert until_none(items) == [b"4"]
    items.close()


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        next(follow(tmp_path))


def test_a_pipe_can_be_followed(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    os.write(writer, b"one\ntwo\n")
    items = follow(path)
    assert [next(items), next(items)] == [b"one", b"two"]
    os.close(writer)
    assert next(items) is None
    items.close()


@pytest.mark.parametrize(
    ("count", "expected"), [(0, []), (1, [b"3"]), (2, [b"2", b"3"]), (9, [b"1", b"2", b"3"])]
)
def test_latest_leaves_out_what_came_before(count: int, expected: list[bytes]) -> None:
    assert list(latest([b"1", b"2", b"3"], count)) == expected


def test_latest_leaves_out_nothing_that_comes_later(path: Path) -> None:
    path.write_bytes(b"1\n2\n3\n")
    items = latest(follow(path), 1)
    assert next(items) == b"3"
    append(path, b"4\n5\n")
    assert until_none(items) == [b"4", b"5"]
