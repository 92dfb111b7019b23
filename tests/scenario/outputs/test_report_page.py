"""The page: it stands alone, nothing in it acts, and its plots show what was."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.plots import svg
from actors.scenario.outputs import plots, report_html
from actors.scenario.outputs.looks import LOOKS
from actors.scenario.table import Table
from tests.scenario.laws.histories import Teller, histories, rich
from tests.scenario.outputs.reports import NASTY, broken_report, chronicle_of, report_of

VOID = {"meta", "br", "link", "img"}
SHAPES = re.compile(r'<(rect|line|text)((?: [\w-]+="[^"]*")+)')
ATTRIBUTE = re.compile(r' ([\w-]+)="([^"]*)"')


class Page(HTMLParser):
    """Holds what a browser would see, and checks that each element ends where it should."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.said = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def thousand() -> list[Teller]:
    return [_evening(f"player-{number}") for number in range(1000)]


def _evening(name: str) -> Teller:
    told = Teller(name)
    for _ in range(3):
        told.begin_turn()
        told.begin_step()
        told.say("a line")
        told.fail_attempt()
        told.fail_attempt()
        told.finish_step()
        told.complete()
    told.close()
    return told


def test_it_stands_alone_and_nothing_in_it_acts() -> None:
    told = rich()
    page = Page(report_html(broken_report(told.events), chronicle_of(told.events)))
    assert not {"script", "link", "img", "iframe", "object", "use", "image"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in {"src", "href"}]
    assert "@import" not in page.said
    assert "url(" not in page.said
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_what_it_quotes_is_inert() -> None:
    told = rich()
    table = Table(title=NASTY, columns=(NASTY, NASTY), rows=((NASTY, NASTY),), note=NASTY)
    report = msgspec.structs.replace(broken_report(told.events), tables=(table,))
    html = report_html(report, chronicle_of(Teller(NASTY).events))
    page = Page(html)
    assert "<script>alert(1)</script>" in page.said
    assert not re.search("[\x00\x1b\u202e]", html)


@given(st.text())
def test_any_text_is_shown_and_not_obeyed(text: str) -> None:
    (cell,) = re.findall(r">(.*)</text>", svg.text(0, 0, text))
    assert not set("<>\"'") & set(cell)
    assert Page(f"<p>{svg.escape(text)}</p>").tags == ["p"]


def test_it_says_the_verdict_the_bill_and_the_command() -> None:
    told = rich()
    said = Page(report_html(report_of(told.events), chronicle_of(told.events))).said
    for words in ("passed: everything is as the script says", "wire", "greenroom run night.py --seed 3"):
        assert words in said
    assert "What did not hold" not in said


def test_it_tells_what_did_not_hold_with_what_happened_there() -> None:
    told = rich()
    page = Page(report_html(broken_report(told.events), chronicle_of(told.events)))
    for words in ("What did not hold", "the run: a law is broken", "0.1 s  begins", "as in"):
        assert words in page.said
    assert page.tags.count("details") == 1


def test_what_the_script_raised_is_told() -> None:
    said = Page(report_html(report_of(ending="failed"), chronicle_of([]))).said
    assert "What the script raised" in said
    assert "line one" in said


def test_a_thousand_sessions_make_a_page_of_bounded_size_that_says_what_it_leaves_out() -> None:
    events = [event for told in thousand() for event in told.events]
    html = report_html(report_of(events), chronicle_of(events))
    assert len(html.encode()) < 500_000
    assert "40 of 1,000 sessions" in Page(html).said


def test_a_session_of_very_many_attempts_is_cut_and_says_so() -> None:
    told = Teller()
    for _ in range(plots.PER_ROW + 1):
        told.begin_turn()
        told.begin_step()
        told.finish_step()
        told.complete()
    html = report_html(report_of(told.events), chronicle_of(told.events))
    assert f"the first {plots.PER_ROW} attempts of each" in html
    assert html.count('class="c-complete"') == plots.PER_ROW


def test_sessions_in_which_something_did_not_hold_are_drawn() -> None:
    chronicle = chronicle_of(event for told in thousand() for event in told.events)
    chosen = plots.chosen_sessions(chronicle, ["player-777", "nobody"])
    assert "player-777" in chosen
    assert len(chosen) == len(set(chosen)) == plots.ROWS
    assert chosen == sorted(chosen, key=lambda name: int(name.removeprefix("player-")))


