from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.log.encode import to_line
from actors.log.format import DETAILS, LEVEL_STYLES, UNTOLD, Format, inert, plain
from actors.log.schema import EXCEPTION_FIELDS, FIELDS, LEVELS, STAMPED

STAMP = {"timestamp": "2025-01-31T12:34:56.789012Z", "level": "INFO", "event.name": "actors.turn.completed"}


def shown(**fields: Any) -> str:
    return plain(Format().parts(msgspec.json.encode({**STAMP, **fields})))


def test_a_record_is_one_aligned_line() -> None:
    place = {"session.turn": 1, "session.step": 2, "request.attempt": 3}
    first = shown(message="Done", **{"gen_ai.conversation.id": "s-1"}, **place, outcome="complete")
    second = shown(message="Stats", **{"runtime.sessions.idle": 3})
    assert first == (
        "01-31 12:34:56.789  INFO      turn.completed           s-1           1/2/3    Done  outcome=complete"
    )
    assert second.index("Stats") == first.index("Done")
    assert second.endswith("Stats  sessions.idle=3")


def test_children_are_indented_below_their_parent_while_they_live() -> None:
    layout = Format()
    began = shown(message="m", **{"gen_ai.conversation.id": "name"}).index("name")

    def depth_of(session: str, event: str = "turn.started", run: str = "r", **fields: str) -> int:
        told = {"event.name": f"actors.{event}", "gen_ai.conversation.id": session, "run.id": run, **fields}
        return plain(layout.parts(msgspec.json.encode({**STAMP, **told}))).index(session) - began

    assert depth_of("root", "session.started") == 0
    assert depth_of("child", "session.started", **{"session.parent": "root"}) == 2
    assert depth_of("leaf", "session.started", **{"session.parent": "child"}) == 4
    assert [depth_of("root"), depth_of("child"), depth_of("leaf"), depth_of("leaf", run="other")] == [
        0,
        2,
        4,
        0,
    ]
    assert depth_of("leaf", "session.ended") == 4
    assert depth_of("leaf", "session.started") == 0


def test_telling_details_come_first_and_are_rendered() -> None:
    line = shown(
        message="m",
        **{
            "zeta": [1, {"a": None}],
            "gen_ai.usage.output_tokens": 9,
            "gen_ai.usage.input_tokens": 3,
            "gen_ai.response.finish_reasons": ["stop", "length"],
            "duration": 1.23456,
            "retry.delay": 2,
            "runtime.rss": 3 * 2**20,
            "outcome": "http_error:429",
            "error.type": None,
        },
    )
    assert line.split("  ")[-8:] == [
        "outcome=http_error:429",
        "retry_in=2s",
        "duration=1.235s",
        "finish=stop,length",
        "in=3",
        "out=9",
        "rss=3.0MiB",
        'zeta=[1,{"a":null}]',
    ]


def test_what_is_for_programs_is_not_told() -> None:
    line = shown(
        message="m", **{"run.id": "r", "request.id": "q", "exception.stacktrace": "Traceback\n", "seq": 5}
    )
    assert line.endswith("  m")


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"session.turn": 1}, "1"),
        ({"session.turn": 1, "session.step": 2}, "1/2"),
        ({"session.turn": 1, "request.attempt": 3}, "1/-/3"),
        ({"request.attempt": 3}, "-/-/3"),
        ({}, ""),
    ],
)
def test_a_place_goes_as_far_as_the_record(fields: dict[str, int], place: str) -> None:
    assert shown(message="m", **fields).endswith(f"  {place:<7}  m")


def test_long_details_are_clipped_and_messages_are_not() -> None:
    assert shown(message="x" * 999, **{"error.message": "y" * 999}).count("x") == 999
    assert shown(message="", **{"error.message": "y" * 999}).endswith("y" * 200 + "…")


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"message": "\\ud800"}', b"\0" * 9, b"[" * 100_000]
)
def test_what_is_no_record_is_shown_as_such(line: bytes) -> None:
    text = plain(Format().parts(line))
    assert text.startswith("no record:")
    assert text.isprintable()
    assert len(text) < 300


def test_warnings_and_errors_stand_out() -> None:
    def style_of(level: str) -> str:
        parts = Format().parts(msgspec.json.encode({**STAMP, "level": level, "message": "m"}))
        return next(style for text, style in parts if text == "m")

    assert [style_of(level) for level in LEVELS] == ["", "", "", "", "yellow", "red", "bold red"]
    assert set(LEVEL_STYLES) == set(LEVELS)


def test_the_tables_speak_of_the_schema_s_fields() -> None:
    known = {*STAMPED, *FIELDS.values(), *EXCEPTION_FIELDS}
    assert set(DETAILS) <= known
    assert known >= UNTOLD
    assert not UNTOLD & set(DETAILS)


NAMES = st.sampled_from([*STAMPED, *FIELDS.values(), *EXCEPTION_FIELDS, "new\x1b[31m"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_any_record_is_one_inert_line(record: dict[str, Any]) -> None:
    text = plain(Format().parts(to_line(record)))
    assert text.isprintable()
    assert not text.startswith("no record:")


@given(st.binary())
def test_any_line_is_one_inert_line(line: bytes) -> None:
    assert plain(Format().parts(line)).isprintable()


@given(st.text())
def test_inert_text_can_be_read_back(text: str) -> None:
    # Backslashes stay as they are, so this holds where there is none.
    shown_text = inert(text)
    assert shown_text.isprintable()
    if "\\" not in text:
        back = shown_text.encode("latin-1", "backslashreplace").decode("unicode_escape")
        assert back == text


@pytest.mark.parametrize(
    "text", ["\x1b]0;title\x07", "\r", "\n", "\x9b31m", "\u202e", "\u2028", "\x7f", "\u200b"]
)
def test_nothing_reaches_the_terminal_that_it_would_obey(text: str) -> None:
    assert text not in shown(
        message=f"a{text}b", **{"outcome": text, text: 1, "level": text, "timestamp": text}
    )
