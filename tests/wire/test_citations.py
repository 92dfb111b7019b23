"""Citations, from the shapes that endpoints send to the turn's end; and refusals in the conversation."""

from __future__ import annotations

from typing import Any

import pytest

from actors import Runtime
from actors.config import Limits
from actors.core.aggregate import Aggregate
from actors.core.chunks import Chunk, Citations, Finish, Text
from actors.core.surrogates import SurrogateJoiner
from actors.events import Citation
from actors.provider import Reply, ScriptedProvider
from actors.provider.chunks import Asked, Scribe
from actors.wire.openai_chat import decode_document
from actors.wire.openai_shapes import plain
from tests.wire.decoding import DONE, collect, delta, event

ONE = Citation(url="https://one.example", title="One", text_from=2, text_to=5)
TWO = Citation(url="https://two.example")
URLS = [ONE.url, TWO.url]


def annotation(**fields: Any) -> dict[str, Any]:
    return {"type": "url_citation", "url_citation": fields}


PLACED = annotation(url=ONE.url, title="One", start_index=2, end_index=5)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (delta(annotations=[PLACED, annotation(url=TWO.url)]), (ONE, TWO)),
        (delta(annotations=[{"type": "url_citation", **PLACED["url_citation"]}]), (ONE,)),
        (delta(annotations=[annotation(url=TWO.url, title=None, start_index=0, end_index=0)]), (TWO,)),
        (delta(annotations=[annotation(url=TWO.url, start_index="2", end_index=9.5)]), (TWO,)),
        (delta() | {"citations": URLS}, (Citation(url=ONE.url), TWO)),
        ({"id": "r", "model": "m", "choices": [], "citations": [TWO.url, "", 5, None]}, (TWO,)),
    ],
)
def test_the_shapes_of_citations(payload: Any, expected: tuple[Citation, ...]) -> None:
    chunks, violation = collect([event(payload), DONE])
    assert violation is None
    assert [chunk for chunk in chunks if isinstance(chunk, Citations)] == [Citations(expected)]


@pytest.mark.parametrize(
    "odd", [[], [{"type": "file", "file": {}}], [None, 3], {"url": "x"}, "x", [annotation(url=5)]]
)
def test_what_is_no_citation_is_none_and_harms_nothing(odd: Any) -> None:
    chunks, violation = collect([event(delta(content="a", annotations=odd) | {"citations": odd}), DONE])
    assert violation is None
    assert Text("a") in chunks
    assert not any(isinstance(chunk, Citations) for chunk in chunks)


def test_no_citations_in_a_delta_leave_it_plain() -> None:
    assert plain(b'{"choices":[{"delta":{"content":"a","annotations":[]}}]}').choices[0].delta.content == "a"


def test_the_text_of_citations_is_valid_unicode() -> None:
    (cleaned,) = SurrogateJoiner().clean([Citations((Citation(url="\ud800", title="a\udc00"),))])
    assert cleaned == Citations((Citation(url="\ufffd", title="a\ufffd"),))


def test_citations_that_are_said_again_count_once() -> None:
    made = Aggregate(Limits(), show_thoughts=True)
    chunks: list[Chunk] = [Text("a"), Citations((ONE,)), Text("b"), Citations((ONE, TWO)), Finish("stop")]
    made.add(chunks)
    said = made.result(made.outcome())
    assert (said.full_text, said.citations) == ("ab", (ONE, TWO))


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply("So it is.", citations=(ONE, TWO)), (ONE, TWO)),
        (Reply("So it is.", citations=(ONE, TWO), citation_field="citations"), (Citation(url=ONE.url), TWO)),
    ],
)
def test_a_turn_ends_with_what_its_answer_refers_to(reply: Reply, expected: tuple[Citation, ...]) -> None:
    with ScriptedProvider(default=reply) as provider, Runtime(provider.endpoint()) as runtime:
        assert runtime.spawn().run("Is it so?").citations == expected
    document = Scribe(reply, Asked(stream=False)).completion()
    assert Citations(expected) in decode_document(document, Limits())


def test_a_refusal_is_kept_apart_in_the_conversation() -> None:
    said = {"role": "assistant", "content": None, "refusal": "I can't."}
    with (
        ScriptedProvider(default=Reply("I can't.", text_field="refusal")) as provider,
        Runtime(provider.endpoint()) as runtime,
    ):
        session = runtime.spawn(id="ada")
        turn = session.run("Would you?")
        assert (turn.text, turn.refusal) == ("I can't.", "I can't.")
        assert session.history().get()[-1] == said
        session.run("Please.")
        assert provider.requests_of("ada")[-1].body["messages"][1] == said
