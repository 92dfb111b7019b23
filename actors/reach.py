"""How an endpoint is reached, whatever the client: certificates, the way through a proxy, and what stays secret."""

from __future__ import annotations

import base64
import functools
import ssl
import urllib.parse
from collections.abc import Callable, Mapping

from actors.config import Endpoint, Tls
from actors.errors import ConfigError

_KEY_HEADERS = frozenset({"authorization", "api-key", "x-api-key", "x-goog-api-key"})
_SHORTEST_KEY = 8
"""What is shorter, such as `none`, protects nothing, and its letters stand in too many words."""


@functools.cache
def ssl_context(tls: Tls, public: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """One context for all that ask for the same: loading the certificates takes tens of milliseconds.

    Args:
        tls: what is asked for.
        public: makes a context that trusts the public authorities.

    Raises:
        ConfigError: a file holds no certificate or key, or the key is another certificate's.
    """
    field = "Tls.ca_file"
    try:
        context = public() if tls.ca_file is None else ssl.create_default_context(cafile=tls.ca_file)
        if tls.cert_file is not None:
            field = "Tls.cert_file"
            context.load_cert_chain(tls.cert_file, tls.key_file, password=_no_password)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(field, f"can't be used ({error.strerror}): it must be PEM") from None
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _no_password() -> str:
    """OpenSSL would ask the terminal for one, and wait."""
    raise ConfigError(
        "Tls.key_file", "is locked with a password: give one that is not, readable by you alone"
    )


def proxy_credentials(proxy: str) -> tuple[str, dict[str, str]]:
    """A proxy's URL without its user, and the user as a header (RFC 7617), if there is one."""
    url = urllib.parse.urlsplit(proxy)
    user, _, address = url.netloc.rpartition("@")
    if not user:
        return proxy, {}
    basic = base64.b64encode(urllib.parse.unquote(user).encode()).decode()
    return f"{url.scheme}://{address}", {"proxy-authorization": f"Basic {basic}"}


def headers_of(endpoint: Endpoint) -> dict[str, str]:
    """What each request to the endpoint says of itself, keys included."""
    headers = {
        "connection": "keep-alive",
        "accept": "text/event-stream",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": "greenroom",
        **{name.lower(): value for name, value in endpoint.headers},
    }
    if endpoint.proxy is not None and urllib.parse.urlsplit(endpoint.base_url).scheme == "http":
        headers |= proxy_credentials(endpoint.proxy)[1]  # where there is no tunnel, a request goes to both
    if endpoint.api_key is not None:
        key, header = endpoint.api_key.reveal(), endpoint.profile.key_header
        headers[header] = f"Bearer {key}" if header == "authorization" else key
    return headers


def secrets_of(endpoint: Endpoint, headers: Mapping[str, str]) -> tuple[str, ...]:
    """What an endpoint or a proxy might quote, and nobody should read."""
    said = {name.lower(): value.removeprefix("Bearer ") for name, value in headers.items()}
    named = _KEY_HEADERS | {endpoint.profile.key_header}
    keys = [value for name, value in said.items() if name in named]
    if endpoint.proxy is not None:
        password = urllib.parse.urlsplit(endpoint.proxy).password
        keys += [] if password is None else [urllib.parse.unquote(password)]
    return tuple(key for key in keys if len(key) >= _SHORTEST_KEY)
