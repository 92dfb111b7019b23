"""Where a model answers and how it is reached. `actors.sources` reads one from the environment or a file."""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from actors.budget import Price
from actors.profiles import Profile, profile_named
from actors.settings import HEADER_NAME, JsonObject, Pairs, Positive, Seconds, Secret, Settings, check_body

_USER = re.compile(r"//[^@/]*@")
_QUERY = re.compile(r"\?.*", re.DOTALL)


class Deadlines(Settings, frozen=True):
    """How long an attempt may take, in seconds."""

    connect: Seconds = 10.0
    first_event: Seconds = 300.0
    """From the request to the first parsed chunk. Keep-alives and headers do not count, nor does time in which the
    request waited for one of `max_connections`."""
    idle: Seconds = 120.0
    """Between parsed chunks. Keep-alives do not count; time in which the consumer made us wait does not either."""
    attempt: Seconds = 1800.0
    trailing: Seconds = 2.0
    """After a finish reason, for trailing usage or further calls."""


class Tls(Settings, frozen=True):
    """How the endpoint proves who it is, and we who we are. Files are PEM, and read when the first request is made."""

    verify: bool = True
    """False: anyone can pass for the endpoint and read the key. For a test on a machine of one's own."""
    ca_file: str | None = None
    """Trusted instead of the public authorities."""
    cert_file: str | None = None
    """The client's certificate, with its chain; its key too, unless that is in `key_file`."""
    key_file: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for field in ("ca_file", "cert_file", "key_file"):
            path = getattr(self, field)
            if path is not None and not Path(path).is_file():
                self._refuse(
                    field, f"{path!r} is no file: check the path, which counts from the working folder"
                )
        if self.key_file is not None and self.cert_file is None:
            self._refuse("key_file", "needs the certificate that it belongs to: give `cert_file`")


