"""The clients that are compared: each streams one answer through its own public interface and calls `rec` a delta.

A client is an asynchronous context manager that gives `session(model, rec)`. What is not installed raises
`ModuleNotFoundError`, and is skipped by the runner.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import httpx
import msgspec
from httpx_aiohttp import AiohttpTransport

from actors import Endpoint, Runtime
from actors.events import TextDelta
from actors.receiving import Connector

Rec: TypeAlias = Callable[[str], None]
StreamOne: TypeAlias = Callable[[str, Rec], Awaitable[None]]

PROMPT = [{"role": "system", "content": "You are brief."}, {"role": "user", "content": "Please answer."}]


class Delta(msgspec.Struct):
    content: str | None = None


class Choice(msgspec.Struct):
    delta: Delta


class Payload(msgspec.Struct):
    choices: list[Choice]


decode = msgspec.json.Decoder(Payload).decode


@asynccontextmanager
async def greenroom(base_url: str) -> AsyncIterator[StreamOne]:
    async with Runtime(Endpoint(base_url=base_url, model="m")) as runtime:

        async def session(model: str, rec: Rec) -> None:
            endpoint = Endpoint(base_url=base_url, model=model)
            async with runtime.spawn(endpoint) as one, one.stream(PROMPT) as stream:
                async for event in stream:
                    if type(event) is TextDelta:
                        rec(event.text)

        yield session


@asynccontextmanager
async def greenroom_logged(base_url: str) -> AsyncIterator[StreamOne]:
    log = importlib.import_module("actors.log")
    with tempfile.TemporaryDirectory() as folder:
        log.to_file(Path(folder) / "log.jsonl", level="DEBUG")
        async with greenroom(base_url) as session:
            yield session


async def byte_loop(client: httpx.AsyncClient, base_url: str, model: str, rec: Rec) -> None:
    """The least that a client can do: split events, decode the one field, hand it over."""
    body = {"model": model, "messages": PROMPT, "stream": True}
    rest, done = b"", False
    async with client.stream("POST", f"{base_url}/chat/completions", json=body) as response:
        response.raise_for_status()
        async for data in response.aiter_bytes():
            *events, rest = (rest + data).split(b"\n\n")
            for event in events:
                if event == b"data: [DONE]":
                    done = True
                elif content := decode(event[6:]).choices[0].delta.content:
                    rec(content)
    assert done


@asynccontextmanager
async def httpx_on_aiohttp(
    base_url: str, connector: type[aiohttp.TCPConnector] = aiohttp.TCPConnector
) -> AsyncIterator[StreamOne]:
    session = aiohttp.ClientSession(connector=connector(limit=0))
    async with httpx.AsyncClient(transport=AiohttpTransport(client=session), timeout=60) as client:
        yield lambda model, rec: byte_loop(client, base_url, model, rec)


def httpx_on_our_connections(base_url: str) -> AbstractAsyncContextManager[StreamOne]:
    """What of the difference is the connections' doing, which read into a buffer that they keep."""
    return httpx_on_aiohttp(base_url, Connector)


@asynccontextmanager
async def plain_httpx(base_url: str) -> AsyncIterator[StreamOne]:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        yield lambda model, rec: byte_loop(client, base_url, model, rec)


@asynccontextmanager
async def openai_sdk(base_url: str) -> AsyncIterator[StreamOne]:
    openai: Any = importlib.import_module("openai")
    async with openai.AsyncOpenAI(base_url=base_url, api_key="none") as client:

        async def session(model: str, rec: Rec) -> None:
            stream = await client.chat.completions.create(model=model, messages=PROMPT, stream=True)
            async for chunk in stream:
                for choice in chunk.choices:
                    if choice.delta.content:
                        rec(choice.delta.content)

        yield session


@asynccontextmanager
async def openai_agents(base_url: str) -> AsyncIterator[StreamOne]:
    agents: Any = importlib.import_module("agents")
    openai: Any = importlib.import_module("openai")
    agents.set_tracing_disabled(True)
    client = openai.AsyncOpenAI(base_url=base_url, api_key="none")

    async def session(model: str, rec: Rec) -> None:
        agent = agents.Agent(
            name="bench",
            instructions="You are brief.",
            model=agents.OpenAIChatCompletionsModel(model=model, openai_client=client),
        )
        result = agents.Runner.run_streamed(agent, "Please answer.")
        async for event in result.stream_events():
            if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
                rec(event.data.delta)

    yield session


CLIENTS: dict[str, Callable[[str], AbstractAsyncContextManager[StreamOne]]] = {
    "greenroom": greenroom,
    "byte loop": httpx_on_aiohttp,
    "byte loop, tuned": httpx_on_our_connections,
    "httpx": plain_httpx,
    "openai": openai_sdk,
    "openai-agents": openai_agents,
    "greenroom, logged": greenroom_logged,
}
NEEDS = {"openai": "openai", "openai-agents": "agents"}
"""What must be importable."""
