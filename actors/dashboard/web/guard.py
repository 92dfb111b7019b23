"""Who may ask: checked before anything else, on every method and route.

A page that a user visits can make their browser send requests to this machine. Against that:

- `Host` must be a name of ours, so that a foreign name that was made to point here (DNS rebinding) is refused.
- `Origin`, which browsers add to what another site's page sends, must be this very address.
- The token comes in a header, by the page's script, and never by itself. A cookie would be sent along by the browser,
  and to every other port of this machine too, as cookies know no ports; a query would be in logs. In the printed
  URL it is the fragment, which browsers keep to themselves. So the page itself, which tells nothing, needs no token,
  and everything else does.

No response has a CORS header, so no other origin can read one.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE: Final = "/"
"""The route that needs no token."""

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

HOST: Final = re.compile(r"(\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(:[0-9]{1,5})?")
"""RFC 9112, section 3.2, in lower case. Which port it names says nothing: a tunnel may have its own."""

HEADERS: Final = (
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
)


class Guard:
    """Lets a request through to `app`, or answers it with why not.

    Args:
        app: what is guarded.
        token: what `Authorization: Bearer` must say.
        policy: the `Content-Security-Policy` of every response.
        names: the names under which it may be asked, besides those of loopback.
        any_address: whether any IP address will do for a name: a machine has many, and rebinding needs a real name.
    """

    def __init__(
        self, app: ASGIApp, *, token: str, policy: str, names: Iterable[str] = (), any_address: bool = False
    ) -> None:
        self._app = app
        self._credentials = f"bearer {token}".encode()
        self._policy = policy
        self._names = LOOPBACK | {name.lower() for name in names}
        self._any_address = any_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":  # there are no WebSockets here, and nothing to start or stop
            raise ValueError(f"no {scope['type']} here")

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (*HEADERS, ("content-security-policy", self._policy)):
                    headers[name] = value
            await send(message)

        refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
        await (self._app if refusal is None else refusal)(scope, receive, send_guarded)

    def _refusal(self, method: str, path: str, headers: Headers) -> PlainTextResponse | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return _refuse(
                HTTPStatus.MISDIRECTED_REQUEST, "this is not its name: see greenroom dash --help, --name"
            )
        if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in headers.getlist("origin")):
            return _refuse(HTTPStatus.FORBIDDEN, "another site's page asks")
        if method != "GET":
            return _refuse(HTTPStatus.METHOD_NOT_ALLOWED, "only GET", allow="GET")
        if path != PAGE and not self._is_known(headers.getlist("authorization")):
            return _refuse(
                HTTPStatus.UNAUTHORIZED,
                "the token of the printed URL is needed",
                **{"www-authenticate": "Bearer"},
            )
        return None

    def _is_ours(self, host: str) -> bool:
        found = HOST.fullmatch(host.lower())
        if found is None:
            return False
        name = found["address"] or found["name"]
        return name in self._names or (self._any_address and _is_address(name))

    def _is_known(self, said: list[str]) -> bool:
        if len(said) != 1:
            return False
        scheme, _, token = said[0].partition(" ")
        return hmac.compare_digest(f"{scheme.lower()} {token}".encode(), self._credentials)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _refuse(status: HTTPStatus, why: str, **headers: str) -> PlainTextResponse:
    return PlainTextResponse(f"{why}\n", status, headers)
