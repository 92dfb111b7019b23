"""The recorded streams of real providers, through the decoder and the aggregate."""

from __future__ import annotations

import random

import pytest

from actors.config import Limits
from actors.core.aggregate import Aggregate, StepResult
from actors.core.retry import classify
from actors.outcome import Complete, Outcome
from tests.corpus.recorded import MISSING, Recorded, each_recorded, find_corpus, recorded
from tests.corpus.reference import KEPT, NOT_COMPLETE, Said, accumulate, expected
from tests.wire.decoding import bytewise, collect


def decoded(row: Recorded) -> tuple[Outcome, StepResult]:
    chunks, violation = collect([row.sent()])
    assert violation is None
    aggregate = Aggregate(Limits(), show_thoughts=True)
    aggregate.add(chunks)
    outcome = aggregate.outcome()
    return outcome, aggregate.result(outcome)


@pytest.mark.skipif(find_corpus() is None, reason=MISSING)
def test_the_corpus_is_all_there() -> None:
    rows = recorded("oai-chat")
    assert len(rows) == 308
    assert {*KEPT, *NOT_COMPLETE} <= {row.body for row in rows}


@each_recorded("oai-chat")
def test_whole_byte_by_byte_and_at_random_splits_the_chunks_are_the_same(row: Recorded) -> None:
    body = row.sent()
    whole = collect([body])
    assert collect(bytewise(body)) == whole
    rng = random.Random(row.body)  # noqa: S311 - the same splits in every run
    for longest in (7, 300, 5000):
        pieces, at = [], 0
        while at < len(body):
            size = rng.randint(1, longest)
            pieces.append(body[at : at + size])
            at += size
        assert collect(pieces) == whole


@each_recorded("oai-chat")
def test_each_ends_in_a_typed_outcome(row: Recorded) -> None:
    outcome, result = decoded(row)
    assert outcome.kind == NOT_COMPLETE.get(row.body, "complete")
    if not isinstance(outcome, Complete):
        assert not classify(outcome), "each of these three says that the request is at fault"
    assert all(call.runnable is isinstance(outcome, Complete) for call in result.calls)


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning")
@each_recorded("oai-chat")
def test_what_is_complete_says_what_the_official_accumulator_says(row: Recorded) -> None:
    outcome, result = decoded(row)
    if not isinstance(outcome, Complete):
        return  # there is no answer to compare; the test above has its outcome
    calls = tuple((call.id, call.name, call.arguments) for call in result.calls)
    said = Said(text=result.full_text, calls=calls, finish_reason=outcome.finish_reason)
    assert said == expected(row)


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning")
@pytest.mark.skipif(find_corpus() is None, reason=MISSING)
def test_no_difference_is_listed_longer_than_it_lasts() -> None:
    for row in recorded("oai-chat"):
        if row.body in KEPT:
            try:
                said = accumulate(row.sent())
            except (TypeError, IndexError, RuntimeError, AssertionError):
                continue
            assert said != KEPT[row.body].said


@each_recorded("oai-chat")
def test_a_stream_cut_anywhere_gives_a_prefix_of_its_chunks(row: Recorded) -> None:
    body = row.sent()
    whole, _ = collect([body])
    rng = random.Random(row.body)  # noqa: S311 - the same cuts in every run
    for _ in range(5):
        chunks, violation = collect([body[: rng.randrange(len(body))]])
        assert violation is None or chunks == []
        assert chunks == whole[: len(chunks)]
