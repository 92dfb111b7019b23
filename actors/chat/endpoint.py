"""Where the command finds its model: in a file of endpoints, or by options first, then the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from actors.config import Endpoint
from actors.errors import UsageError

Transport: TypeAlias = Literal["aiohttp", "httpx"]


def find_endpoint(
    environment: Mapping[str, str],
    *,
    base_url: str | None = None,
    model: str | None = None,
    api_key_env: str | None = None,
    endpoints: str | None = None,
    endpoint: str | None = None,
    transport: Transport | None = None,
) -> Endpoint:
    """The endpoint that is meant.

    Args:
        environment: variables by name.
        base_url: `--base-url`; so the others.
        model: goes before the file's, too.
        api_key_env: the variable that holds the key.
        endpoints: a TOML file.
        endpoint: a name in it.
        transport: goes before the file's, too.

    Raises:
        UsageError: nothing says where it is, or two things do.
        ConfigError: something else is missing, or can't be.
    """
    if endpoints is None and endpoint is not None:
        raise UsageError("--endpoint names one of a file: say of which with --endpoints FILE")
    if endpoints is not None:
        if base_url is not None or api_key_env is not None:
            raise UsageError("--endpoints says where the model is: leave out --base-url and --api-key-env")
        found = Endpoint.from_toml(endpoints, endpoint, environ=environment)
        return refined(found, model=model, transport=transport)
    said = {"base_url": base_url} if base_url else {}
    variables = ("OPENAI_BASE_URL", "OPENAI_API_KEY")
    if not said and api_key_env is None and not any(environment.get(name) for name in variables):
        raise UsageError(
            "say where the model is: --base-url URL, OPENAI_BASE_URL, OPENAI_API_KEY for OpenAI's, or --local"
        )
    found = Endpoint.from_env(model, api_key_env=api_key_env, environ=environment, **said)
    return refined(found, transport=transport)


def refined(found: Endpoint, **options: str | None) -> Endpoint:
    """The endpoint with the options that were given."""
    return msgspec.structs.replace(
        found, **{name: value for name, value in options.items() if value is not None}
    )
