"""The line for slots: never more than the limit, first come first served, nobody starves, repeats change nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.core.slots import Slots, Ticket

TICKETS = st.builds(Ticket, st.sampled_from("abcd"), st.integers(1, 3))
CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("want"), TICKETS),
        st.tuples(st.just("free"), TICKETS),
        st.tuples(st.just("reconcile"), st.lists(TICKETS, max_size=6)),
    )
)


@given(st.integers(1, 3), CALLS)
def test_no_slot_is_lost_and_none_is_given_twice(limit: int, calls: list[tuple[str, object]]) -> None:
    slots = Slots(limit)
    for name, argument in calls:
        getattr(slots, name)(argument)
        waited = slots.line
        granted = slots.grant()
        assert granted == tuple(waited)[: len(granted)], "the one that waited longest is next"
        assert len(slots.held) <= limit
        assert not set(slots.held) & set(slots.line)
        assert not slots.line or len(slots.held) == limit, "a slot is free, and somebody waits"


@given(st.integers(1, 3), CALLS, st.lists(TICKETS, unique=True))
def test_after_reconciling_it_knows_just_the_tickets_of_the_sessions(
    limit: int, calls: list[tuple[str, object]], theirs: list[Ticket]
) -> None:
    slots = Slots(limit)
    for name, argument in calls:
        getattr(slots, name)(argument)
        slots.grant()
    held = [ticket for ticket in slots.held if ticket in theirs]
    slots.reconcile(theirs)
    assert {*slots.held, *slots.line} == set(theirs)
    assert list(slots.held) == held


@given(TICKETS)
def test_asking_twice_is_asking_once(ticket: Ticket) -> None:
    slots = Slots(1)
    slots.want(ticket)
    slots.want(ticket)
    assert slots.grant() == (ticket,)
    slots.want(ticket)
    assert slots.line == ()
    slots.free(ticket)
    slots.free(ticket)
    assert slots.held == ()