def test_how_an_attempt_ended_is_said_by_colour_letter_and_words() -> None:
    told = rich()
    chronicle = chronicle_of(told.events)
    ended = [span.kind for span in chronicle.spans["ada"]]
    assert ended == ["truncated", "stalled", "complete", "complete", "http_error", "transport"]
    drawn = plots.attempts(chronicle, ["ada"])
    assert re.findall(r'class="letter"[^>]*>(\w)<', drawn) == ["T", "S", "H", "N"]
    assert [(letter, words, count) for _, letter, words, count in plots.legend(chronicle)] == [
        ("", "complete", 2),
        ("T", "truncated", 1),
        ("S", "stalled", 1),
        ("N", "transport (network)", 1),
        ("H", "http error", 1),
    ]
    assert "ada, turn 2, step 1" not in drawn
    assert "ada, turn 3, step 1, attempt 1: http_error:429" in drawn


def test_no_two_outcomes_look_the_same() -> None:
    looks = LOOKS.values()
    assert len({look.css for look in looks}) == len({look.letter for look in looks}) == len(looks)


def test_retries_are_stacked_by_why() -> None:
    chronicle = chronicle_of(rich().events)
    assert plots.retries(chronicle).count("<rect") == 3
    assert [(letter, words, count) for _, letter, words, count in plots.retry_legend(chronicle)] == [
        ("T", "truncated", 1),
        ("S", "stalled: 1 idle", 1),
        ("H", "http error: 1 429", 1),
    ]


@given(histories())
def test_everything_is_drawn_within_its_drawing(told: Teller) -> None:
    chronicle = chronicle_of(told.events)
    drawn = [plots.attempts(chronicle, list(chronicle.spans))] if chronicle.spans else []
    drawn += [plots.retries(chronicle)] if chronicle.retries else []
    drawn += [plots.distribution(chronicle.turns, "turns")] if chronicle.turns else []
    for one in drawn:
        width, height = map(float, re.findall(r'viewBox="0 0 (\S+) (\S+)"', one)[0])
        for _, attributes in SHAPES.findall(one):
            place = dict(ATTRIBUTE.findall(attributes))
            for axis, most in (("x", width), ("y", height)):
                assert all(0 <= float(place.get(axis + end, 0)) <= most for end in ("", "1", "2"))
            assert float(place.get("x", 0)) + float(place.get("width", 0)) <= width


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=600))
def test_a_distribution_rises_from_nothing_to_all(values: list[float]) -> None:
    points = re.findall(r'<path d="M([^"]*)" class="curve"', plots.distribution(values, "x"))[0].split(" L")
    places = [tuple(map(float, point.split())) for point in points]
    assert places == sorted(places, key=lambda place: (place[0], -place[1]))
    assert places[0][1] == 164.0
    assert places[-1][1] == 14.0
    assert len(places) <= 2 * plots.POINTS + 4


@pytest.mark.parametrize(
    ("values", "said"),
    [([0.1], ["p50 0.1 s", "p95 0.1 s", "p99 0.1 s"]), (range(1, 101), ["p50 50 s", "p95 95 s", "p99 99 s"])],
)
def test_the_ranks_are_measured_values(values: Sequence[float], said: list[str]) -> None:
    drawn = plots.distribution([float(value) for value in values], "x")
    assert re.findall(r'class="rank-label"[^>]*>([^<]*)<', drawn) == said


@given(st.floats(1e-3, 1e6), st.integers(3, 8))
def test_an_axis_has_few_round_ticks_from_0_on(high: float, count: int) -> None:
    found = list(svg.ticks(high, count))
    assert found[0] == 0
    assert 2 <= len(found) <= count + 1
    assert found[-1] <= high * 1.000001


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0 s"),
        (0.004, "4 ms"),
        (0.25, "0.25 s"),
        (1.5, "1.5 s"),
        (90, "90 s"),
        (599, "599 s"),
        (3600, "60 min"),
    ],
)
def test_a_duration_is_said_shortly(value: float, said: str) -> None:
    assert svg.seconds(value) == said
