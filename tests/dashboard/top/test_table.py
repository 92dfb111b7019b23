from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from actors.dashboard.top.rows.table import (
    Column,
    Part,
    Table,
    clip,
    fit,
    heading,
    lay,
    pad,
    width_of,
    wrap,
)
from tests.dashboard.top.stages import HOSTILE

TEXT = st.text(max_size=60) | st.sampled_from([HOSTILE, "\u202e" * 40, "蛙飛び込む水の音", "e\u0301" * 30])
COLUMNS = st.lists(
    st.builds(Column, title=TEXT, width=st.integers(1, 30), right=st.booleans(), grow=st.integers(0, 3),
              rank=st.integers(0, 4)),
    min_size=1, max_size=8,
)  # fmt: skip


def is_inert(parts: tuple[Part, ...]) -> bool:
    return all(text.isprintable() for text, _ in parts)


@given(COLUMNS, st.integers(1, 300), st.data())
def test_a_row_is_inert_and_exactly_as_wide_as_what_was_fitted(
    columns: list[Column], width: int, data: st.DataObject
) -> None:
    cells = [(data.draw(TEXT), "") for _ in columns]
    fitted = fit(columns, width)
    line = lay(columns, cells, fitted)  # type: ignore[arg-type]
    assert is_inert(line)
    total = sum(wide for _, wide in fitted.columns) + fitted.gap * (len(fitted.columns) - 1)
    assert width_of(line) == total
    needed = sum(column.width for column in columns if column.rank == 0) + fitted.gap * (len(columns) - 1)
    assert total <= max(width, needed, columns[0].width)


@given(COLUMNS, st.integers(1, 300))
def test_what_has_room_is_kept_in_order_and_what_must_stay_stays(columns: list[Column], width: int) -> None:
    fitted = fit(columns, width)
    kept = [index for index, _ in fitted.columns]
    assert kept == sorted(set(kept))
    assert all(wide >= columns[index].width for index, wide in fitted.columns)
    dropped = [column.rank for index, column in enumerate(columns) if index not in kept]
    assert 0 not in dropped or kept == []
    assert not dropped or min(dropped) >= max(columns[index].rank for index in kept)


@given(TEXT, st.integers(0, 80), st.booleans())
def test_a_padded_text_is_inert_and_of_its_width(text: str, width: int, right: bool) -> None:
    shown = pad(text, width, right=right)
    assert shown.isprintable()
    assert cell_len(shown) == width


@given(st.lists(st.tuples(TEXT, st.just("")), max_size=5), st.integers(0, 200))
def test_a_clipped_line_is_inert_and_of_its_width(parts: list[Part], width: int) -> None:
    line = clip(parts, width)
    assert is_inert(line)
    assert width_of(line) == width


@given(TEXT, st.integers(2, 40), st.integers(1, 4))
def test_a_wrapped_text_is_inert_and_within_its_box(text: str, width: int, most: int) -> None:
    lines = wrap(text, width, most)
    assert len(lines) <= most
    assert all(line.isprintable() and cell_len(line) <= width for line in lines)


def test_what_is_cut_off_ends_with_an_ellipsis() -> None:
    assert pad("abcdef", 4) == "abc…"
    assert wrap("abcdef" * 3, 4, 2) == ("abcd", "efa…")
    assert clip([("abc", ""), ("def", "bad")], 5) == (("abc", ""), ("d…", "bad"))


def test_the_order_is_marked_at_its_column() -> None:
    columns = (
        Column(title="who", width=5, sort="session"),
        Column(title="what", width=6, rank=1, sort="state"),
    )
    table = Table(title="", columns=columns, rows=(), empty="", sort="state")
    fitted = fit(columns, 20)
    assert heading(table, fitted)[1] == (" what▼ ", "strong")
    assert heading(msgspec.structs.replace(table, reverse=True), fitted)[1] == (" what▲ ", "strong")
    assert heading(msgspec.structs.replace(table, sort="session"), fitted)[0] == ("who▲ ", "strong")
