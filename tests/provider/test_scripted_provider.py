from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable

import httpx
import pytest

from actors.config import Endpoint
from actors.errors import UsageError
from actors.provider import SESSION_HEADER, Gate, Pause, Reply, ScriptedProvider, Stall, Status
from actors.provider.desk import MAX_BODY

Connect = Callable[..., socket.socket]

POST = (
    b'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 27\r\n\r\n{"model":"m","messages":[]}'
)
ASK = {"model": "m", "messages": []}


def text(client: httpx.Client, key: str) -> str:
    response = client.post("chat/completions", json=ASK, headers={SESSION_HEADER: key})
    return str(response.json()["choices"][0]["message"]["content"])


def test_each_key_has_its_own_script_and_the_last_play_repeats(
    provider: ScriptedProvider, client: httpx.Client
) -> None:
    provider.script("a", Reply("one"), Reply("two"))
    provider.script("b", Reply("uno"))
    assert [text(client, key) for key in "abaaba"] == ["one", "uno", "two", "two", "uno", "two"]
    assert [request.attempt for request in provider.requests_of("a")] == [1, 2, 3, 4]
    assert [request.key for request in provider.requests] == list("abaaba")


def test_a_new_script_begins_at_its_first_play(provider: ScriptedProvider, client: httpx.Client) -> None:
    provider.script("a", Reply("one"), Reply("two"))
    assert text(client, "a") == "one"
    provider.script("a", Reply("three"), Reply("four"))
    assert [text(client, "a"), text(client, "a")] == ["three", "four"]
    assert [request.attempt for request in provider.requests_of("a")] == [1, 2, 3]


def test_keys_without_a_script_get_the_default_attempt_by_attempt() -> None:
    with (
        ScriptedProvider(default=(Reply("one"), Reply("two"))) as provider,
        httpx.Client(base_url=provider.base_url, trust_env=False) as client,
    ):
        assert [text(client, key) for key in "aba"] == ["one", "one", "two"]


def test_without_the_header_the_model_is_the_key(provider: ScriptedProvider, client: httpx.Client) -> None:
    provider.script("m", Reply("by model"))
    response = client.post("chat/completions", json=ASK)
    assert response.json()["choices"][0]["message"]["content"] == "by model"
    assert provider.requests_of("m")[0].key == "m"


def test_a_request_is_observed_whole(provider: ScriptedProvider, client: httpx.Client) -> None:
    content = json.dumps({**ASK, "x": "\ud83d"})
    client.post("chat/completions?x=1", content=content, headers=[(b"X-Test", "é".encode("latin-1"))])
    (request,) = provider.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions?x=1")
    assert request.headers["x-test"] == "é"
    assert request.body == {**ASK, "x": "\ud83d"}
    served = provider.wait_served("m")
    assert served.outcome == "completed"
    assert served.ended_at is not None
    assert served.ended_at >= served.received_at


def test_ids_differ_by_attempt_and_seed_and_not_by_run(
    client: httpx.Client, provider: ScriptedProvider
) -> None:
    def ids(seed: int) -> list[str]:
        with (
            ScriptedProvider(seed=seed) as other,
            httpx.Client(base_url=other.base_url, trust_env=False) as plain,
        ):
            return [plain.post("chat/completions", json=ASK).json()["id"] for _ in range(2)]

    assert ids(1) == ids(1)
    assert len({*ids(1), *ids(2)}) == 4
    response = client.post("chat/completions", json=ASK)
    assert response.headers["x-request-id"].removeprefix("req-") in response.json()["id"]
    assert response.json()["model"] == "m"
    provider.script("m", Reply("x", id="mine", model="other"))
    named = client.post("chat/completions", json=ASK).json()
    assert (named["id"], named["model"]) == ("mine", "other")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "models", None, 200),
        ("HEAD", "models", None, 200),
        ("POST", "models", b"{}", 405),
        ("GET", "chat/completions", None, 405),
        ("POST", "embeddings", b"{}", 404),
        ("HEAD", "embeddings", None, 404),
        ("POST", "chat/completions", b"{oops", 400),
        ("POST", "chat/completions", b"[" * 100_000, 400),
        ("POST", "chat/completions", b"[]", 400),
        ("POST", "chat/completions", b'{"messages": []}', 400),
        ("POST", "chat/completions", b'{"model": "m"}', 400),
        ("POST", "chat/completions", b" " * (MAX_BODY + 1), 413),
    ],
)
def test_what_is_no_chat_completion_gets_a_json_answer(
    provider: ScriptedProvider, client: httpx.Client, method: str, path: str, body: bytes | None, status: int
) -> None:
    response = client.request(method, path, content=body)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    if status == 200 and method == "GET":
        assert [model["id"] for model in response.json()["data"]] == ["scripted"]
    elif method != "HEAD":
        assert response.json()["error"]["type"] == "invalid_request_error"
    assert [(request.key, request.attempt) for request in provider.requests] == [("", 0)]
    assert client.get("models").status_code == 200
    assert provider.open_connections == 1


def test_what_is_not_http_gets_400_and_the_end(provider: ScriptedProvider) -> None:
    port = httpx.URL(provider.base_url).port
    assert port is not None
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        received = b""
        while data := raw.recv(65536):
            received += data
    assert received.startswith(b"HTTP/1.1 400 ")
    assert provider.requests == ()


