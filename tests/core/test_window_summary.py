"""A summary in place of what was cut."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.core.summary import annotated, plan_summary, summed_up
from actors.core.tokens import Estimator
from actors.core.window import Fitted, WindowState, fit
from actors.window import Window
from tests.core.talks import Message, says, step, system, texts, user


def count(text: str) -> int:
    return len(text.split())


WORDS = Estimator(count=count)


def window(budget: int = 400, **settings: Any) -> Window:
    plain = {
        "tokens": budget,
        "reserve": 0,
        "strategy": "summarise",
        "summary_tokens": 20,
        "summary_prompt": "Sum up.",
    }
    return Window(**{**plain, **settings})


def talk(turns: int) -> tuple[Message, ...]:
    said = [
        (user(f"question {at} " + "word " * 20), says(f"answer {at} " + "word " * 20)) for at in range(turns)
    ]
    return (system(), *(message for turn in said for message in turn), user("and now?"))


def cut(messages: tuple[Message, ...], state: WindowState | None = None, **settings: Any) -> Fitted:
    return fit(messages, window(**settings), WORDS, WindowState() if state is None else state)


def asked_for(fitted: Fitted) -> str:
    assert fitted.plan is not None
    return str(fitted.plan.messages[-1]["content"])


def test_a_model_is_asked_to_sum_up_what_is_cut() -> None:
    fitted = cut(talk(10), summary_model="small")
    assert fitted.plan is not None
    assert (fitted.plan.model, fitted.plan.body) == ("small", {"max_tokens": 20})
    assert fitted.plan.messages[0] == system("Sum up.")
    for message in fitted.cut:
        assert str(message["content"]).strip() in asked_for(fitted)
    assert "and now?" not in asked_for(fitted)


def test_its_words_stand_in_the_first_message_of_the_user_and_stay() -> None:
    fitted = cut(talk(10)).with_summary(" All was said. ")
    assert fitted.plan is None
    first = str(fitted.messages[1]["content"])
    assert first.startswith(summed_up("All was said."))
    assert fitted.after <= 400
    later = cut((*talk(10), says("this"), user("more")), fitted.state)
    assert (later.cut, later.plan) == ((), None)
    assert later.messages[: len(fitted.messages)] == fitted.messages


def test_the_next_summary_is_made_of_the_last_one_and_what_came_since() -> None:
    first = cut(talk(10)).with_summary("Turn zero and one.")
    second = cut(talk(18), first.state)
    assert "Turn zero and one." in asked_for(second)
    assert "question 0" not in asked_for(second)
    assert f"question {len(first.state.cut) // 2}" in asked_for(second)
    assert "Turn zero" not in str(second.with_summary("All of it.").messages)


def test_a_summary_that_failed_leaves_the_marker_or_the_last_summary() -> None:
    for text in (None, " \n"):
        failed = cut(talk(10), marker="Left out.").with_summary(text)
        assert (failed.plan, str(failed.messages[1]["content"])[:9]) == (None, "Left out.")
        assert failed.cut
    first = cut(talk(10)).with_summary("Turn zero.")
    assert "Turn zero." in str(cut(talk(18), first.state).with_summary(None).messages[1])


def test_a_summary_is_not_asked_for_where_nothing_can_be_cut() -> None:
    fitted = cut((user("word " * 500),))
    assert (fitted.plan, fitted.trimmed) == (None, True)


def test_calls_results_and_attachments_are_told_in_words() -> None:
    picture = {
        "role": "user",
        "content": [{"type": "text", "text": "see "}, {"type": "image_url", "image_url": {}}],
    }
    plan = plan_summary([picture, *step("it is blue")], "", window(), room=500, count=count)
    asked = plan.messages[1]["content"]
    assert "user: see [an attachment]" in asked
    assert "calls look({})\n\ntool: it is blue" in asked
    assert all("tool_calls" not in message for message in plan.messages)


@given(st.lists(texts, min_size=1, max_size=8), st.integers(84, 400))
def test_a_transcript_has_room(said: list[str], room: int) -> None:
    plan = plan_summary([user(text) for text in said], "", window(), room=room, count=count)
    sent = sum(count(str(message["content"])) for message in plan.messages)
    cuts = str(plan.messages[1]["content"]).count("[...]")
    assert sent <= room + 2 * cuts  # the gaps, and words that were split


def test_long_messages_lose_their_middles_and_short_ones_nothing() -> None:
    long = " ".join(f"w{at}" for at in range(500))
    plan = plan_summary([user("short one"), user(long)], "", window(), room=200, count=count)
    asked = str(plan.messages[1]["content"])
    assert "user: short one\n\n" in asked
    assert "user: w0 w1" in asked
    assert "w498 w499" in asked
    assert "w250" not in asked


def test_a_note_takes_any_content() -> None:
    part = {"type": "image_url", "image_url": {"url": "http://x"}}
    (with_parts,) = annotated([{"role": "user", "content": [part]}], "Note.")
    assert with_parts["content"] == ({"type": "text", "text": "Note."}, part)
    (empty,) = annotated([{"role": "user", "content": None}], "Note.")
    assert empty["content"] == "Note."
    assert annotated([system(), says("hi")], "Note.") == (system(), user("Note."), says("hi"))
    assert annotated([says("hi")], "") == (says("hi"),)
