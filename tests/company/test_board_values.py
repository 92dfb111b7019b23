"""The keys of a blackboard and their types: what may be put, and what is said where it may not."""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import (
    Blackboard,
    BoardFullError,
    BoardKeyError,
    BoardLimits,
    BoardValueError,
    ConfigError,
    Runtime,
    VersionConflictError,
)
from actors.company.board.keys import Keys


class Step(msgspec.Struct, frozen=True):
    title: str
    hours: Annotated[int, msgspec.Meta(ge=0)] = 0


class Note(pydantic.BaseModel):
    text: str
    stars: int = pydantic.Field(default=0, le=5)


KEYS: dict[str, Any] = {
    "plan": list[Step],
    "due": date,
    "notes/*": Note,
    "notes/count": int,
    "votes": dict[str, int],
}


@pytest.fixture
def board() -> Iterator[Blackboard]:
    with Runtime() as runtime:
        yield runtime.blackboard("research", KEYS, limits=BoardLimits(max_keys=3, max_value_bytes=200))


def test_a_value_comes_back_as_what_it_was_put(board: Blackboard) -> None:
    plan = [Step("read", 2), Step("write")]
    put = board.put("plan", plan, by="ada").get()
    found = board.get("plan").get()
    assert found == put
    assert found is not None
    assert (found.value, found.version, found.by) == (plan, 1, "ada")
    assert board.put("due", date(2026, 1, 2)).get().value == date(2026, 1, 2)
    assert board.put("notes/ada", Note(text="fine")).get().value == Note(text="fine")


def test_what_a_reader_does_to_its_value_is_seen_by_nobody(board: Blackboard) -> None:
    mine = {"ada": 1}
    board.put("votes", mine).get()
    mine["ada"] = 100
    first = board.get("votes").get()
    assert first is not None
    first.value["bob"] = 100
    second = board.get("votes").get()
    assert second is not None
    assert second.value == {"ada": 1}


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("plan", [Step("read"), {"title": 3}], "plan: $[1].title: expected str, got int"),
        ("plan", [{"title": "x", "hours": -1}], "plan: $[0].hours: expected int >= 0"),
        ("plan", [Step("x", hours="many")], "plan: $[0].hours: expected int, got str"),  # type: ignore[arg-type]
        ("plan", "later", "plan: $: expected array, got str"),
        (
            "notes/ada",
            {"text": "x", "stars": 6},
            "notes/ada: $.stars: input should be less than or equal to 5",
        ),
        ("notes/ada", {"txt": "x"}, "notes/ada: $.text: field required"),
        ("notes/count", {"text": "x"}, "notes/count: $: expected int, got object"),
        ("votes", {"ada": object()}, "votes: it has no JSON form: TypeError"),
        ("notes/ada", {"text": "\ud800"}, "notes/ada: it holds half of a surrogate pair"),
        (
            "notes/ada",
            {"text": "x" * 300},
            "notes/ada: it takes 311 bytes of JSON, and at most 200 are allowed",
        ),
    ],
)
def test_a_wrong_value_is_refused_where_it_is_put_and_the_error_says_where(
    board: Blackboard, key: str, value: Any, why: str
) -> None:
    with pytest.raises(BoardValueError) as caught:
        board.put(key, value)
    assert str(caught.value).startswith(why)
    assert board.entries().get() == ()


@pytest.mark.parametrize("key", ["plans", "notes/", "notes", "", "plan ", "notes/é"])
def test_a_key_that_was_not_declared_is_refused(board: Blackboard, key: str) -> None:
    for call in (board.get, board.delete, lambda key: board.put(key, 1)):
        with pytest.raises(BoardKeyError, match=r"there is no such key; there are plan, due, notes/\*"):
            call(key)


def test_more_keys_than_may_be_are_refused_and_the_others_can_still_change(board: Blackboard) -> None:
    for name in ("a", "b", "c"):
        board.put(f"notes/{name}", Note(text=name)).get()
    with pytest.raises(BoardFullError):
        board.put("notes/d", Note(text="d")).get()
    assert board.put("notes/a", Note(text="anew")).get().version == 4
    assert board.delete("notes/b").get()
    assert board.put("notes/d", Note(text="d")).get().version == 6


def test_compare_and_set_goes_by_the_version_that_was_read(board: Blackboard) -> None:
    assert board.compare_and_set("votes", {}, 0).get().version == 1
    with pytest.raises(VersionConflictError, match="votes: it has version 1 by now, and was to hold nothing"):
        board.compare_and_set("votes", {}, 0).get()
    assert board.compare_and_set("votes", {"ada": 1}, 1).get().version == 2
    assert board.delete("votes").get()
    assert not board.delete("votes").get()
    with pytest.raises(VersionConflictError) as caught:
        board.compare_and_set("votes", {}, 2).get()
    assert (caught.value.expected, caught.value.found) == (2, 0)
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args  # noqa: S301 - our own
    assert board.put("votes", {}).get().version == 4, "no version comes twice"
    with pytest.raises(VersionConflictError):
        board.delete("votes", version=1).get()
    assert board.delete("votes", version=4).get()


def test_entries_are_those_under_a_prefix_oldest_change_first(board: Blackboard) -> None:
    for key, value in (("notes/a", Note(text="a")), ("votes", {}), ("notes/b", Note(text="b"))):
        board.put(key, value).get()
    board.put("notes/a", Note(text="again")).get()
    assert [entry.key for entry in board.entries("notes/").get()] == ["notes/b", "notes/a"]
    assert [entry.version for entry in board.entries().get()] == [2, 3, 4]


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({}, "needs some"),
        ({"a b": int}, "must be letters"),
        ({"a*b": int}, "must be letters"),
        ({"": int}, "must be letters"),
        ({"a": object()}, "must be a type|has no JSON Schema"),
        ({"a": type("Odd", (), {})}, "has no JSON Schema"),
    ],
)
def test_keys_that_can_not_be(keys: dict[str, Any], why: str) -> None:
    with Runtime() as runtime, pytest.raises(ConfigError, match=why):
        runtime.blackboard("b", keys)


def test_a_board_is_made_once_and_found_by_name() -> None:
    with Runtime() as runtime:
        with pytest.raises(ConfigError, match="needs some"):
            runtime.blackboard("b")
        made = runtime.blackboard("b", {"n": int})
        made.put("n", 7).get()
        for again in (runtime.blackboard("b"), runtime.blackboard("b", {"n": int})):
            found = again.get("n").get()
            assert found is not None
            assert found.value == 7
        with pytest.raises(ConfigError, match="declared before"):
            runtime.blackboard("b", {"n": str})
        other = runtime.blackboard("c", {"n": int})
        assert other.get("n").get() is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=10,
)


@given(JSON)
def test_whatever_is_taken_comes_back_the_same(value: Any) -> None:
    key = Keys("b", {"*": Any}).find("some")
    assert key.decode(key.encode("some", value, 10**6)) == value


@given(st.floats() | JSON)
def test_what_is_not_of_the_type_is_never_taken(value: Any) -> None:
    key = Keys("b", {"*": float}).find("some")
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    try:
        made = key.decode(key.encode("some", value, 10**6))
    except BoardValueError:
        assert not fits
    else:
        assert fits
        assert made == value
