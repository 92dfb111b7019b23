from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.events import ToolCall, TurnCancelled, TurnCompleted, TurnFailed
from actors.outcome import HttpError, Truncated
from actors.scenario import Completes, Fails, Says
from actors.scenario.expect import differences

Tell = Callable[[str], Any]
TEXT = st.text(max_size=12)


def completed(text: str, thoughts: str = "", calls: tuple[ToolCall, ...] = ()) -> TurnCompleted:
    return TurnCompleted(
        session="s", seq=1, timestamp=0, text=text, thoughts=thoughts, usage=(), is_tool_call=bool(calls),
        calls=calls, refusal="", outcome={"finish_reason": "stop"},  # type: ignore[arg-type]  # not looked at
    )  # fmt: skip


@given(TEXT, TEXT, TEXT, TEXT)
def test_only_the_very_text_and_thoughts_are_as_expected(
    text: str, thoughts: str, got: str, got_thoughts: str
) -> None:
    said = list(differences(Says(text, thoughts), completed(got, got_thoughts), ()))
    assert (said == []) == ((text, thoughts) == (got, got_thoughts))


def test_a_difference_names_its_place() -> None:
    said = list(differences(Says("to be or not"), completed("to be"), ()))
    assert said == ["its text at character 5: the end, expected ' or not'"]


def test_a_turn_that_ends_in_the_wrong_way_is_told_in_one_sentence() -> None:
    failed = TurnFailed(
        session="s", seq=1, timestamp=0, text="to", thoughts="", usage=(), outcome=Truncated(message="cut")
    )
    cancelled = TurnCancelled(
        session="s", seq=1, timestamp=0, text="to", thoughts="", usage=(), reason="enough"
    )
    assert list(differences(Says("to be"), failed, ())) == [
        "it should complete, but it failed: truncated: cut"
    ]
    assert list(differences(Says("to be"), cancelled, ())) == [
        "it should complete, but it was cancelled: enough"
    ]
    assert list(differences(Fails("truncated"), completed("to"), ())) == [
        "it should fail with truncated, but it completed"
    ]


def test_a_failure_must_have_its_reason_its_text_and_its_retries() -> None:
    outcome = HttpError(status=503, message="down")
    failed = TurnFailed(session="s", seq=1, timestamp=0, text="to", thoughts="", usage=(), outcome=outcome)
    assert (
        list(differences(Fails("http_error:503", "to", after=("truncated",)), failed, ("truncated",))) == []
    )
    assert list(differences(Fails("http_error:401", "t"), failed, ("truncated",))) == [
        "it failed with http_error:503: down, not with http_error:401",
        "its text at character 1: 'o', expected the end",
        "it was retried after truncated, not after nothing",
    ]


def test_calls_must_be_the_same_and_runnable() -> None:
    call = ToolCall(id="1", name="dim", arguments="{}", runnable=True)
    broken = ToolCall(id="1", name="dim", arguments="{", runnable=False)
    assert list(differences(Says("", calls=(("1", "dim", "{}"),)), completed("", calls=(call,)), ())) == []
    assert len(list(differences(Says(""), completed("", calls=(call,)), ()))) == 1
    assert list(differences(Says("", calls=(("1", "dim", "{"),)), completed("", calls=(broken,)), ())) == [
        "the call '1' is not runnable"
    ]


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        (None, []),
        ({"look": ("ok", "crashed"), "dig": "rejected"}, []),
        ({"look": "ok", "dig": "rejected"}, ["its calls of 'look' ended as ok, crashed, not as ok"]),
        (
            {"look": ("ok", "crashed"), "bury": "ok"},
            [
                "its calls of 'bury' ended as nothing, not as ok",
                "its calls of 'dig' ended as rejected, not as nothing",
            ],
        ),
    ],
)
def test_tool_calls_must_end_as_expected(tools: Any, said: list[str]) -> None:
    results: Any = {"look": ("ok", "crashed"), "dig": ("rejected",)}
    assert list(differences(Completes(tools=tools), completed("to be"), (), results)) == said
    assert list(differences(Says("to be", tools=tools), completed("to be"), (), results)) == said
