"""The law of a room: what each member is handed is what the others said, in the room's order, without a gap."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.company.book import Book, Line
from actors.errors import QueueFullError

MEMBERS = st.sampled_from("abc")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), MEMBERS),
        st.tuples(st.just("leave"), MEMBERS),
        st.tuples(st.just("say"), MEMBERS | st.just("host")),
        st.tuples(st.just("hear"), MEMBERS),
    ),
    max_size=60,
)
MAX_LINES = 5


@given(STEPS)
def test_each_member_hears_what_the_others_said_in_the_rooms_order(steps: list[tuple[str, str]]) -> None:
    book = Book(MAX_LINES)
    said: list[Line] = []
    since: dict[str, int] = {}
    got: dict[str, list[Line]] = {}
    for number, (what, who) in enumerate(steps):
        match what:
            case "join":
                if book.join(who):
                    since[who], got[who] = book.seq, []
            case "leave":
                assert book.leave(who) == (since.pop(who, None) is not None)
            case "say":
                owed = [line for line in said if _is_owed(line, since, got)]
                try:
                    said.append(book.say(who, str(number)))
                except QueueFullError:
                    assert len([line for line in said if line.seq >= owed[0].seq]) == MAX_LINES
            case "hear":
                lines = book.waiting(who)
                if lines:
                    got[who] += lines
                    book.hand(who, lines[-1].seq)
        assert book.members == tuple(since)
        for member, joined in since.items():
            mine = [line for line in said if line.seq > joined and line.by != member]
            assert [*got[member], *book.waiting(member)] == mine


def _is_owed(line: Line, since: dict[str, int], got: dict[str, list[Line]]) -> bool:
    return any(
        line.seq > joined and line.by != member and line not in got[member]
        for member, joined in since.items()
    )


def test_what_all_have_heard_is_not_kept() -> None:
    book = Book(2)
    for member in "ab":
        book.join(member)
    for number in range(10):
        line = book.say("a", str(number))
        book.hand("b", line.seq)
    assert book.seq == 12


def test_a_room_where_nobody_listens_keeps_nothing() -> None:
    book = Book(1)
    book.join("a")
    for number in range(3):
        book.say("a", str(number))
    book.join("b")
    assert book.waiting("b") == ()


def test_the_slowest_member_bounds_what_may_be_said_until_it_leaves() -> None:
    book = Book(2)
    for member in "ab":
        book.join(member)
    for number in range(2):
        book.say("host", str(number))
    book.hand("a", book.seq)
    with pytest.raises(QueueFullError, match="2 lines wait"):
        book.say("host", "more")
    book.leave("b")
    assert book.say("host", "more").seq == 6


@pytest.mark.parametrize("member", ["nobody", "a"])
def test_who_is_no_member_hears_nothing(member: Any) -> None:
    book = Book(2)
    book.join("a")
    book.leave("a")
    book.say("host", "text")
    assert book.waiting(member) == ()
    book.hand(member, 1)
    assert book.members == ()
