from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.log.lines import LIMIT, Lines


@given(st.lists(st.binary()))
def test_however_bytes_are_split_the_lines_are_the_same(pieces: list[bytes]) -> None:
    lines = Lines()
    whole = b"".join(pieces).split(b"\n")
    assert [line for piece in pieces for line in lines.feed(piece)] == whole[:-1]
    assert lines.cut() == whole[-1]


@given(st.lists(st.sampled_from([b"a", b"\n", b"bcd", b"bc\n", b"abcdef\nb"])), st.integers(0, 4))
def test_lines_over_the_limit_are_counted_and_nothing_else_is(pieces: list[bytes], limit: int) -> None:
    lines = Lines(limit)
    whole = b"".join(pieces).split(b"\n")[:-1]
    assert [line for piece in pieces for line in lines.feed(piece)] == [
        it for it in whole if len(it) <= limit
    ]
    assert lines.skipped == sum(len(it) > limit for it in whole)


def test_a_line_without_end_takes_no_memory() -> None:
    lines = Lines()
    piece = b"x" * 2**20
    for _ in range(2 * LIMIT // len(piece)):
        assert lines.feed(piece) == []
    assert lines._torn == []
    assert lines.feed(b"\nnext\n") == [b"next"]
    assert lines.skipped == 1


def test_what_is_cut_off_is_not_glued_to_what_comes() -> None:
    lines = Lines()
    lines.feed(b"to")
    assert lines.cut() == b"to"
    assert lines.feed(b"rn\n") == [b"rn"]
