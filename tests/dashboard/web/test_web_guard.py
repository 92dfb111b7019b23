from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from actors.dashboard.feed import Feed
from actors.dashboard.web.app import build
from actors.dashboard.web.board import Board
from tests.dashboard.web.asking import HOST, TOKEN, asked

ROUTES = ("/", "/events", "/events?sort=nonsense", "/nowhere")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW")
GOOD = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def app(tmp_path: Path) -> ASGIApp:
    return made(tmp_path)


def everywhere(app: ASGIApp, **headers: str) -> set[int]:
    """How requests of all methods to all routes are answered."""
    return {asked(app, method, route, **headers).status_code for method in METHODS for route in ROUTES}


def made(tmp_path: Path, *names: str, any_address: bool = False) -> ASGIApp:
    return build(Board(Feed([tmp_path / "log.jsonl"])), TOKEN, names=names, any_address=any_address)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost.", "10.0.0.1", "", "127.0.0.1:x",
     "127.0.0.1@evil.example", "evil.example@127.0.0.1", "127.0.0.1/",
     "[::1", "[::1].evil.example", "evil.example[::1]", "127.0.0.1, a"],
)  # fmt: skip
def test_a_foreign_host_is_refused(app: ASGIApp, host: str) -> None:
    assert everywhere(app, host=host, **GOOD) == {421}


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "", "https://127.0.0.1:8765", "http://127.0.0.1", "http://127.0.0.1:1",
     "http://localhost:8765", "http://127.0.0.1:8765.evil.example", "file://"],
)  # fmt: skip
def test_a_foreign_origin_is_refused(app: ASGIApp, origin: str) -> None:
    assert everywhere(app, origin=origin, **GOOD) == {403}


@pytest.mark.parametrize("method", [method for method in METHODS if method != "GET"])
def test_it_only_reads(app: ASGIApp, method: str) -> None:
    for route in ROUTES:
        answer = asked(app, method, route, **GOOD)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "/"])
@pytest.mark.parametrize(
    "said",
    [None, "", "Bearer", "Bearer ", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer  {TOKEN}",
     "Bearer the-token\xe9", f"Bearer {TOKEN.upper()}"],
)  # fmt: skip
def test_the_token_is_needed(app: ASGIApp, route: str, said: str | None) -> None:
    answer = asked(app, "GET", route, **({} if said is None else {"authorization": said}))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("place", ["/events?token=the-token", "/events?the-token"])
def test_the_token_counts_in_a_header_only(app: ASGIApp, place: str) -> None:
    assert asked(app, "GET", place, cookie=f"token={TOKEN}").status_code == 401


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8765", "localhost:8765", "LOCALHOST", "[::1]:8765", "127.0.0.1:9000"]
)
def test_this_machine_s_names_are_known_whatever_port_a_tunnel_gives_them(app: ASGIApp, host: str) -> None:
    assert asked(app, "GET", "/", host=host, origin=f"http://{host.lower()}").status_code == 200
    assert asked(app, "GET", "/nowhere", host=host, **GOOD).status_code == 404


def test_further_names_are_those_that_were_given(tmp_path: Path) -> None:
    app = made(tmp_path, "Stage.example")
    assert asked(app, "GET", "/", host="stage.example:80").status_code == 200
    assert asked(app, "GET", "/", host="other.example").status_code == 421
    assert asked(app, "GET", "/", host="10.0.0.1").status_code == 421


def test_where_other_machines_reach_it_any_address_is_a_name_of_it(tmp_path: Path) -> None:
    app = made(tmp_path, any_address=True)
    assert asked(app, "GET", "/", host="10.0.0.1:8765").status_code == 200
    assert asked(app, "GET", "/", host="[fe80::1]:8765").status_code == 200
    assert asked(app, "GET", "/", host="evil.example").status_code == 421


@pytest.mark.parametrize("route", ["/", "/events?sort=nonsense", "/nowhere"])
@pytest.mark.parametrize("trouble", [{}, {"origin": "null"}, {"host": "evil.example"}, GOOD])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_every_answer_carries_the_policy_and_none_lets_others_read_it(
    app: ASGIApp, method: str, route: str, trouble: dict[str, str]
) -> None:
    headers = asked(app, method, route, **trouble).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert [name for name in headers if name.startswith("access-control-") or name == "set-cookie"] == []


def test_a_websocket_finds_nobody(app: ASGIApp) -> None:
    async def nothing(*_: object) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match="no websocket here"):
        asyncio.run(app({"type": "websocket", "headers": [(b"host", HOST.encode())]}, nothing, nothing))  # type: ignore[arg-type]


def test_two_hosts_are_one_too_many(app: ASGIApp) -> None:
    sent: list[int] = []

    async def receive() -> dict[str, str]:
        return {"type": "http.request"}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message.get("status", 0))

    hosts = [(b"host", HOST.encode()), (b"host", b"evil.example")]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": hosts}
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0] == 421
