from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.core.bodies import overlay

VALUES = st.recursive(st.none() | st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner))
BODIES = st.dictionaries(st.sampled_from("abc"), VALUES)


def test_objects_merge_and_everything_else_replaces() -> None:
    below = {"a": 1, "o": {"x": 1, "y": [1]}, "gone": {"x": 1}}
    above = {"o": {"y": [2], "z": None}, "gone": None}
    assert overlay(below, above) == {"a": 1, "o": {"x": 1, "y": [2], "z": None}, "gone": None}


@given(BODIES, BODIES)
def test_neither_is_changed_and_the_upper_one_says_the_same_twice(
    below: dict[str, Any], above: dict[str, Any]
) -> None:
    before = copy.deepcopy((below, above))
    merged = overlay(below, above)
    assert (below, above) == before
    assert overlay(merged, above) == merged
    assert overlay({}, merged) == overlay(merged, {}) == merged
    assert set(merged) == {*below, *above}
