"""A FastAPI host: answers stream to a browser by server-sent events, and a reader who leaves cancels the turn.

`uvicorn fastapi_app:app` serves it with the endpoint that the environment names; the tests make it with their own.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import fastapi
import msgspec
from fastapi.responses import JSONResponse, StreamingResponse

from actors import AdmissionError, Endpoint, Runtime, RuntimeConfig, TurnStream

ENCODER = msgspec.json.Encoder()


async def server_sent(stream: TurnStream) -> AsyncIterator[bytes]:
    """Each event of a turn as a server-sent event; leaving early, for whatever reason, cancels the turn."""
    async with stream:
        async for event in stream:
            name = event.__struct_config__.tag
            yield f"event: {name}\nid: {event.seq}\ndata: ".encode() + ENCODER.encode(event) + b"\n\n"


def make_app(endpoint: Endpoint, config: RuntimeConfig) -> fastapi.FastAPI:
    """The application; its runtime lives on the server's own loop."""

    @asynccontextmanager
    async def lifespan(app: fastapi.FastAPI) -> AsyncIterator[None]:
        async with Runtime(endpoint, config=config) as runtime:
            app.state.runtime = runtime
            yield
            await runtime.drain(timeout=10)

    app = fastapi.FastAPI(lifespan=lifespan)

    @app.exception_handler(AdmissionError)
    async def refuse(_: fastapi.Request, error: AdmissionError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_code=503, headers={"retry-after": "1"})

    @app.get("/ask")
    async def ask(request: fastapi.Request, text: str, session: str | None = None) -> StreamingResponse:
        runtime: Runtime = request.app.state.runtime
        known = {one.id: one for one in runtime.sessions()}
        conversation = known[session] if session in known else runtime.spawn(id=session)
        stream = conversation.stream(text)
        return StreamingResponse(
            server_sent(stream),
            media_type="text/event-stream",
            headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
        )

    return app


def __getattr__(name: str) -> fastapi.FastAPI:
    if name != "app":
        raise AttributeError(name)
    endpoint = Endpoint(
        base_url=os.environ["OPENAI_BASE_URL"],
        model=os.environ["OPENAI_MODEL"],
        api_key=os.environ.get("OPENAI_API_KEY"),  # type: ignore[arg-type]  # a text will do
    )
    return make_app(endpoint, RuntimeConfig(max_active_turns=64, max_queued_turns=256))
