"""What a tool returned, as the model gets it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import ToolResult
from actors.tools.render import Rendered, render


class Place(msgspec.Struct):
    city: str


@dataclasses.dataclass
class Size:
    width: int


class Colour(enum.StrEnum):
    RED = "red"


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("as {it} is\n", "as {it} is\n"),
        ("", ""),
        (None, ""),
        (True, "true"),
        (1.5, "1.5"),
        (float("nan"), "null"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        ([{"type": "text", "text": "x"}], '[{"type":"text","text":"x"}]'),
        ((Place("Rome"), Size(2)), '[{"city":"Rome"},{"width":2}]'),
        (Colour.RED, '"red"'),
        (dt.date(2026, 1, 2), '"2026-01-02"'),
        ("half \ud83d of it", "half \ufffd of it"),
        ("\ud83d\ude00", "😀"),
        ({"\udc00": ["\ud83d", Place("\ud83d")]}, '{"\ufffd": ["\ufffd", {"city": "\ufffd"}]}'),
    ],
)
def test_content(value: Any, content: str) -> None:
    assert render(value, 1000) == Rendered(content)
    assert render(ToolResult(value, is_error=True, ends_turn=True), 1000).is_error


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            object(),
            "the tool's result can't be written as JSON: TypeError: an object of type object has no JSON form",
        ),
        (
            {(1, 2): 3},
            "the tool's result can't be written as JSON: TypeError: an object of type tuple has no JSON form",
        ),
        (LOOP, "the tool's result can't be written as JSON: RecursionError: "),
        (
            ToolResult([{"type": "file", "file": object()}], ends_turn=True),
            "the tool's result can't be written as JSON: ",
        ),
    ],
)
def test_what_can_t_be_json_is_an_error(value: Any, said: str) -> None:
    made = render(value, 1000)
    assert made.is_error
    assert str(made.content).startswith(said)
    assert made.ends_turn == isinstance(value, ToolResult)


def test_a_result_says_more_than_its_content() -> None:
    assert render(ToolResult({"a": 1}, is_error=True, ends_turn=True), 9) == Rendered(
        '{"a":1}', is_error=True, ends_turn=True
    )


def test_what_is_too_long_is_cut_and_says_so() -> None:
    made = render("x" * 1000, 100)
    assert made.truncated
    assert made.content == "x" * 47 + "\n[cut off here: 953 of 1000 characters are left out]"
    assert render("x" * 100, 100) == Rendered("x" * 100)


@given(st.text(st.characters(codec="utf-8") | st.just("\ud83d")) | st.lists(st.text()), st.integers(1, 90))
def test_never_longer_than_the_limit_and_always_unicode(value: Any, limit: int) -> None:
    made = render(value, limit)
    assert len(made.content) <= limit
    assert str(made.content).encode("utf-8") is not None
    assert made.truncated or made == render(value, 10**6)


def test_parts_are_kept_and_their_text_is_cut_as_a_whole() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": "x" * 60},
        image,
        {"type": "text", "text": "y" * 100},
    ]
    assert render(ToolResult(parts), 1000) == Rendered(parts)
    made = render(ToolResult([*parts, {"type": "text", "text": "z"}]), 140)
    assert made.truncated
    assert made.content[:2] == parts[:2]
    assert made.content[2] == {
        "type": "text",
        "text": "y" * 29 + "\n[cut off here: 71 of 100 characters are left out]",
    }
    assert len(made.content) == 3
