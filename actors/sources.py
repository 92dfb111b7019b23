"""Endpoints from the environment and from TOML files. A key itself stands in neither code nor file.

A file holds a table for each endpoint, with the fields of `Endpoint`; the key by the name of a variable::

    [endpoints.fast]
    profile = "groq"                  # its base_url, and its key from GROQ_API_KEY
    model = "qwen/qwen3-32b"
    body = { temperature = 0 }

    [endpoints.house]
    base_url = "https://llm.example/v1"
    model = "large"
    api_key_env = "HOUSE_KEY"
    headers = { x-team = "stage" }
    deadlines = { first_event = 600 }
    tls = { ca_file = "house.pem" }   # paths count from the file's folder
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from actors.endpoint import Endpoint, Tls
from actors.errors import ConfigError
from actors.profiles import PROFILES, Profile, profile_named
from actors.settings import Secret, Settings

T = TypeVar("T", bound=Settings)

_FILES = ("ca_file", "cert_file", "key_file")


def from_env(
    model: str | None, api_key_env: str | None, environ: Mapping[str, str], settings: dict[str, Any]
) -> Endpoint:
    """See `Endpoint.from_env`. An empty variable counts as one that is not set."""
    said = dict(settings)
    base_url = environ.get("OPENAI_BASE_URL", "").strip()
    if "profile" not in said:
        said["profile"] = _profile_of(said.get("base_url", base_url))
    by_variable = bool(base_url) and "base_url" not in said
    if by_variable:
        said["base_url"] = base_url
    if "api_key" not in said:
        needed = api_key_env is not None or "base_url" not in said
        variable = "OPENAI_API_KEY" if api_key_env is None else api_key_env
        said["api_key"] = read_key(variable, environ, needed=needed)
    said["model"] = environ.get("OPENAI_MODEL", "") if model is None else model
    if not said["model"]:
        raise ConfigError("Endpoint.model", "is not said: give `model`, or set OPENAI_MODEL")
    try:
        return made(Endpoint, said)
    except ConfigError as error:
        if by_variable and error.field == "Endpoint.base_url":
            raise ConfigError("OPENAI_BASE_URL", error.why) from None
        raise


def _profile_of(base_url: str) -> Profile:
    """The profile of the provider that has this URL; OpenAI's for none at all."""
    if not base_url:
        return PROFILES["openai"]
    known = (profile for profile in PROFILES.values() if profile.base_url == base_url.rstrip("/"))
    return next(known, Profile())


def read_toml(path: str | os.PathLike[str], environ: Mapping[str, str]) -> dict[str, Endpoint]:
    """All endpoints of a file by name; raises as `Endpoint.from_toml`."""
    file = Path(path)
    tables = read_tables(file, "endpoints", "endpoint")
    return {name: _from_table(file, name, table, environ) for name, table in tables.items()}


def one_from_toml(path: str | os.PathLike[str], name: str | None, environ: Mapping[str, str]) -> Endpoint:
    """The endpoint of that name, or the only one. What the others need, such as their keys, need not be there.

    Raises:
        ConfigError: there is none, there are several and no name, or as `Endpoint.from_toml`.
    """
    file = Path(path)
    tables = read_tables(file, "endpoints", "endpoint")
    if name is None and len(tables) == 1:
        name = next(iter(tables))
    if name is None or name not in tables:
        wrong = "which one is not said" if name is None else f"has no endpoint {name!r}"
        raise ConfigError(str(file), f"{wrong}; there are {', '.join(tables)}")
    return _from_table(file, name, tables[name], environ)


def read_tables(file: Path, under: str, what: str) -> dict[str, Any]:
    """The tables `[under.NAME]` of a file by name; `what` one stands for, for a person.

    Raises:
        ConfigError: the file can't be read, or has none.
    """
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(str(file), f"can't be read ({error.strerror}): check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), f"is no valid TOML ({error}): correct it") from None
    tables = document.get(under)
    if not isinstance(tables, dict) or not tables:
        raise ConfigError(str(file), f"holds no {what}: write a table [{under}.NAME] for each")
    return tables


def _from_table(file: Path, name: str, table: Any, environ: Mapping[str, str]) -> Endpoint:
    where = f"{file}: endpoints.{name}"
    if not isinstance(table, dict):
        raise ConfigError(where, "must be a table of settings")
    said = dict(table)
    if "api_key" in said:
        raise ConfigError(where, "a key does not belong in a file: name its variable with api_key_env")
    variable = said.pop("api_key_env", None)
    profile = said.get("profile", "")
    if isinstance(profile, str) and profile:
        said["profile"] = profile_named(profile)
    elif isinstance(profile, dict):
        said["profile"] = made(Profile, profile, where)
    if variable is not None:
        said["api_key"] = read_key(str(variable), environ, needed=True)
    elif "base_url" not in said and isinstance(said.get("profile"), Profile):
        own: str | None = said["profile"].key_variable
        said["api_key"] = None if own is None else read_key(own, environ, needed=True)
    if isinstance(said.get("tls"), dict):
        paths = {key: str(file.parent / str(said["tls"][key])) for key in _FILES if key in said["tls"]}
        said["tls"] = made(Tls, said["tls"] | paths, where)
    return made(Endpoint, said, where)


def read_key(variable: str, environ: Mapping[str, str], *, needed: bool) -> Secret | None:
    """The key in a variable, None if it is not set; `ConfigError` if it is `needed` then, or can't be one."""
    value = environ.get(variable, "")
    if not value:
        if needed:
            raise ConfigError(variable, "is not set: export it with your key, or give `api_key`")
        return None
    try:
        return Secret(value)
    except ConfigError as error:
        raise ConfigError(variable, error.why) from None


def made(kind: type[T], said: Mapping[str, Any], where: str = "") -> T:
    """A struct of that kind; what is wrong with it is told with the place, if there is one."""
    unknown = sorted(set(said) - set(kind.__struct_fields__))
    if unknown:
        known = ", ".join(kind.__struct_fields__)
        raise ConfigError(
            where or kind.__name__, f"{unknown[0]!r} is no setting of {kind.__name__}; there are {known}"
        )
    try:
        return kind(**said)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error.field}" if where else error.field, error.why) from None
