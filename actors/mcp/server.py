"""How an MCP server is reached, and how long it may take: its settings."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from actors.config import Intensity
from actors.errors import ConfigError
from actors.settings import HEADER_NAME, Count, Pairs, Positive, Seconds, Secret, Settings
from actors.sources import made, read_key, read_tables

SHORTEST_KEY = 8
_VARIABLE = Annotated[str, msgspec.Meta(pattern=r"^[^=\x00]+$")]


class McpServer(Settings, frozen=True):
    """An MCP server: a `command`, started and spoken with over its stdin and stdout, or a `url` (streamable HTTP)."""

    command: str = ""
    """What to start: a program on PATH, or a path. It is ended when the runtime closes, and all that it started."""
    args: tuple[str, ...] = ()
    env: Pairs = ()
    """Environment variables, as pairs; a mapping is taken too. Of this process's own it gets only PATH, HOME, USER and
    the like, and those that `inherit` names."""
    inherit: tuple[_VARIABLE, ...] = ()
    """Variables of this process that it gets as well, where they are set: so a key need not stand in code or file."""
    cwd: str | None = None
    url: str = ""
    """Where it listens. Redirects are followed within this origin only."""
    api_key: Secret | None = None
    """Sent as `Authorization: Bearer`."""
    headers: Pairs = ()
    """Further headers, as pairs; a mapping is taken too."""
    prefix: str | None = None
    """What its tools' names begin with, two underscores between; its own name if not given, "" for nothing."""
    connect: Seconds = 30.0
    """How long it may take, in seconds, until its tools are listed; each later listing, too."""
    timeout: Seconds | None = 60.0
    """Of one call of a tool, in seconds; None: none."""
    max_output: Positive = 65536
    """How many code points of a call's result the model gets."""
    retries: Count = 0
    """How often a call that failed is made again, of the tools that the server calls idempotent or read-only: only if
    its word is to be trusted."""
    backoff: Seconds = 0.5
    """The wait before the first restart, in seconds; each further one within the intensity's window waits twice as
    long as the last, up to `max_backoff`."""
    max_backoff: Seconds = 30.0
    intensity: Intensity = Intensity(restarts=10, within=300.0)
    """More restarts than this, and the server is given up."""

    def __post_init__(self) -> None:
        self._to_pairs("env", "headers")
        given: Any = self.api_key
        if isinstance(given, str):
            msgspec.structs.force_setattr(self, "api_key", Secret(given))
        super().__post_init__()
        if bool(self.command) == bool(self.url):
            self._refuse("command", "is to be given, or a `url`: one of the two")
        self._check_process() if self.command else self._check_http()

    def _check_process(self) -> None:
        if self.headers or self.api_key is not None:
            self._refuse("headers", "are for a `url`; a process takes `env`")
        for text in (self.command, *self.args, *(part for pair in self.env for part in pair)):
            if "\0" in text:
                self._refuse("command", "must not hold NUL, nor may `args` and `env`")

    def _check_http(self) -> None:
        if self.args or self.env or self.inherit or self.cwd is not None:
            self._refuse("url", "takes no `args`, `env`, `inherit` or `cwd`: those are for a `command`")
        try:
            url = urllib.parse.urlsplit(self.url)
            port = url.port
        except ValueError as error:
            self._refuse("url", f"is no URL ({error})")
        if url.scheme not in {"http", "https"} or not url.hostname or port == 0:
            self._refuse("url", "must begin with http:// or https:// and name a host")
        if url.username is not None or url.password is not None:
            self._refuse("url", "must not hold a user or password; use `headers` or `api_key`")
        if not self.url.isprintable() or " " in self.url:
            self._refuse("url", "must hold no spaces or line ends")
        for name, value in self.headers:
            if not HEADER_NAME.fullmatch(name):
                self._refuse("headers", f"{name!r} is no header name")
            if not value.isascii() or not value.isprintable():
                self._refuse("headers", f"the value of {name!r} must be printable ASCII on one line")

    @property
    def where(self) -> str:
        """The command, or the URL without its query, for a person: no arguments, as those may hold keys."""
        return self.command or self.url.partition("?")[0]

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is not shown, though the server may repeat it: values that are too short for a key are none."""
        key = () if self.api_key is None else (self.api_key.reveal(),)
        inherited = (os.environ.get(name, "") for name in self.inherit)
        values = (*key, *(value for _, value in (*self.headers, *self.env)), *inherited)
        return tuple(value for value in values if len(value) >= SHORTEST_KEY)

    @classmethod
    def all_from_toml(
        cls, path: str | os.PathLike[str], *, environ: Mapping[str, str] | None = None
    ) -> dict[str, McpServer]:
        """The servers of a TOML file by name, from its tables `[mcp.NAME]`, as `Runtime(mcp=...)` takes them.

        A table has the fields of `McpServer`; the key by the name of a variable, `api_key_env`. `cwd` counts from the
        file's folder.

        Args:
            path: the file.
            environ: holds the keys that the file names; the process's environment if not given.

        Raises:
            ConfigError: the file can't be read, has no such table, or says what can't be.
        """
        file = Path(path)
        variables = os.environ if environ is None else environ
        return {
            name: _from_table(file, name, table, variables)
            for name, table in read_tables(file, "mcp", "MCP server").items()
        }

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        for field in ("env", "headers"):  # some carry keys
            shown[field] = tuple((name, "***") for name, _ in getattr(self, field))
        shown["url"] = self.url.partition("?")[0]
        return f"McpServer({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


def _from_table(file: Path, name: str, table: Any, environ: Mapping[str, str]) -> McpServer:
    where = f"{file}: mcp.{name}"
    if not isinstance(table, dict):
        raise ConfigError(where, "must be a table of settings")
    said = dict(table)
    if "api_key" in said:
        raise ConfigError(where, "a key does not belong in a file: name its variable with api_key_env")
    variable = said.pop("api_key_env", None)
    if variable is not None:
        said["api_key"] = read_key(str(variable), environ, needed=True)
    if isinstance(said.get("cwd"), str):
        said["cwd"] = str(file.parent / said["cwd"])
    return made(McpServer, said, where)
