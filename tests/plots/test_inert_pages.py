from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from actors.plots import svg
from actors.plots.page import figure, page, pairs, section, table
from actors.plots.style import CSS

TEXT = st.text() | st.sampled_from(["<script>", "'\"&", "]]>", "--><b>", "\u202e\x1b[2J", "{%}"])


class Reading(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}


def drawn(said: str) -> Reading:
    shapes = [svg.text(1, 2, said), svg.rect(0, 0, 1, 1, "c-complete", said)]
    return Reading(
        page(
            said,
            [
                *section(said, pairs([(said, said)])),
                *table([said], [[said, said]]),
                *figure(svg.drawing(1, 1, said, shapes), said),
            ],
        )
    )


@given(TEXT)
def test_no_text_is_markup(said: str) -> None:
    plain = drawn("plain")
    reading = drawn(said)
    assert [tag for tag in reading.tags if tag != "title"] == [tag for tag in plain.tags if tag != "title"]
    assert reading.names == plain.names


@given(TEXT)
def test_escaped_text_is_inert(said: str) -> None:
    assert svg.escape(said).isprintable()


def test_a_page_is_for_light_and_dark_and_loads_nothing() -> None:
    assert "prefers-color-scheme:dark" in CSS
    assert "url(" not in CSS
    assert "@import" not in CSS


@given(st.floats(0, 1e9), st.integers(3, 10))
def test_ticks_are_round_and_few(high: float, count: int) -> None:
    ticks = list(svg.ticks(high, count))
    assert ticks[0] == 0
    assert ticks == sorted(ticks)
    assert ticks[-1] <= high * (1 + 1e-6)
    assert len(ticks) <= count + 2
