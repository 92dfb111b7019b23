"""What the provider says it has written, against what a client could read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.provider import Call, Eof, Play, RawBody, Reply, Reset, Stall, Status
from actors.provider.actions import Action, Send
from actors.provider.chunks import Asked
from actors.provider.render import render
from actors.provider.served import Served, watched
from actors.provider.toxics import limit_data

ASKED = Asked(stream=True, include_usage=True, model="m", response_id="r", elsewhere="http://e/")
CALLS = Reply("Look.", thoughts="Hm.", tool_calls=(Call("look", '{"finish_reason": "stop"}'),))


def served(actions: list[Action]) -> Served:
    noted = [Served()]
    assert list(watched(iter(actions), noted.append)) == actions
    return noted[-1]


def sliced(actions: list[Action], size: int) -> list[Action]:
    out: list[Action] = []
    for action in actions:
        if isinstance(action, Send):
            out += [Send(action.data[at : at + size]) for at in range(0, len(action.data), size)]
        else:
            out.append(action)
    return out


@pytest.mark.parametrize(
    ("play", "finished"),
    [
        (CALLS, True),
        (CALLS.but(Reset(after="in_tool_call")), False),
        (CALLS.but(Eof(after=3)), False),
        (CALLS.but(Stall(after="after_headers")), False),
        (CALLS.but(Reset(after="after_finish")), True),
        (Reply("no finish reason", finish=None), True),
        (Reply("no end", finish=None, done=False), False),
        (Reply('data: [DONE] "finish_reason": "stop"\ndata: [DONE]', finish=None, done=False), False),
        (RawBody(b'data: {"choices":[{"finish_reason" : "stop"}]}\n\n'), True),
        (RawBody(b'{"choices":[]}', content_type="application/json"), None),
        (RawBody.html(), False),
        (Status(503), None),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_whether_a_finish_was_written(play: Play, finished: bool | None, size: int) -> None:
    assert served(sliced(list(render(play, ASKED)), size)).finished is finished


def test_headers_are_those_of_the_response() -> None:
    headers = served(list(render(Status(429, {"Retry-After-Ms": "900"}), ASKED))).headers
    assert headers["retry-after-ms"] == "900"
    assert headers["content-type"] == "application/json"


@given(st.integers(0, 2000))
def test_what_a_toxic_cuts_off_was_not_written(size: int) -> None:
    actions = list(render(CALLS, ASKED))
    whole = b"".join(action.data for action in actions if isinstance(action, Send))
    cut = list(limit_data(bytes=size).over(iter(actions), rng=None))  # type: ignore[arg-type]  # it draws no lots
    marker = whole.index(b'"finish_reason":"') + len(b'"finish_reason":"')
    assert served(cut).finished is (size >= marker)
