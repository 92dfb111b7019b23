from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.chat.tame import tame

TEXT = st.text(st.characters(codec=None, categories=None) | st.sampled_from("\r\n\t\x1b\x9b\u202e\u200d"))


@given(TEXT)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    left = tame(text).replace("\u200c", "").replace("\u200d", "")
    categories = {unicodedata.category(char) for char in left if char not in "\n\t"}
    assert categories.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    left.encode()


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]) | st.sampled_from("\n\t")))
def test_what_people_write_is_left_as_it_is(text: str) -> None:
    assert tame(text) == text


@given(TEXT)
def test_it_changes_nothing_the_second_time(text: str) -> None:
    assert tame(tame(text)) == tame(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\r\nb", "a\nb"),
        ("a\rb", "a\\rb"),
        ("un\u202fdeux\u3000三", "un\u202fdeux\u3000三"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("\udc80", "\\udc80"),
        ("a\u2028b", "a\\u2028b"),
    ],
)
def test_it_shows(text: str, shown: str) -> None:
    assert tame(text) == shown
