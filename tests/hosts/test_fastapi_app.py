"""The FastAPI example, through its own interface: what a browser gets, and what happens when it leaves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import MutableMapping
from typing import Any

import fastapi
import msgspec
import pytest
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect

from actors import Fold, Runtime, RuntimeConfig, events
from actors.events import Event, SessionEnded, TextDelta, TurnCancelled, TurnCompleted
from actors.provider import Gate, Pause, Reply, ScriptedProvider
from tests.hosts.fastapi_app import make_app

Message = MutableMapping[str, Any]
ONE = RuntimeConfig(max_active_turns=1, max_queued_turns=0)


def read(body: str) -> list[Event]:
    """The events of a body, as the browser's `EventSource` would give them."""
    payloads = [line.removeprefix("data: ") for line in body.splitlines() if line.startswith("data: ")]
    return [msgspec.json.decode(payload, type=events.Event) for payload in payloads]


def test_a_browser_gets_the_turn_as_server_sent_events(provider: ScriptedProvider) -> None:
    with TestClient(make_app(provider.endpoint(), RuntimeConfig())) as browser:
        response = browser.get("/ask", params={"text": "hello", "session": "mine"})
        assert response.headers["content-type"].startswith("text/event-stream")
        got = read(response.text)
        shown = Fold()
        for event in got:
            shown.apply(event)
        assert (shown.text, type(got[-1])) == ("fine", TurnCompleted)
        assert "event: text_delta\nid: " in response.text
        again = browser.get("/ask", params={"text": "and again", "session": "mine"})
        assert read(again.text)[-1].turn == 2


def test_a_session_without_a_name_ends_with_its_turn(provider: ScriptedProvider) -> None:
    app = make_app(provider.endpoint(), RuntimeConfig())
    with TestClient(app) as browser:
        everything = app.state.runtime.events()
        assert read(browser.get("/ask", params={"text": "hello"}).text)[-1].turn == 1
        assert isinstance(next(event for event in everything if event.turn == 0), SessionEnded)


def test_a_browser_is_sent_away_when_all_seats_are_taken(provider: ScriptedProvider) -> None:
    gate = Gate()
    provider.script("held", Reply("held", faults=(Pause(after=0, gate=gate),)))
    app = make_app(provider.endpoint(), ONE)
    with TestClient(app) as browser:
        runtime: Runtime = app.state.runtime
        turn = runtime.spawn(id="held").send("take the seat")
        everything = runtime.events()
        response = browser.get("/ask", params={"text": "hello"})
        assert next(event for event in everything if isinstance(event, SessionEnded)).session != "held"
        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        assert "takes no more" in response.json()["error"]
        gate.set()
        assert turn.wait(timeout=30).text == "held"
        assert browser.get("/ask", params={"text": "hello"}).status_code == 200


class Browser:
    """One request by ASGI's own rules; it can leave in mid-stream, as no test client does."""

    def __init__(self, app: fastapi.FastAPI, query: str, version: str) -> None:
        self._app = app
        self._scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": version}, "http_version": "1.1",
            "method": "GET", "scheme": "http", "path": "/ask", "raw_path": b"/ask", "query_string": query.encode(),
            "root_path": "", "headers": [], "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
            "state": {},
        }  # fmt: skip
        self._version = version
        self._asked = False
        self._left = asyncio.Event()
        self.seen = b""

    async def visit(self, until: bytes) -> None:
        """Read until these bytes came, then leave."""
        self._until = until
        await self._app(self._scope, self._receive, self._send)

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.seen += message.get("body", b"")
        if self._until in self.seen:
            self._left.set()
            if self._version == "2.4":  # from there on a server raises instead
                raise OSError("the client has left")


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_a_browser_that_leaves_cancels_its_turn(provider: ScriptedProvider, version: str) -> None:
    gate = Gate()
    provider.script("leaver", Reply("a long story", delta_chars=2, faults=(Pause(after=2, gate=gate),)))

    async def host() -> list[Event]:
        app = make_app(provider.endpoint(), RuntimeConfig())
        async with app.router.lifespan_context(app):
            runtime: Runtime = app.state.runtime
            everything = runtime.events()
            with contextlib.suppress(ClientDisconnect):  # which servers of the newer version take care of
                await Browser(app, "text=hello&session=leaver", version).visit(b"event: text_delta")
            got = []
            async for event in everything:
                got.append(event)
                if isinstance(event, TurnCancelled | TurnCompleted):
                    break
            assert runtime.sessions()[0].id == "leaver"
            return got

    got = asyncio.run(asyncio.wait_for(host(), 10))
    assert any(isinstance(event, TextDelta) for event in got)
    assert isinstance(got[-1], TurnCancelled)
    assert got[-1].reason == "the stream was closed"
    gate.set()
