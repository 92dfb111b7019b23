from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from actors.mcp.naming import names_of

WORDS = st.text(st.characters(codec=None), max_size=80) | st.text("ab_/ ", max_size=4)


@given(st.text("fé _", max_size=70), st.sets(WORDS, max_size=12))
def test_every_tool_has_a_name_of_its_own_that_endpoints_take(prefix: str, tools: set[str]) -> None:
    names = names_of(prefix, tools)
    assert names.keys() == tools
    assert len(set(names.values())) == len(tools)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in names.values())


@given(st.lists(WORDS, unique=True, max_size=12))
def test_a_name_does_not_depend_on_the_order(tools: list[str]) -> None:
    assert names_of("files", tools) == names_of("files", reversed(tools))


def test_a_plain_name_stays_as_it_is() -> None:
    assert names_of("files", ["read_file"]) == {"read_file": "files__read_file"}
    assert names_of("", ["read_file"]) == {"read_file": "read_file"}
