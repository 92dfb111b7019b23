"""The recorded streams of real providers, over a socket and through the whole runtime."""

from __future__ import annotations

import functools
import random
from typing import Any

import pytest

from actors import Runtime, fold
from actors.events import Event, Terminal, TurnCompleted, TurnFailed
from actors.provider import RawBody, ScriptedProvider
from tests.corpus.recorded import Recorded, each_recorded, recorded
from tests.corpus.reference import NOT_COMPLETE, Said, expected


@functools.cache
def replayed(transport: str) -> dict[str, list[Event]]:
    """Every stream as a turn of its own session, all at once; the events of each, by the body's name."""
    rows = recorded("oai-chat")
    rng = random.Random(transport)  # noqa: S311 - the same splits in every run
    with ScriptedProvider() as provider:
        for row in rows:
            provider.script(row.body, RawBody(row.sent(), slice=rng.choice([None, 211, 1000, 4096])))
        with Runtime(provider.endpoint(transport=transport)) as runtime:
            once: dict[str, Any] = {"retry": None, "max_empty_answers": None}
            streams = {row.body: runtime.spawn(id=row.body, **once).stream("replay") for row in rows}
            return {body: list(stream) for body, stream in streams.items()}


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning")
@pytest.mark.parametrize("transport", ["aiohttp", "httpx"])
@each_recorded("oai-chat")
def test_each_recorded_stream_through_the_runtime(row: Recorded, transport: str) -> None:
    events = replayed(transport)[row.body]
    last = events[-1]
    assert isinstance(last, Terminal)
    assert fold(events).text == last.text
    assert fold(events).thoughts == last.thoughts
    if row.body in NOT_COMPLETE:
        assert isinstance(last, TurnFailed)
        assert last.outcome.kind == NOT_COMPLETE[row.body]
        return
    assert isinstance(last, TurnCompleted)
    said = Said(text=last.text, calls=last.tool_calls, finish_reason=last.outcome.finish_reason)
    assert said == expected(row)
