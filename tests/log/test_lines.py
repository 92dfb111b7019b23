from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.log.lines import KEPT, LIMIT, Lines


@given(st.lists(st.binary()))
def test_however_bytes_are_split_the_lines_are_the_same(pieces: list[bytes]) -> None:
    lines = Lines()
    whole = b"".join(pieces).split(b"\n")
    assert [line for piece in pieces for line in lines.feed(piece)] == whole[:-1]
    assert lines.cut() == whole[-1]


@given(st.lists(st.sampled_from([b"a", b"\n", b"bcd", b"bc\n", b"abcdef\nb"])), st.integers(0, 4))
def test_only_lines_over_the_limit_are_cut_and_say_so(pieces: list[bytes], limit: int) -> None:
    lines = Lines(limit)
    whole = b"".join(pieces).split(b"\n")[:-1]
    assert [line for piece in pieces for line in lines.feed(piece)] == [
        it if len(it) <= limit else it + b"... (a line of %d bytes)" % len(it) for it in whole
    ]


def test_a_line_without_end_takes_no_memory() -> None:
    lines = Lines()
    piece = b"x" * 2**20
    for _ in range(2 * LIMIT // len(piece)):
        assert lines.feed(piece) == []
    assert sum(map(len, lines._torn)) == KEPT
    assert lines.feed(b"\nnext\n") == [b"x" * KEPT + b"... (a line of 33554432 bytes)", b"next"]


def test_what_is_cut_off_is_not_glued_to_what_comes() -> None:
    lines = Lines()
    lines.feed(b"to")
    assert lines.cut() == b"to"
    assert lines.feed(b"rn\n") == [b"rn"]
