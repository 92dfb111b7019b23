"""Asking the application without a network, and writing logs for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from starlette.types import ASGIApp

from actors.log import Log, to_file

TOKEN = "the-token"
HOST = "127.0.0.1:8765"


def log_turns(path: Path, *sessions: str, text: str = "turn started") -> None:
    """Add the start of a turn of each session to a log."""
    with to_file(path):
        log = Log(run_id="r")
        for session in sessions:
            log.emit("actors.turn.started", text, session=session, turn=1)


def log_calls(path: Path, session: str, tool: str) -> None:
    """Add two calls of a tool to a log: one failed, the other runs; and one that waits for a decision."""
    with to_file(path):
        log = Log(run_id="r")

        def say(event: str, call: str, **fields: Any) -> None:
            place: dict[str, Any] = {"session": session, "turn": 1, "tool_name": tool, "tool_call_id": call}
            log.emit(f"actors.{event}", event, **place, **fields)

        for call in ("c1", "c2"):
            say("tool.started", call, tool_attempt=1)
        say("tool.failed", "c1", outcome="crashed", error_type="tool:crashed", duration=0.5, tool_ran=True)
        say("approval.requested", "c3", approval_id="a")


def asked(app: ASGIApp, method: str, path: str, **headers: str) -> httpx.Response:
    """One request, with a good `Host` and without a token unless told otherwise."""

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{HOST}") as client:
            raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            return await client.request(method, path, headers=raw)

    return asyncio.run(ask())


class Reader:
    """Who reads a stream of frames, a message at a time: what it has not taken, the application waits with."""

    def __init__(self) -> None:
        self._sent: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._taken = asyncio.Semaphore(0)
        self._gone = asyncio.Event()

    async def receive(self) -> MutableMapping[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self._sent.put_nowait(message)
        await self._taken.acquire()

    async def body(self) -> bytes:
        """What is sent next, and let the application go on."""
        while True:
            message = await self._sent.get()
            self._taken.release()
            if message["type"] == "http.response.body":
                return bytes(message["body"])
            assert message["status"] == 200

    async def frame(self) -> Any:
        """The next frame."""
        data = await self.body()
        assert data.startswith(b"data: ")
        assert data.endswith(b"\n\n")
        return msgspec.json.decode(data[6:])

    def leave(self) -> None:
        """Hang up."""
        self._gone.set()


@asynccontextmanager
async def reading(app: ASGIApp, query: str = "") -> AsyncGenerator[Reader]:
    """A stream that is open in this block."""
    reader = Reader()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/events",
        "raw_path": b"/events",
        "query_string": query.encode(),
        "headers": [(b"host", HOST.encode()), (b"authorization", f"Bearer {TOKEN}".encode())],
    }
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_served(app, scope, reader))
        yield reader
        reader.leave()


async def _served(app: ASGIApp, scope: dict[str, Any], reader: Reader) -> None:
    await app(scope, reader.receive, reader.send)
