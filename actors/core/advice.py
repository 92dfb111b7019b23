"""What a person can do about a failure: one literal table, and another that says which failure is which trouble.

Only troubles that a person can end are listed. Words of the transport hold their advice already; they have a name
here, so that a program can tell them apart, and no further advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from actors.core.retry import keys_of
from actors.outcome import Failure, HttpError, InBandError

Trouble: TypeAlias = Literal[
    "unreachable",
    "proxy",
    "tls",
    "address",
    "key",
    "access",
    "model",
    "quota",
    "rate",
    "context",
    "request",
    "page",
]

ADVICE: Mapping[Trouble, str] = MappingProxyType(
    {
        "proxy": "check `proxy`, its user and its password",
        "address": "check base_url, which ends with the version, such as http://127.0.0.1:8080/v1, and `model`",
        "key": "check api_key, or the environment variable that it comes from",
        "access": "this key has no access to that: check `model`, and what the account may use",
        "model": "check `model`: GET base_url/models lists those that there are",
        "quota": "the account's credit or quota is used up: top it up, or take another key or endpoint",
        "rate": "too many requests for this account: wait, or run fewer at once (max_connections)",
        "context": "the conversation is longer than the model takes: shorten it, or take a model with more context",
        "request": "the endpoint refuses something in the request: see what it names in `body`, messages and tools, "
        "and whether `profile` is the endpoint's",
        "page": "that is no chat-completions endpoint: check base_url, which ends with the version, such as "
        "http://127.0.0.1:8080/v1",
    }
)
"""What to do."""

_TROUBLES: Mapping[str, Trouble] = MappingProxyType(
    {
        "transport:connect": "unreachable",
        "transport:dns": "unreachable",
        "stalled:connect": "unreachable",
        "transport:proxy": "proxy",
        "http_error:407": "proxy",
        "transport:tls": "tls",
        "transport:url": "address",
        "protocol:not_a_stream": "page",
        "code:authentication_error": "key",
        "code:invalid_api_key": "key",
        "code:unauthorized": "key",
        "http_error:401": "key",
        "in_band_error:401": "key",
        "code:permission_denied": "access",
        "code:permission_error": "access",
        "http_error:403": "access",
        "in_band_error:403": "access",
        "code:deploymentnotfound": "model",
        "code:model_not_found": "model",
        "code:billing_error": "quota",
        "code:billing_hard_limit_reached": "quota",
        "code:billing_not_active": "quota",
        "code:credit_balance_too_low": "quota",
        "code:exceeded_current_quota_error": "quota",
        "code:insufficient_balance": "quota",
        "code:insufficient_quota": "quota",
        "code:quota_exceeded": "quota",
        "http_error:402": "quota",
        "in_band_error:402": "quota",
        "code:context_length_exceeded": "context",
        "code:context_too_long": "context",
        "code:exceed_context_size_error": "context",
        "code:model_max_prompt_tokens_exceeded": "context",
        "code:string_above_max_length": "context",
        "http_error:413": "context",
        "code:rate_limit_exceeded": "rate",
        "http_error:429": "rate",
        "in_band_error:429": "rate",
        "http_error:404": "address",
        "http_error:405": "address",
        "http_error:3xx": "address",
        "http_error:400": "request",
        "http_error:422": "request",
        "in_band_error:400": "request",
        "in_band_error:422": "request",
    }
)
"""Under the keys of `actors.core.retry`, the most special first."""

_VAGUE = frozenset({"address", "request"})
"""Where the text may say more than status and code do."""

_SAYINGS: tuple[tuple[str, Trouble], ...] = (
    ("context length", "context"),  # vLLM, Mistral, OpenRouter
    ("context size", "context"),  # llama.cpp
    ("context window", "context"),
    ("input token count", "context"),  # Gemini
    ("prompt is too long", "context"),
    ("api key", "key"),  # Gemini says so with 400
    ("not a valid model", "model"),  # OpenRouter, with 400
    ("invalid model", "model"),  # Mistral, with 400
    ("model not exist", "model"),  # DeepSeek, with 400
    ("try pulling it", "model"),  # Ollama
    ("model `", "model"),  # vLLM and Groq quote it so
)
"""In lower case, for endpoints that give no code; the first that is found counts."""


def trouble_of(outcome: Failure) -> Trouble | None:
    """Which trouble it is; None: none that a person can end."""
    keys = [*keys_of(outcome)]
    if isinstance(outcome, HttpError):
        keys.append(f"http_error:{outcome.status // 100}xx")
    known = next((_TROUBLES[key] for key in keys if key in _TROUBLES), None)
    in_band = isinstance(outcome, InBandError)
    if known in _VAGUE or (known is None and in_band):
        said = outcome.message.lower()
        return next((trouble for saying, trouble in _SAYINGS if saying in said), known)
    return known


def explain(outcome: Failure) -> str:
    """One line that says what is wrong, and what to do."""
    advice = advise(outcome)
    return f"{outcome.describe()}; {advice}" if advice else outcome.describe()


def advise(outcome: Failure) -> str:
    """What a person can do about it, in a few words; empty where the outcome's own words say it, or nothing can."""
    trouble = trouble_of(outcome)
    return "" if trouble is None else ADVICE.get(trouble, "")
