from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.sse import ServerSentEvent, SSEDecoder
from actors.errors import ProtocolViolation

LARGE = 1 << 20
Events = list[ServerSentEvent]


def decode(pieces: list[bytes], limit: int = LARGE) -> tuple[Events, str | None]:
    """All events, the one that was cut off included, and the violation that ended them."""
    decoder, events = SSEDecoder(limit), []
    try:
        for piece in pieces:
            events += decoder.feed(piece)
        last = decoder.eof()
    except ProtocolViolation as violation:
        return events, violation.kind
    return events + ([last] if last is not None else []), None


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


def datas(body: bytes) -> list[bytes]:
    return [event.data for event in decode([body])[0]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # The examples of WHATWG HTML 9.2.6.
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [b"YHOO\n+2\n10"]),
        (b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
         [b"first event", b"second event", b" third event"]),
        (b"data\n\ndata\ndata\n\n", [b"", b"\n"]),
        (b"data:test\n\ndata: test\n\n", [b"test", b"test"]),
        # Line ends, alone and mixed.
        (b"data: a\r\rdata: b\r\n\r\ndata: c\n\n", [b"a", b"b", b"c"]),
        (b"data: a\r\ndata: b\rdata: c\ndata: d\r\n\r\n", [b"a\nb\nc\nd"]),
        (b"\n\n\ndata: a\n\n\n\n\ndata: b\n\n\n", [b"a", b"b"]),
        # A BOM at the start only.
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [b"a"]),
        (b"\xef\xbb", []),
        # What is no field of the format, and fields without data.
        (b" data: a\n\ndatax: b\n\nid: 1\nretry: 5\n\nevent: x\n\ndata: c\n\n", [b"c"]),
        # Other characters that end lines elsewhere do not end one here.
        ("data: a\u2028b\x85c\x0bd\x0ce\n\n".encode(), ["a\u2028b\x85c\x0bd\x0ce".encode()]),
    ],
)  # fmt: skip
def test_reads_streams_as_the_standard_says(body: bytes, expected: list[bytes]) -> None:
    assert datas(body) == expected


def test_an_event_has_a_type() -> None:
    events, _ = decode([b"event: error\ndata: x\n\ndata: y\n\nevent: a\nevent: b\ndata: z\n\n"])
    assert [(event.event, event.data) for event in events] == [("error", b"x"), ("", b"y"), ("b", b"z")]


def test_an_error_field_is_an_event_of_that_type() -> None:
    assert decode([b'error: {"code": 500}\n\n'])[0] == [ServerSentEvent(b'{"code": 500}', "error")]


@pytest.mark.parametrize("body", [b"data: a", b"data: a\n", b"data: a\r", b"data: a\r\n"])
def test_the_event_that_the_end_cuts_off_is_given_at_the_end(body: bytes) -> None:
    decoder = SSEDecoder(LARGE)
    assert decoder.feed(body) == []
    assert decoder.eof() == ServerSentEvent(b"a")


def test_an_event_is_given_as_soon_as_its_blank_line_begins() -> None:
    decoder = SSEDecoder(LARGE)
    assert decoder.feed(b"data: a\r\n\r") == [ServerSentEvent(b"a")]
    assert decoder.feed(b"\ndata: b\n\n") == [ServerSentEvent(b"b")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"<html>\n\n", False), (b"", False), (b": hello\n", True), (b"data: x\n\n", True), (b"id: 1\n\n", True),
     (b" data: x\n\n", False)],
)  # fmt: skip
def test_knows_whether_it_met_anything_of_the_format(body: bytes, *, expected: bool) -> None:
    decoder = SSEDecoder(LARGE)
    decoder.feed(body)
    assert decoder.recognised is expected


lines = st.sampled_from([
    b"data: one", b"data:two", b"data: caf\xc3\xa9", b"data", b"data:", b": comment", b"event: error",
    b"event:", b"id: 7", b"retry: 10", b"error: oops", b"nonsense", b" data: no", b"", b"", b"\xef\xbb\xbf",
    b"data: \xf0\x9f\x98\x80",
])  # fmt: skip
bodies = st.lists(st.tuples(lines, st.sampled_from([b"\n", b"\r\n", b"\r"])), max_size=25).map(
    lambda parts: b"".join(line + end for line, end in parts)
)
cuts = st.lists(st.integers(0, 400), max_size=12)


@given(
    st.booleans(), bodies, st.sampled_from([b"", b"data: tail", b"da", b"\xef\xbb"]), cuts, st.integers(1, 60)
)
def test_any_split_gives_the_same_events_and_the_same_violation(
    bom: bool, body: bytes, tail: bytes, at: list[int], limit: int
) -> None:
    body = (b"\xef\xbb\xbf" if bom else b"") + body + tail
    for bound in (LARGE, limit):
        whole = decode([body], bound)
        assert decode(split(body, at), bound) == whole
        assert decode([body[i : i + 1] for i in range(len(body))], bound) == whole


def test_what_came_before_a_violation_is_given_first() -> None:
    decoder = SSEDecoder(10)
    assert decoder.feed(b"data: a\n\ndata: 0123456789\n\ndata: b\n\n") == [ServerSentEvent(b"a")]
    assert decoder.violation is not None
    for call in (lambda: decoder.feed(b"x"), decoder.eof):
        with pytest.raises(ProtocolViolation, match="larger than 10 bytes") as caught:
            call()
        assert caught.value.kind == "limit"


@pytest.mark.parametrize("flood", [b"x", b"data: x\n", b"junk\n", b": x"])
def test_an_event_without_end_is_refused_before_it_fills_the_memory(flood: bytes) -> None:
    decoder = SSEDecoder(1000)
    refused = 0
    for _ in range(1001):
        try:
            decoder.feed(flood)
        except ProtocolViolation:
            refused += 1
    assert refused > 0
    assert decoder._line == []
    assert decoder._data is None


def test_keep_alives_without_end_take_no_memory() -> None:
    decoder = SSEDecoder(100)
    for _ in range(1000):
        assert decoder.feed(b": keep-alive\n") == []
    assert decoder.feed(b"data: x\n\n") == [ServerSentEvent(b"x")]
