"""Connections: limits queue and never fail, and keys are seen by the endpoint alone."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Iterator

import pytest

from actors.config import Deadlines, RetryPolicy
from actors.errors import TurnCancelledError, TurnFailedError
from actors.provider import Gate, InBandError, Pause, Play, RawBody, Reset, Status
from tests.faults.stage import GOOD, KEY, WAITS, Stage

FOREVER = 1e9


@pytest.fixture
def deaf() -> Iterator[str]:
    """The base URL of a listener whose backlog is full: it drops what asks for a connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, socket.socket() as first:
        first.connect(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


@pytest.mark.parametrize("limit", [1, 2])
def test_a_limit_on_connections_queues(stage: Stage, limit: int) -> None:
    gate = Gate()
    endpoint = stage.endpoint(max_connections=limit)
    sessions = [stage.spawn(GOOD.but(Pause(after=6, gate=gate)), endpoint=endpoint) for _ in range(5)]
    handles = [session.send("Tell me a story.") for session in sessions[:limit]]
    for session in sessions[:limit]:
        stage.provider.reached(session.id)
    handles += [session.send("Tell me a story.") for session in sessions[limit:]]
    stage.settle()
    assert stage.provider.open_connections == limit
    assert len(stage.provider.requests) == limit
    gate.set()

    assert [handle.wait(5).text for handle in handles] == [GOOD.text] * 5
    assert stage.provider.open_connections <= limit
    assert [len(stage.provider.requests_of(session.id)) for session in sessions] == [1] * 5


def test_by_default_there_is_no_limit(stage: Stage) -> None:
    """Both libraries have one of 100, where nobody says otherwise."""
    gate = Gate()
    sessions = [stage.spawn(GOOD.but(Pause(after=6, gate=gate))) for _ in range(110)]
    handles = [session.send("Tell me a story.") for session in sessions]
    for session in sessions:
        stage.provider.reached(session.id)
    assert stage.provider.open_connections == 110
    gate.set()

    assert {handle.wait(5).text for handle in handles} == {GOOD.text}


def test_a_connection_that_was_closed_while_idle(stage: Stage) -> None:
    """Whether the client sees it at once or only when it writes, the turn completes."""
    session = stage.spawn()
    session.run("Tell me a story.")
    stage.assert_at_rest()
    with stage.provider.refusing():
        assert stage.provider.wait_disconnected()

    assert session.run("Again.").text == GOOD.text


def test_a_connection_that_is_not_made(moved: Stage, deaf: str) -> None:
    deadlines = Deadlines(connect=10, first_event=FOREVER, attempt=FOREVER)
    policy = RetryPolicy(backoff_ms=8, jitter="deterministic", max_retries=1)
    session = moved.spawn(endpoint=moved.endpoint(base_url=deaf), deadlines=deadlines, retry=policy)
    with session.stream("Anyone there?") as stream:
        moved.put_forward_until_done(stream, 10)
        played = moved.watch(session, stream)

    assert (played.reasons, played.waits) == (("stalled:connect",), WAITS[:1])
    assert played.failed.outcome.reason == "stalled:connect"


def test_a_connection_that_is_not_made_is_cancelled(stage: Stage, deaf: str) -> None:
    session = stage.spawn(endpoint=stage.endpoint(base_url=deaf))
    handle = session.send("Anyone there?")
    stage.settle()
    handle.cancel()

    with pytest.raises(TurnCancelledError):
        handle.wait(5)


def test_a_failed_attempt_gives_its_connection_back(stage: Stage) -> None:
    endpoint = stage.endpoint(max_connections=1)
    for _ in range(3):
        played = stage.play(Status(503), GOOD.but(Reset(after=6)), GOOD, endpoint=endpoint)
        assert (len(played.requests), played.completed.text) == (3, GOOD.text)


def test_time_in_the_queue_is_not_the_endpoints(moved: Stage) -> None:
    """A limit "queues, never errors": the first event is awaited from when the request can go."""
    gate = Gate()
    endpoint = moved.endpoint(max_connections=1)
    patient = Deadlines(idle=FOREVER, attempt=FOREVER)
    first = moved.spawn(GOOD.but(Pause(after=6, gate=gate)), endpoint=endpoint, deadlines=patient)
    second = moved.spawn(endpoint=endpoint, deadlines=Deadlines(first_event=60, attempt=90))
    running = first.send("I am here.")
    moved.provider.reached(first.id)
    with second.stream("So am I.") as stream:
        moved.put_forward(100)
        assert not stream.done.done()
        gate.set()
        played = moved.watch(second, stream)

    assert (len(played.requests), played.retries) == (1, ())
    assert running.wait(5).text == GOOD.text


PLAYS: dict[str, Play] = {
    "in a status": Status(401, message=f"Incorrect API key provided: {KEY}.", code=KEY, type=KEY),
    "in a page": RawBody(f"<p>{KEY}</p>".encode(), status=401, content_type="text/html"),
    "in an error event": GOOD.but(InBandError(message=f"bad key {KEY}", type=KEY, code=KEY, shape="event")),
    "in an error chunk": GOOD.but(InBandError(message=f"bad key {KEY}", type="invalid_api_key")),
    "in a document": RawBody(f'{{"error": "bad key {KEY}"}}'.encode(), content_type="application/json"),
    "in a redirect": Status(307, headers={"location": f"https://elsewhere.invalid/{KEY}"}),
    "in a field of the stream": GOOD.but(InBandError(message=KEY, shape="field")),
    "beside choices": GOOD.but(InBandError(message=KEY, shape="beside_choices")),
    "in a coding": RawBody(b"", headers={"content-encoding": KEY}),
}


@pytest.mark.parametrize("name", PLAYS)
def test_a_key_that_the_endpoint_repeats_is_not_passed_on(stage: Stage, name: str) -> None:
    """Endpoints do quote the key that they refuse. (`stage` looks through every event and record, after each test.)"""
    session = stage.spawn(PLAYS[name], retry=None)
    with pytest.raises(TurnFailedError) as raised:
        session.run("Tell me a story.", on_event=lambda event: stage.said.append(repr(event)))

    lines = traceback.TracebackException.from_exception(raised.value, capture_locals=True).format()
    assert KEY not in "".join(lines) + repr(raised.value) + repr(session) + repr(stage.endpoint())
    assert stage.provider.requests_of(session.id)[0].headers["authorization"] == f"Bearer {KEY}"
