"""What of a conversation is sent: the laws of trimming."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.tokens import Estimator
from actors.core.units import older_groups, running_groups, running_turn
from actors.core.window import Fitted, WindowState, fit
from actors.window import Window
from tests.core.talks import Message, is_valid, places, says, step, system, talks, turns, user

WORDS = Estimator(count=lambda text: len(text.split()))
"""A token a word, and 3 a message."""
budgets = st.integers(10, 400)
keeps = st.integers(1, 6)


def window(budget: int, **settings: Any) -> Window:
    return Window(**{"tokens": budget, "reserve": 0, "marker": "", **settings})


def cut(talk: tuple[Message, ...], settings: Window, state: WindowState | None = None) -> Fitted:
    return fit(talk, settings, WORDS, WindowState() if state is None else state)


@given(talks(), budgets, keeps)
def test_what_is_sent_and_what_is_cut_are_all_in_order(
    talk: tuple[Message, ...], budget: int, keep_last: int
) -> None:
    fitted = cut(talk, window(budget, keep_last=keep_last))
    sent, gone = places(fitted.messages, talk), places(fitted.cut, talk)
    assert sent == sorted(sent)
    assert gone == sorted(gone) == list(fitted.state.cut)
    assert sorted(sent + gone) == list(range(len(talk)))


@given(talks(), budgets, keeps)
def test_calls_go_with_their_results(talk: tuple[Message, ...], budget: int, keep_last: int) -> None:
    assert is_valid(talk)
    fitted = cut(talk, window(budget, keep_last=keep_last))
    assert is_valid(fitted.messages)
    said = [message["role"] for message in fitted.messages if message["role"] not in {"system", "developer"}]
    assert said[0] == "user"


@given(talks(), budgets, keeps)
def test_what_is_never_cut(talk: tuple[Message, ...], budget: int, keep_last: int) -> None:
    gone = cut(talk, window(budget, keep_last=keep_last)).state.cut
    assert not any(talk[at]["role"] in {"system", "developer"} for at in gone)
    assert not any(talk[at]["role"] == "user" for at in gone if at >= running_turn(talk))
    assert not any(at >= len(talk) - keep_last for at in gone)


@given(talks(), budgets, keeps)
def test_what_is_sent_fits_or_there_is_nothing_left_to_cut(
    talk: tuple[Message, ...], budget: int, keep_last: int
) -> None:
    fitted = cut(talk, window(budget, keep_last=keep_last))
    assert fitted.after == WORDS.fixed + sum(map(WORDS.message, fitted.messages))
    if fitted.after > budget:
        start = running_turn(talk)
        groups = [*older_groups(talk, start, keep_last), *running_groups(talk, start, keep_last)]
        assert sorted(at for group in groups for at in group) == list(fitted.state.cut)
        assert fitted.trimmed


@given(talks(), budgets)
def test_nothing_is_cut_that_fits(talk: tuple[Message, ...], budget: int) -> None:
    fitted = cut(talk, window(budget))
    if fitted.before <= budget:
        assert (fitted.messages, fitted.cut, fitted.trimmed) == (talk, (), False)


@given(talks(), budgets, keeps, st.sampled_from(["", "Something is left out."]))
def test_fitting_again_changes_nothing(
    talk: tuple[Message, ...], budget: int, keep_last: int, marker: str
) -> None:
    settings = window(budget, keep_last=keep_last, marker=marker)
    first = cut(talk, settings)
    again = cut(talk, settings, first.state)
    assert (again.messages, again.cut, again.state) == (first.messages, (), first.state)
    assert again.before == again.after == first.after


@given(talks(), st.lists(turns(answered=True), max_size=4), budgets)
def test_until_the_next_cut_each_request_begins_as_the_one_before(
    talk: tuple[Message, ...], later: list[list[Message]], budget: int
) -> None:
    settings, last = window(budget, marker="Left out."), cut(talk, window(budget, marker="Left out."))
    for turn in later:
        talk = (*talk, says("So."), *turn)
        fitted = cut(talk, settings, last.state)
        assert set(last.state.cut) <= set(fitted.state.cut)
        if not fitted.cut:
            assert fitted.messages[: len(last.messages)] == last.messages
        last = fitted


def test_a_cut_goes_some_way_so_that_there_is_none_for_a_while() -> None:
    state, talk, cuts = WindowState(), tuple[Message, ...](), 0
    for _ in range(100):
        talk = (*talk, user("word " * 7), says("word " * 7))  # 20 tokens a turn
        fitted = fit(talk, window(200), WORDS, state)
        state, cuts = fitted.state, cuts + bool(fitted.cut)
        assert fitted.after <= 200
        if fitted.cut:
            assert 200 * 0.7 - 20 < fitted.after <= 200 * 0.7
    assert cuts <= 100 * 20 / (0.3 * 200)


def test_older_turns_go_first_and_their_steps_before_their_question_and_answer() -> None:
    old = [user("old"), *step("a " * 20), *step("b " * 20), says("done")]
    talk = (system(), *old, user("new"), *step("c " * 20), *step("d " * 20))
    budget = WORDS.fixed + sum(map(WORDS.message, talk)) - 1
    fitted = cut(talk, window(budget, trim_to=1))
    assert fitted.cut == tuple(old[1:3])
    fitted = cut(talk, window(budget - 40, trim_to=1))
    assert fitted.cut == tuple(old[1:5])
    fitted = cut(talk, window(budget - 75, trim_to=1))
    assert fitted.cut == (*old, *talk[-4:-2])


def test_the_running_turn_is_where_the_loop_says() -> None:
    talk = (user("task"), *step("a " * 30), user("steer"), *step("b"))
    assert cut(talk, window(40)).cut == (talk[0], *talk[1:3])
    assert fit(talk, window(40), WORDS, WindowState(), running=0).cut == talk[1:3]


def test_a_marker_stands_in_the_first_message_of_the_user() -> None:
    talk = (system(), user("old " * 50), says("yes"), user("new"))
    fitted = cut(talk, window(40, marker="Left out."))
    assert fitted.messages == (talk[0], user("Left out.\n\nnew"))
    assert fitted.after == WORDS.fixed + (3 + 2) + (3 + 1) + (3 + 2)


def test_one_that_is_too_long_in_any_case_is_sent_and_told() -> None:
    talk = (user("word " * 90),)
    fitted = cut(talk, window(50))
    assert (fitted.messages, fitted.cut, fitted.trimmed) == (talk, (), True)
    assert fitted.facts(asked=False) == {
        "strategy": "drop",
        "messages_cut": 0,
        "tokens_before": 96,
        "tokens_after": 96,
        "budget": 50,
        "asked": False,
    }


def test_without_a_known_limit_all_is_sent() -> None:
    talk = (user("word " * 90), says("yes " * 90), user("new"))
    fitted = fit(talk, Window(), WORDS, WindowState())
    assert (fitted.messages, fitted.budget, fitted.trimmed) == (talk, None, False)


def test_a_conversation_that_was_taken_back_is_sent_anew() -> None:
    talk = (user("word " * 50), says("yes"), user("word " * 50), says("yes"), user("new"))
    state = cut(talk, window(100)).state
    assert state.cut == (0, 1)
    other = (user("hello"), says("there"), user("new"))
    assert cut(other, window(100), state).messages == other
    assert cut(talk[:1], window(100), state).messages == talk[:1]


def test_another_model_begins_without_a_ratio_and_a_ceiling() -> None:
    state = WindowState(ratio=2.0, ceiling=5, model="small")
    assert fit((user("a"),), Window(), WORDS, state, model="small").budget == 5
    fitted = fit((user("a"),), Window(), WORDS, state, model="large")
    assert (fitted.state.ratio, fitted.budget, fitted.state.model) == (1.0, None, "large")


@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_the_ratio_scales_the_estimate(ratio: float) -> None:
    talk = (user("word " * 50), says("yes"), user("new"))
    plain = cut(talk, window(1000)).after
    fitted = cut(talk, window(1000), WindowState(ratio=ratio))
    assert (fitted.after, fitted.estimate) == (round(plain * ratio), plain)


@given(
    talks(),
    st.one_of(
        st.just("no"),
        st.builds("maximum context length is {} tokens".format, st.integers(0, 5000)),
        st.builds(
            "prompt is too long: {} tokens > {} maximum".format, st.integers(0, 5000), st.integers(0, 5000)
        ),
    ),
    st.floats(0.5, 4),
)
def test_once_refused_less_is_sent_if_anything_can_be_cut(
    talk: tuple[Message, ...], words: str, ratio: float
) -> None:
    sent = fit(talk, Window(), WORDS, WindowState(ratio=ratio))
    again = fit(talk, Window(), WORDS, sent.refused(words))
    assert again.budget is not None
    assert again.before > again.budget
    start = running_turn(talk)
    could = [*older_groups(talk, start, 1), *running_groups(talk, start, 1)]
    assert bool(again.cut) == bool(could)
