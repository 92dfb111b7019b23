"""A FastAPI host: answers stream to a browser by server-sent events, and a reader who leaves cancels the turn.

`uvicorn fastapi_app:app` serves it with the endpoint that the environment names; the tests make it with their own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import fastapi
import msgspec
from fastapi.responses import JSONResponse, StreamingResponse

from actors import AdmissionError, Endpoint, Runtime, RuntimeConfig, Session, TurnStream

ENCODER = msgspec.json.Encoder()


async def server_sent(stream: TurnStream, nameless: Session | None) -> AsyncIterator[bytes]:
    """Each event of a turn as a server-sent event; leaving early, for whatever reason, cancels the turn.

    A nameless session is closed then: nobody can come back to it.
    """
    try:
        async with stream:
            async for event in stream:
                name = event.__struct_config__.tag
                yield f"event: {name}\nid: {event.seq}\ndata: ".encode() + ENCODER.encode(event) + b"\n\n"
    finally:
        if nameless is not None:
            nameless.close()


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
        try:
            stream = conversation.stream(text)
        except AdmissionError:
            if session not in known:
                conversation.close()
            raise
        return StreamingResponse(
            server_sent(stream, conversation if session is None else None),
            media_type="text/event-stream",
            headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
        )

    return app


def __getattr__(name: str) -> fastapi.FastAPI:
    if name != "app":
        raise AttributeError(name)
    return make_app(Endpoint.from_env(), RuntimeConfig(max_active_turns=64, max_queued_turns=256))
