"""The official `openai` client talks to the provider: the proof that it speaks what endpoints speak."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

from actors.provider import Call, Eof, InBandError, RawBody, Reply, Reset, ScriptedProvider, Status

MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Speak."}]
SPEECH = Reply(
    "Speak the speech, I pray you \U0001f3ad",
    thoughts="as I pronounced it",
    tool_calls=(Call("bow", '{"deep": true}'), Call("exit", "{}")),
)


@pytest.fixture
def official(provider: ScriptedProvider) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=provider.base_url,
        api_key="none",
        max_retries=0,
        http_client=openai.DefaultHttpxClient(trust_env=False),
    ) as client:
        yield client


def test_a_whole_completion(provider: ScriptedProvider, official: openai.OpenAI) -> None:
    provider.script("hamlet", SPEECH)
    completion = official.chat.completions.create(model="hamlet", messages=MESSAGES)
    (choice,) = completion.choices
    assert choice.message.content == SPEECH.text
    assert choice.finish_reason == "tool_calls"
    calls = [call for call in choice.message.tool_calls or () if call.type == "function"]
    assert [(call.id, call.function.name, call.function.arguments) for call in calls] == [
        ("call_1", "bow", '{"deep": true}'),
        ("call_2", "exit", "{}"),
    ]
    assert completion.usage is not None
    assert completion.usage.prompt_tokens == 10
    assert completion._request_id is not None
    assert [model.id for model in official.models.list()] == ["scripted"]


def test_a_stream_as_the_clients_own_accumulator_reads_it(
    provider: ScriptedProvider, official: openai.OpenAI
) -> None:
    provider.script("hamlet", SPEECH)
    with official.chat.completions.stream(
        model="hamlet", messages=MESSAGES, stream_options={"include_usage": True}
    ) as stream:
        completion = stream.get_final_completion()
    (choice,) = completion.choices
    assert choice.message.content == SPEECH.text
    assert choice.finish_reason == "tool_calls"
    calls = choice.message.tool_calls or []
    assert [(call.id, call.function.name, call.function.arguments) for call in calls] == [
        ("call_1", "bow", '{"deep": true}'),
        ("call_2", "exit", "{}"),
    ]
    assert completion.usage is not None
    assert completion.usage.completion_tokens == len(list(SPEECH.pieces()))


def test_async_whole_and_streamed(provider: ScriptedProvider) -> None:
    provider.script("hamlet", SPEECH)

    async def speak() -> tuple[str | None, str]:
        async with openai.AsyncOpenAI(
            base_url=provider.base_url,
            api_key="none",
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
        ) as client:
            whole = await client.chat.completions.create(model="hamlet", messages=MESSAGES)
            stream = await client.chat.completions.create(model="hamlet", messages=MESSAGES, stream=True)
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
            return whole.choices[0].message.content, "".join(pieces)

    assert asyncio.run(speak()) == (SPEECH.text, SPEECH.text)
    assert provider.wait_disconnected()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (404, openai.NotFoundError),
        (409, openai.ConflictError),
        (429, openai.RateLimitError),
        (503, openai.InternalServerError),
    ],
)
def test_a_status_becomes_the_clients_own_error(
    provider: ScriptedProvider, official: openai.OpenAI, status: int, error: type[openai.APIStatusError]
) -> None:
    provider.script("hamlet", Status(status, headers={"retry-after": "7"}, message="not so", code="why"))
    with pytest.raises(error, match="not so") as caught:
        official.chat.completions.create(model="hamlet", messages=MESSAGES, stream=True)
    assert caught.value.response.headers["retry-after"] == "7"
    assert caught.value.code == "why"
    assert len(provider.requests_of("hamlet")) == 1


def test_a_reset_and_an_error_in_the_stream_are_raised_in_mid_stream(
    provider: ScriptedProvider, official: openai.OpenAI
) -> None:
    provider.script("hamlet", SPEECH.but(Reset(after=3)), SPEECH.but(InBandError(after=3)))
    # What breaks the connection is the HTTP library's own error in some versions of the client.
    for error in ((openai.APIConnectionError, httpx.TransportError), (openai.APIError,)):
        stream = official.chat.completions.create(model="hamlet", messages=MESSAGES, stream=True)
        seen: list[ChatCompletionChunk] = []
        with pytest.raises(error):
            seen.extend(stream)
        assert len(seen) == 4


def test_a_clean_early_end_passes_for_an_answer(provider: ScriptedProvider, official: openai.OpenAI) -> None:
    provider.script("hamlet", SPEECH.but(Eof(after="in_text")))
    stream = official.chat.completions.create(model="hamlet", messages=MESSAGES, stream=True)
    content = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert content
    assert SPEECH.text.startswith(content)
    assert content != SPEECH.text


def test_a_recorded_body_is_replayed(provider: ScriptedProvider, official: openai.OpenAI) -> None:
    chunk = b'{"id":"1","choices":[{"index":0,"delta":{"content":"as it was"}}]}'
    recorded = b": hello\n\ndata: " + chunk + b"\n\ndata: [DONE]\n\n"
    provider.script("hamlet", RawBody(recorded, slice=3))
    stream = official.chat.completions.create(model="hamlet", messages=MESSAGES, stream=True)
    assert [chunk.choices[0].delta.content for chunk in stream] == ["as it was"]
