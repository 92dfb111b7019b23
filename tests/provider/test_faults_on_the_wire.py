"""What a client's kernel really sees: end of file, reset or silence, after the bytes that were asked for."""

from __future__ import annotations

import socket
from collections.abc import Callable

import httpx
import pytest

from actors.provider import (
    SESSION_HEADER,
    BadChunk,
    BadStatusLine,
    Delay,
    Eof,
    Fault,
    Gate,
    InBandError,
    KeepAlives,
    Pause,
    Play,
    RawBody,
    Redirect,
    Reply,
    Reset,
    ScriptedProvider,
    Stall,
    Status,
)

Connect = Callable[..., socket.socket]

STORY = Reply("The play's the thing", delta_chars=4)
FIRST, SECOND, LAST = b'"The "', b'"play"', b'"hing"'
POST = (
    b'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 27\r\n\r\n{"model":"m","messages":[]}'
)
ASK = {"model": "m", "messages": [], "stream": True}


def read(raw: socket.socket) -> tuple[bytes, str]:
    """Everything up to the end, and which end it was."""
    received = bytearray()
    try:
        while data := raw.recv(65536):
            received += data
    except ConnectionResetError:
        return bytes(received), "reset"
    return bytes(received), "eof"


def read_until(raw: socket.socket, end: bytes) -> bytes:
    received = bytearray()
    while not received.endswith(end):
        data = raw.recv(65536)
        assert data, f"the connection ended after {received!r}"
        received += data
    return bytes(received)


def assert_silent(raw: socket.socket) -> None:
    raw.setblocking(False)
    with pytest.raises(BlockingIOError):
        raw.recv(1)
    raw.setblocking(True)


@pytest.mark.parametrize(
    ("play", "end", "present", "absent"),
    [
        pytest.param(STORY.but(Reset(after=1)), "reset", FIRST, SECOND, id="reset after a delta"),
        pytest.param(
            STORY.but(Reset(after="after_headers")), "reset", b" 200 OK", b"data:", id="reset after headers"
        ),
        pytest.param(STORY.but(Eof(after=1)), "eof", b"\r\n0\r\n\r\n", SECOND, id="early end, terminated"),
        pytest.param(
            STORY.but(Eof(after=1, terminated=False)), "eof", FIRST, b"\r\n0\r\n", id="early end, bare"
        ),
        pytest.param(
            Reply("The play's", delta_chars=4, framing="close", faults=(Eof(after=1),)),
            "eof",
            FIRST,
            SECOND,
            id="early end of a body that the connection ends",
        ),
        pytest.param(STORY.but(InBandError(after=1)), "eof", b"overloaded_error", SECOND, id="in-band error"),
        pytest.param(STORY.but(BadChunk(after=1)), "eof", b"\r\nzz\r\n", SECOND, id="bad chunk header"),
        pytest.param(BadStatusLine(), "eof", b"HTTP/9 what\r\n\r\n", b"200", id="bad status line"),
        pytest.param(
            STORY.but(Eof(after="at_end", terminated=False)), "eof", b"[DONE]", b"\r\n0\r\n", id="late FIN"
        ),
        pytest.param(RawBody(b"data: x", ending="reset"), "reset", b"data: x", b"\r\n0\r\n", id="raw, reset"),
        pytest.param(RawBody(b"data: x", ending="eof"), "eof", b"data: x", b"\r\n0\r\n", id="raw, bare FIN"),
        pytest.param(RawBody.html(), "eof", b"<!DOCTYPE html>", b"event-stream", id="an HTML page"),
        pytest.param(
            STORY.but(Delay(seconds=0.01, after=1)), "eof", LAST, b"error", id="a delay only delays"
        ),
        pytest.param(
            STORY.but(KeepAlives(times=2, every_s=0.01)), "eof", LAST, b"error", id="comments, then all"
        ),
    ],
)
def test_the_wire_ends_as_the_fault_says(
    provider: ScriptedProvider, send: Connect, play: Play, end: str, present: bytes, absent: bytes
) -> None:
    provider.script("k", play)
    received, ended = read(send("k"))
    assert ended == end
    assert present in received
    assert absent not in received


@pytest.mark.parametrize("fault", [Reset(after="before_headers"), Eof(after="before_headers")])
def test_a_connection_can_end_before_the_headers(
    provider: ScriptedProvider, send: Connect, fault: Reset | Eof
) -> None:
    provider.script("k", fault)
    assert read(send("k")) == (b"", "reset" if isinstance(fault, Reset) else "eof")


@pytest.mark.parametrize("stream", [True, False])
def test_a_reset_cuts_whole_replies_too(provider: ScriptedProvider, send: Connect, *, stream: bool) -> None:
    provider.script("k", STORY.but(Reset(after=1)))
    received, ended = read(send("k", stream=stream))
    assert ended == "reset"
    assert (FIRST in received) is stream


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        (Stall(after="after_headers"), b"\r\n\r\n"),
        (Stall(after=1), FIRST + b'},"logprobs":null,"finish_reason":null}]}\n\n\r\n'),
        (Stall(after="after_finish"), b'"finish_reason":"stop"}]}\n\n\r\n'),
        (Stall(after="at_end"), b"data: [DONE]\n\n\r\n"),
    ],
)
def test_a_stalled_reply_keeps_the_socket_open_and_silent(
    provider: ScriptedProvider, send: Connect, fault: Stall, sent: bytes
) -> None:
    provider.script("k", STORY.but(fault))
    raw = send("k")
    read_until(raw, sent)
    assert provider.reached("k").outcome == "held"
    assert_silent(raw)
    raw.close()
    assert provider.wait_served("k").outcome == "client_gone"


