"""Where the command finds its model: options first, then the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from actors.config import Endpoint
from actors.errors import UsageError

OPENAI = "https://api.openai.com/v1"
BASE_URL = "OPENAI_BASE_URL"
API_KEY = "OPENAI_API_KEY"


def find_endpoint(
    environment: Mapping[str, str],
    *,
    base_url: str | None,
    model: str | None,
    api_key_env: str | None,
    transport: Literal["aiohttp", "httpx"],
) -> Endpoint:
    """The endpoint that is meant.

    Raises:
        UsageError: it can't be told from what was given.
        ConfigError: it was given, and can't be.
    """
    key = environment.get(API_KEY if api_key_env is None else api_key_env)
    if api_key_env is not None and not key:
        raise UsageError(f"{api_key_env} is not set: put the key into it, or name another with --api-key-env")
    if base_url is None:
        base_url = environment.get(BASE_URL) or (OPENAI if key else None)
    if base_url is None:
        raise UsageError(
            f"say where the model is: --base-url URL, {BASE_URL}, {API_KEY} for OpenAI's, or --local"
        )
    if model is None:
        raise UsageError("say which model: --model NAME")
    return Endpoint(base_url=base_url, model=model, api_key=key or None, transport=transport)  # type: ignore[arg-type]