class Endpoint(Settings, frozen=True):
    """Where a model answers."""

    base_url: str = ""
    """Up to and including the version, such as `http://127.0.0.1:8080/v1`; the profile's if it has one."""
    model: str = ""
    api_key: Secret | None = None
    headers: Pairs = ()
    """Further headers, as pairs; a mapping is taken too."""
    query: Pairs = ()
    """Query parameters, such as Azure's `api-version`, as pairs; a mapping is taken too."""
    body: JsonObject = msgspec.field(default_factory=dict)
    """Further fields of each request's body, such as `{"temperature": 0}`."""
    profile: Profile = Profile()
    """What it wants said differently; the name of a known one is taken too (`actors.profiles`)."""
    deadlines: Deadlines | None = None
    """For sessions and turns on this endpoint that are not given their own."""
    proxy: str | None = None
    """An HTTP proxy, such as `http://user:word@10.0.0.1:3128`. None: none, whatever the environment says."""
    tls: Tls = Tls()
    transport: Literal["aiohttp", "httpx"] = "aiohttp"
    max_connections: Positive | None = None
    """At most so many at once, the rest queue; None: no limit."""
    session_header: str | None = None
    """A header that carries the session's id, where the endpoint wants to know it; with `-attempt` behind its name,
    another one carries turn, step and attempt, such as `1.1.2`."""
    price: Price | None = None
    """What its tokens cost, for `Budget.cost`; None: as genai-prices lists it, where that knows the endpoint."""
    provider: str = ""
    """`gen_ai.provider.name` in the log; the profile's if not given."""

    def __post_init__(self) -> None:
        self._complete()
        super().__post_init__()
        self._check_url("base_url", self.base_url, "headers` or `api_key")
        if self.proxy is not None:
            self._check_url("proxy", self.proxy, None)
        if not self.model:
            self._refuse("model", "must not be empty: name one that the endpoint has")
        check_body(self, self.body)
        for name, value in self.headers:
            if not HEADER_NAME.fullmatch(name):
                self._refuse("headers", f"{name!r} is no header name")
            if not value.isascii() or not value.isprintable():
                self._refuse("headers", f"the value of {name!r} must be printable ASCII on one line")

    def _complete(self) -> None:
        """Take what people have at hand, and the profile's word for what was not said."""
        put = msgspec.structs.force_setattr
        self._to_pairs("headers", "query")
        given: Any = self.api_key
        if isinstance(given, str):
            put(self, "api_key", Secret(given))
        given = self.profile
        if isinstance(given, str):
            put(self, "profile", profile_named(given))
        if isinstance(self.profile, Profile):
            if self.base_url == "" and self.profile.base_url is not None:
                put(self, "base_url", self.profile.base_url)
            if self.provider == "":
                put(self, "provider", self.profile.provider)

    def _check_url(self, field: str, given: str, instead: str | None) -> None:
        shown = repr(_QUERY.sub("?***", _USER.sub("//***@", given)))
        try:
            url = urllib.parse.urlsplit(given)
            port = url.port
        except ValueError as error:
            self._refuse(field, f"is no URL ({error}), got {shown}")
        if url.scheme not in {"http", "https"} or not url.hostname or port == 0:
            self._refuse(field, f"must begin with http:// or https:// and name a host, got {shown}")
        if not given.isprintable() or " " in given:
            self._refuse(field, f"must hold no spaces or line ends, got {shown}")
        if instead is not None:
            if url.username is not None or url.password is not None:
                self._refuse(field, f"must not hold a user or password; use `{instead}`")
            if url.query or url.fragment:
                self._refuse(field, f"must end with its path; put its query into `query`, got {shown}")
            if url.path.rstrip("/").endswith("/chat/completions"):
                self._refuse(field, f"must end before /chat/completions, got {shown}")

    @property
    def pool(self) -> tuple[Hashable, ...]:
        """What its connections depend on: endpoints that are the same in this share them."""
        return (
            self.base_url,
            self.api_key,
            self.headers,
            self.query,
            self.profile.query,
            self.profile.key_header,
            self.proxy,
            self.tls,
            self.transport,
            self.max_connections,
        )

    @classmethod
    def from_env(
        cls,
        model: str | None = None,
        *,
        api_key_env: str | None = None,
        environ: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> Endpoint:
        """An endpoint by `OPENAI_API_KEY` and `OPENAI_BASE_URL`. No `.env` is read.

        Args:
            model: `OPENAI_MODEL` if not given.
            api_key_env: the variable that holds the key, which must be set then; `OPENAI_API_KEY` if not given.
            environ: read instead of the process's environment.
            settings: fields of `Endpoint`; they win.

        Raises:
            ConfigError: a variable is missing or can't be.
        """
        from actors.sources import from_env  # noqa: PLC0415 - sources make endpoints

        return from_env(model, api_key_env, os.environ if environ is None else environ, settings)

    @classmethod
    def from_toml(
        cls,
        path: str | os.PathLike[str],
        name: str | None = None,
        *,
        environ: Mapping[str, str] | None = None,
    ) -> Endpoint:
        """An endpoint of a TOML file, from its table `[endpoints.NAME]`. See `actors.sources`.

        Args:
            path: the file.
            name: which; may be left out where the file holds one.
            environ: holds the keys that the file names; the process's environment if not given.

        Raises:
            ConfigError: the file can't be read, has no such endpoint, or says what can't be.
        """
        from actors.sources import one_from_toml  # noqa: PLC0415 - as above

        return one_from_toml(path, name, os.environ if environ is None else environ)

    @classmethod
    def all_from_toml(
        cls, path: str | os.PathLike[str], *, environ: Mapping[str, str] | None = None
    ) -> dict[str, Endpoint]:
        """All endpoints of a TOML file by name, as `Runtime(endpoints=...)` takes them; else as `from_toml`."""
        from actors.sources import read_toml  # noqa: PLC0415 - as above

        return read_toml(path, os.environ if environ is None else environ)

    def __hash__(self) -> int:
        return hash((self.base_url, self.model, self.api_key, self.headers, self.query))

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        shown["headers"] = tuple((name, "***") for name, _ in self.headers)  # some carry keys
        shown["query"] = tuple((name, "***") for name, _ in self.query)  # the same
        if self.proxy is not None:
            shown["proxy"] = _USER.sub("//***@", self.proxy)
        return f"Endpoint({', '.join(f'{name}={value!r}' for name, value in shown.items())})"