def test_a_stall_before_the_headers_says_nothing_at_all(provider: ScriptedProvider, send: Connect) -> None:
    provider.script("k", Stall(after="before_headers"))
    raw = send("k")
    assert provider.reached("k").outcome == "held"
    assert_silent(raw)


def test_keep_alives_go_on_until_the_client_goes(provider: ScriptedProvider, send: Connect) -> None:
    provider.script("k", STORY.but(KeepAlives(after=1, every_s=0.001)))
    raw = send("k")
    received = b""
    while received.count(b": keep-alive\n\n") < 5:
        received += raw.recv(65536)
    assert SECOND not in received
    raw.close()
    assert provider.wait_served("k").outcome == "client_gone"


def test_a_paused_reply_goes_on_when_the_gate_opens(provider: ScriptedProvider, send: Connect) -> None:
    first, second = Gate(), Gate()
    provider.script("k", STORY.but(Pause(gate=first, after=1), Pause(gate=second, after=2)))
    raw = send("k")
    first.wait_reached()
    read_until(raw, FIRST + b'},"logprobs":null,"finish_reason":null}]}\n\n\r\n')
    assert_silent(raw)
    assert not second.is_set()
    first.set()
    second.wait_reached()
    read_until(raw, SECOND + b'},"logprobs":null,"finish_reason":null}]}\n\n\r\n')
    second.set()
    assert LAST in read(raw)[0]
    assert provider.wait_served("k").outcome == "completed"


def test_an_open_gate_holds_nothing(provider: ScriptedProvider, client: httpx.Client) -> None:
    gate = Gate()
    gate.set()
    gate.set()
    provider.script("m", STORY.but(Pause(gate=gate, after=1)))
    assert b"[DONE]" in client.post("chat/completions", json=ASK).content


def test_a_gate_opened_after_the_client_or_the_provider_went_is_no_error() -> None:
    gate = Gate()
    with ScriptedProvider(default=Pause(gate=gate)) as other:
        port = int(other.base_url.split(":")[2].split("/")[0])
        raw = socket.create_connection(("127.0.0.1", port), timeout=30)
        raw.sendall(POST)
        other.reached("m")
        raw.close()
        other.wait_served("m")
    gate.set()


def test_slices_arrive_as_they_are(provider: ScriptedProvider, client: httpx.Client) -> None:
    recorded = 'data: {"é\u2028": 1}\r\n\r\n'.encode() * 3
    provider.script("m", RawBody(recorded, slice=1), RawBody(recorded, slice=7, framing="length"))
    for _ in range(2):
        assert client.post("chat/completions", json=ASK).content == recorded


def test_a_status_has_its_headers_and_its_error(provider: ScriptedProvider, client: httpx.Client) -> None:
    provider.script(
        "m", Status(429, headers={"Retry-After": "1"}, message="slow", type="t", code="c", param="p")
    )
    response = client.post("chat/completions", json=ASK)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "1"
    assert response.json() == {"error": {"message": "slow", "type": "t", "param": "p", "code": "c"}}


@pytest.mark.parametrize("follow", [True, False])
def test_a_redirect_points_elsewhere_and_is_noticed_if_followed(
    provider: ScriptedProvider, *, follow: bool
) -> None:
    provider.script("k", Redirect(308))
    with httpx.Client(trust_env=False, follow_redirects=follow) as plain:
        response = plain.post(
            f"{provider.base_url}/chat/completions", json=ASK, headers={SESSION_HEADER: "k"}
        )
    assert response.status_code == (421 if follow else 308)
    assert [request.key for request in provider.followed] == (["k"] if follow else [])
    assert len(provider.requests_of("k")) == 1
    location = response.request.url if follow else httpx.URL(response.headers["location"])
    assert location.path == "/v1/chat/completions"
    assert location.port != httpx.URL(provider.base_url).port


def test_a_slow_client_slows_the_reply_and_loses_nothing(provider: ScriptedProvider, send: Connect) -> None:
    size = 32 * 1024 * 1024  # more than the kernel buffers
    provider.script("k", RawBody(b"x" * size))
    raw = send("k")
    head = raw.recv(1024)
    assert provider.wait_request("k").outcome == "serving"
    rest, ended = read(raw)
    assert ended == "eof"
    assert (head + rest).partition(b"\r\n\r\n")[2].count(b"x") == size
    assert provider.wait_served("k").outcome == "completed"


@pytest.mark.parametrize("play", [RawBody(b"x" * 32 * 1024 * 1024), Reply("y" * 2_000_000, delta_chars=8)])
def test_a_client_that_goes_in_mid_stream_ends_the_serving(
    provider: ScriptedProvider, send: Connect, play: Play
) -> None:
    provider.script("k", play)
    raw = send("k")
    raw.recv(1024)
    raw.close()
    assert provider.wait_served("k").outcome == "client_gone"
    assert provider.wait_disconnected()


@pytest.mark.parametrize("fault", [Eof(after=1, terminated=False), Reset(after=1), Stall(after=1)])
def test_what_a_fault_leaves_is_recorded(provider: ScriptedProvider, send: Connect, fault: Fault) -> None:
    provider.script("k", STORY.but(fault))
    send("k")
    assert provider.reached("k").outcome == ("held" if isinstance(fault, Stall) else "fault")