def test_a_client_may_wait_for_100_continue_and_send_two_requests_at_once(provider: ScriptedProvider) -> None:
    port = httpx.URL(provider.base_url).port
    assert port is not None
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 27\r\n"
    body = b'{"model":"m","messages":[]}'
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(head + b"expect: 100-continue\r\n\r\n")
        assert raw.recv(65536).startswith(b"HTTP/1.1 100 ")
        raw.sendall(body + head + b"connection: te, Close\r\n\r\n" + body)
        received = b""
        while data := raw.recv(65536):
            received += data
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert len(provider.requests_of("m")) == 2


def test_a_held_response_does_not_start_the_next_of_its_connection(
    provider: ScriptedProvider, send: Connect
) -> None:
    gate = Gate()
    provider.script("k", Reply("x", faults=(Pause(gate=gate, after="before_headers"),)))
    raw = send("k", close=False)
    provider.reached("k")
    raw.sendall(b"GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    gate.set()
    received = b""
    while data := raw.recv(65536):
        received += data
    assert received.index(b"[DONE]") < received.index(b'"object":"list"')


def test_an_http_1_0_client_gets_a_body_that_ends_with_the_connection(provider: ScriptedProvider) -> None:
    port = httpx.URL(provider.base_url).port
    assert port is not None
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(
            b'POST /v1/chat/completions HTTP/1.0\r\ncontent-length: 27\r\n\r\n{"model":"m","messages":[]}'
        )
        received = b""
        while data := raw.recv(65536):
            received += data
    assert b"chunked" not in received
    assert received.endswith(b"}}")


def test_an_idle_connection_is_closed_in_the_end() -> None:
    with ScriptedProvider(keep_alive_s=0.01) as provider:
        port = httpx.URL(provider.base_url).port
        assert port is not None
        with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
            assert raw.recv(1) == b""


def test_connections_are_counted_and_waited_for(provider: ScriptedProvider, send: Connect) -> None:
    provider.script("k", Stall())
    raw = send("k")
    provider.reached("k")
    assert provider.open_connections == 1
    assert not provider.wait_idle(timeout=0)
    assert not provider.wait_disconnected(timeout=0)
    raw.close()
    assert provider.wait_disconnected()
    assert provider.wait_idle(timeout=0)
    assert provider.open_connections == 0


def test_waiting_for_what_does_not_come_times_out(provider: ScriptedProvider, client: httpx.Client) -> None:
    text(client, "k")
    assert provider.wait_request("k").attempt == 1
    with pytest.raises(TimeoutError, match=r"request 2 of 'k'.*\(1 arrived\)"):
        provider.wait_request("k", 2, timeout=0)
    with pytest.raises(TimeoutError):
        Gate().wait_reached(timeout=0)


def test_closing_leaves_no_thread_and_no_connection() -> None:
    before = set(threading.enumerate())
    provider = ScriptedProvider(default=Stall())
    with provider:
        port = httpx.URL(provider.base_url).port
        assert port is not None
        raw = socket.create_connection(("127.0.0.1", port), timeout=30)
        raw.sendall(POST)
        provider.reached("m")
    with raw:
        assert raw.recv(65536).startswith(b"HTTP/1.1 200")
        assert raw.recv(65536) == b""
    assert set(threading.enumerate()) <= before
    assert provider.open_connections == 0
    assert provider.requests_of("m")[0].ended
    provider.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=30)


def test_a_provider_is_used_inside_its_block_and_started_once() -> None:
    provider = ScriptedProvider()
    for use in (lambda: provider.base_url, provider.endpoint, provider.door, lambda: provider.refused_url):
        with pytest.raises(UsageError, match="not running"):
            use()
    with provider, pytest.raises(UsageError, match="once"):
        provider.start()
    with pytest.raises(UsageError, match="once"):
        provider.start()


def test_an_async_host_may_block_its_loop_and_is_still_served() -> None:
    async def host() -> str:
        async with ScriptedProvider(default=Reply("served")) as provider:
            with httpx.Client(base_url=provider.base_url, trust_env=False) as client:
                return text(client, "k")

    assert asyncio.run(host()) == "served"


def test_an_endpoint_points_here(provider: ScriptedProvider) -> None:
    assert provider.endpoint(transport="httpx") == Endpoint(
        base_url=provider.base_url,
        model="scripted",
        session_header=SESSION_HEADER,
        provider="scripted",
        transport="httpx",
    )


def test_fifty_clients_are_served_at_once(provider: ScriptedProvider) -> None:
    async def one(client: httpx.AsyncClient, number: int) -> int:
        key = f"k{number}"
        play = Status(503) if number % 2 else Reply("x" * number)
        provider.script(key, play)
        response = await client.post("chat/completions", json=ASK, headers={SESSION_HEADER: key})
        return response.status_code

    async def host() -> list[int]:
        async with httpx.AsyncClient(base_url=provider.base_url, trust_env=False) as client:
            return await asyncio.gather(*(one(client, number) for number in range(50)))

    assert asyncio.run(host()) == [200, 503] * 25
    assert provider.wait_disconnected()
