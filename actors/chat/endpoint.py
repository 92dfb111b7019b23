"""Where the command finds its model: options first, then the environment, as `Endpoint.from_env` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from actors.config import Endpoint
from actors.errors import UsageError


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
        UsageError: nothing says where it is.
        ConfigError: something else is missing, or can't be.
    """
    said = {"base_url": base_url} if base_url else {}
    variables = ("OPENAI_BASE_URL", "OPENAI_API_KEY")
    if not said and api_key_env is None and not any(environment.get(name) for name in variables):
        raise UsageError(
            "say where the model is: --base-url URL, OPENAI_BASE_URL, OPENAI_API_KEY for OpenAI's, or --local"
        )
    return Endpoint.from_env(model, api_key_env=api_key_env, environ=environment, transport=transport, **said)
