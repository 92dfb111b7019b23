"""Which trouble a failure is, and that each has its words."""

from __future__ import annotations

from typing import get_args

import pytest

from actors.core.advice import _SAYINGS, _TROUBLES, ADVICE, Trouble, advise, trouble_of
from actors.outcome import Failure, HttpError, InBandError, Protocol, Stalled, Transport, Truncated


def http(status: int, message: str = "no", **fields: str) -> HttpError:
    return HttpError(message=message, status=status, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "trouble"),
    [
        (Transport(message="", type="connect"), "unreachable"),
        (Transport(message="", type="dns"), "unreachable"),
        (Stalled(message="", deadline="connect", seconds=10), "unreachable"),
        (Stalled(message="", deadline="idle", seconds=10), None),
        (Transport(message="", type="reset"), None),
        (Truncated(message=""), None),
        (Protocol(message="", type="not_a_stream"), "page"),
        (Protocol(message="", type="bad_json"), None),
        (http(401), "key"),
        (http(401, code="model_not_found"), "model"),
        (http(403), "access"),
        (http(400, code="invalid_api_key"), "key"),
        (http(400, "API key not valid. Please pass a valid API key."), "key"),
        (http(404, code="model_not_found"), "model"),
        (http(404, code="DeploymentNotFound"), "model"),
        (http(404, "The model `m` does not exist."), "model"),
        (http(404, 'model "m" not found, try pulling it first', type="not_found_error"), "model"),
        (http(400, "m is not a valid model ID"), "model"),
        (http(400, "Model Not Exist"), "model"),
        (http(404, "Not Found"), "address"),
        (http(307), "address"),
        (http(429), "rate"),
        (http(429, code="insufficient_quota"), "quota"),
        (http(402), "quota"),
        (InBandError(message="", code="402"), "quota"),
        (http(400, code="context_length_exceeded"), "context"),
        (http(400, "This model's maximum context length is 4096 tokens."), "context"),
        (http(400, "the request exceeds the available context size"), "context"),
        (http(400, "too big", type="exceed_context_size_error"), "context"),
        (http(400, "The input token count (9) exceeds the maximum number"), "context"),
        (InBandError(message="", code="context_length_exceeded"), "context"),
        (http(422, "Extra inputs are not permitted"), "request"),
        (http(407), "proxy"),
        (http(500), None),
        (http(503, "the api key store is down"), None),
    ],
    ids=lambda value: value.describe()[:48] if hasattr(value, "describe") else None,
)
def test_which_trouble_it_is(outcome: Failure, trouble: Trouble | None) -> None:
    assert trouble_of(outcome) == trouble
    assert advise(outcome) == (ADVICE.get(trouble, "") if trouble is not None else "")


def test_the_tables_speak_of_the_same_troubles_and_every_advice_is_one_line() -> None:
    known = set(get_args(Trouble))
    assert {*_TROUBLES.values(), *(trouble for _, trouble in _SAYINGS)} == known
    assert known - ADVICE.keys() == {"unreachable", "tls"}  # whose words the transport has
    assert all("\n" not in words and words[0].islower() for words in ADVICE.values())
    assert all(saying == saying.lower() for saying, _ in _SAYINGS)
