"""What goes along when a conversation is handed over: whatever it is, it can be sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.conversation import Message
from actors.core.moving import Moved, move
from tests.turns.acting import check_sendable

KEEPS: tuple[Any, ...] = ("all", "last_turn", "none", lambda talk: talk[-1:], lambda _: [])
SYSTEMS = st.none() | st.sampled_from(["You are at the door.", "You do bills."])


def user(text: str) -> Message:
    return {"role": "user", "content": text}


def step(name: str, *, results: bool = True) -> tuple[Message, ...]:
    """An assistant's call, and its result."""
    call = {"id": name, "type": "function", "function": {"name": "look", "arguments": "{}"}}
    asked = {"role": "assistant", "content": None, "tool_calls": (call,)}
    return (asked, {"role": "tool", "tool_call_id": name, "content": "blue"}) if results else (asked,)


TURNS = st.lists(
    st.builds(
        lambda text, steps: (user(text), *(m for n in range(steps) for m in step(f"c{n}"))),
        st.text(max_size=3),
        st.integers(0, 2),
    ),
    max_size=3,
).map(lambda turns: tuple(message for turn in turns for message in turn))


def system_of(moved: Moved) -> list[Any]:
    return [m["content"] for m in (*moved.earlier, *moved.added) if m["role"] == "system"]


@given(earlier=TURNS, added=TURNS, keep=st.sampled_from(KEEPS[:3]), before=SYSTEMS, after=SYSTEMS)
def test_it_can_be_sent_under_the_next_ones_system_message(
    earlier: Any, added: Any, keep: Any, before: str | None, after: str | None
) -> None:
    head = () if before is None else ({"role": "system", "content": before},)
    moved = move(
        (*head, *earlier),
        (user("now"), *added, *step("open", results=False)),
        keep=keep,
        message="m",
        system=(before, after),
    )
    check_sendable((*moved.earlier, *moved.added))
    assert system_of(moved) == ([] if after is None else [after])
    assert any(message["role"] == "user" for message in moved.added)


@given(earlier=TURNS, added=TURNS, before=SYSTEMS, after=SYSTEMS)
def test_all_of_it_and_back_is_as_it_was(
    earlier: Any, added: Any, before: str | None, after: str | None
) -> None:
    head = () if before is None else ({"role": "system", "content": before},)
    there = move((*head, *earlier), added, keep="all", message="", system=(before, after))
    back = move(*there, keep="all", message="", system=(after, before))
    assert back == Moved((*head, *earlier), added)


@pytest.mark.parametrize("keep", KEEPS, ids=["all", "last_turn", "none", "tail", "nothing"])
def test_what_it_is_given_stays_as_it_is(keep: Any) -> None:
    earlier, added = (user("then"),), (user("now"), *step("c"))
    before = repr((earlier, added))
    move(earlier, added, keep=keep, message="m", system=(None, "s"))
    assert repr((earlier, added)) == before


def test_a_filters_choice_is_split_where_its_last_turn_begins() -> None:
    earlier, added = (user("then"), {"role": "assistant", "content": "yes"}), (user("now"), *step("c"))
    moved = move(earlier, added, keep=lambda talk: talk, message="", system=(None, None))
    assert moved == Moved(earlier, added)


@pytest.mark.parametrize("keep", KEEPS[:3])
def test_a_turn_that_answers_calls_goes_along_with_them(keep: Any) -> None:
    asked, answered = step("mine")
    earlier = (user("then"), {"role": "assistant", "content": "yes"}, user("now"), asked)
    moved = move(earlier, (answered, *step("c")), keep=keep, message="m", system=(None, None))
    check_sendable((*moved.earlier, *moved.added))
    if keep == "last_turn":
        assert (*moved.earlier, *moved.added) == (user("now"), asked, answered, *step("c"))


@given(earlier=TURNS, added=TURNS, chosen=st.data())
def test_a_filter_cannot_make_it_one_that_cannot_be_sent(earlier: Any, added: Any, chosen: Any) -> None:
    def keep(talk: tuple[Message, ...]) -> tuple[Message, ...]:
        kept = chosen.draw(st.sets(st.sampled_from(range(len(talk))))) if talk else ()
        return tuple(talk[at] for at in sorted(kept))

    moved = move(earlier, added, keep=keep, message="", system=(None, None))
    check_sendable((*moved.earlier, *moved.added))


def test_a_system_message_of_the_hosts_own_goes_along() -> None:
    own = {"role": "system", "content": "The house is on fire."}
    moved = move((own, user("then")), (user("now"),), keep="all", message="", system=(None, "s"))
    assert system_of(moved) == ["s", "The house is on fire."]
