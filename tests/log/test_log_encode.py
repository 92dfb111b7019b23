from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.config import Secret
from actors.events import AttemptUsage
from actors.log.encode import to_line

TEXT = st.text(st.characters(categories=None))
"""Any string at all, lone surrogates too."""

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXT
    | st.binary()
    | st.datetimes()
    | st.builds(Secret, st.just("abc"))
    | st.builds(object)
    | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.dictionaries(TEXT | st.tuples(TEXT), inner) | st.frozensets(TEXT),
    max_leaves=8,
)


def decode(line: bytes) -> dict[str, Any]:
    return msgspec.json.decode(line, type=dict[str, Any])


@given(st.dictionaries(st.sampled_from(["message", "seq", "outcome"]), VALUES))
def test_any_record_is_one_line_of_json_with_all_its_fields(record: dict[str, Any]) -> None:
    line = to_line(record)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line).keys() == record.keys()
    assert b"abc" not in line or "abc" in repr(record).replace("Secret", "")


@given(st.text())
def test_any_text_survives(text: str) -> None:
    assert decode(to_line({"message": text})) == {"message": text}


@given(TEXT)
def test_a_lone_surrogate_is_shown_by_its_number(text: str) -> None:
    expected = text.encode("utf-8", "backslashreplace").decode("utf-8")
    assert decode(to_line({"message": text})) == {"message": expected}


def test_one_bad_value_leaves_the_others_as_they_are() -> None:
    record = {
        "seq": 1,
        "duration": 0.5,
        "a": ("x", "y"),
        "bad": "\ud800",
        "usage": AttemptUsage(step=1, attempt=2, source="unknown"),
    }
    told = decode(to_line(record))
    assert told["bad"] == "\\ud800"
    assert (told["seq"], told["duration"], told["a"]) == (1, 0.5, ["x", "y"])
    assert told["usage"]["attempt"] == 2


def test_what_contains_itself_is_told() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert decode(to_line({"a": loop, "b": 1})) == {"a": "[[...]]", "b": 1}


def test_what_can_t_be_shown_is_told_by_its_type() -> None:
    class Mute:
        def __repr__(self) -> str:
            raise RuntimeError

    told = decode(to_line({"a": Mute(), "b": 1}))
    assert told["a"].startswith("<")
    assert "Mute that can't be shown" in told["a"]
    assert told["b"] == 1


@pytest.mark.parametrize(
    "value", [Secret("abc"), [Secret("abc")], {"k": (Secret("abc"), "\ud800")}, {("k",): Secret("abc")}]
)
def test_a_secret_is_hidden_at_any_depth(value: object) -> None:
    line = to_line({"a": value})
    assert b"abc" not in line
    assert b"***" in line
