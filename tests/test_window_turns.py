"""The context window in turns, against a provider on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from actors import Runtime, TurnFailedError, Window
from actors.client import Session
from actors.events import ContextTrimmed, Event, TextDelta
from actors.provider import Reply, ScriptedProvider, Status

LONG = "word " * 400
WINDOW = Window(tokens=1000, reserve=100, tokenizer=False)
TOO_LONG = Status(400, message="prompt is too long: 1200 tokens > 1000 maximum")


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as provider:
        yield provider


def reply(text: str, **fields: Any) -> Reply:
    return Reply(text, **{"usage": False, **fields})


def run(session: Session, text: str) -> tuple[list[Event], str]:
    with session.stream(text) as events:
        return list(events), events.result().text


def trims(events: list[Event]) -> list[ContextTrimmed]:
    return [event for event in events if isinstance(event, ContextTrimmed)]


def sent(provider: ScriptedProvider) -> list[list[dict[str, Any]]]:
    return [request.body["messages"] for request in provider.requests]


def test_a_conversation_goes_on_past_its_window_and_is_kept_whole(provider: ScriptedProvider) -> None:
    provider.script("s", *[reply("yes")] * 4)
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="s", system="Be brief.", window=WINDOW)
        told = [len(trims(run(session, LONG)[0])) for _ in range(4)]
        assert told == [0, 0, 1, 0]
        assert len(session.history().get()) == 9
    assert [len(messages) for messages in sent(provider)] == [2, 4, 2, 4]
    assert all(messages[0]["role"] == "system" for messages in sent(provider))
    assert sent(provider)[3][:2] == sent(provider)[2]


def test_reported_usage_counts_for_the_next_request(provider: ScriptedProvider) -> None:
    provider.script("s", reply("yes", usage="always", prompt_tokens=800), reply("yes"))
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="s", window=WINDOW)
        run(session, LONG)
        (told,) = trims(run(session, LONG)[0])
        assert told.tokens_before > 900 >= told.tokens_after


def test_one_that_is_refused_as_too_long_is_cut_and_sent_once_more(provider: ScriptedProvider) -> None:
    provider.script("s", reply("yes"), TOO_LONG, reply("and so on"), reply("three"))
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="s", window=Window(tokenizer=False))
        run(session, LONG)
        events, text = run(session, LONG)
        (told,) = trims(events)
        assert (told.asked, text) == (True, "and so on")
        run(session, "next")
    assert [len(messages) for messages in sent(provider)] == [1, 3, 1, 3]


def test_one_that_is_refused_again_fails_with_the_endpoints_words(provider: ScriptedProvider) -> None:
    provider.script("s", reply("yes"), TOO_LONG, TOO_LONG)
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="s", window=Window(tokenizer=False))
        run(session, LONG)
        with pytest.raises(TurnFailedError) as failed:
            session.run(LONG)
    assert failed.value.trouble == "context"
    assert len(provider.requests) == 3


def test_a_summary_is_made_unseen_and_once(provider: ScriptedProvider) -> None:
    words = ("yes", "yes", "We said word.", "third", "fourth")
    provider.script("s", *map(reply, words))
    window = Window(tokens=1000, reserve=100, tokenizer=False, strategy="summarise", summary_tokens=50)
    with Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="s", window=window)
        run(session, LONG)
        run(session, LONG)
        events, text = run(session, LONG)
        assert text == "third"
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "third"
        assert len(trims(events)) == 1
        run(session, "short")
    assert "We said word." in sent(provider)[3][0]["content"]
    assert sent(provider)[4][0] == sent(provider)[3][0]
    assert provider.requests[2].body["max_tokens"] == 50
