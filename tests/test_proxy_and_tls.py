"""Proxies and certificates, over both transports, against a small server that does what is asked of it."""

from __future__ import annotations

import contextlib
import http.server
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors import Endpoint, Runtime, Tls, TurnFailedError
from actors.provider import ScriptedProvider

TRANSPORTS = ("aiohttp", "httpx")
ANSWER = b'data: {"choices": [{"delta": {"content": "fine"}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
SUBJECTS = {"authority": "/CN=authority", "server": "/CN=127.0.0.1", "client": "/CN=client"}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers a POST; makes way for a CONNECT by playing the far end itself, or refuses it."""

    server: Server
    close_connection: bool

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.seen.append((self.path, self.headers.get("proxy-authorization")))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def do_CONNECT(self) -> None:
        self.server.seen.append((self.path, self.headers.get("proxy-authorization")))
        if self.server.far_end is None:
            self.send_error(403)
            return
        self.send_response(200)
        self.end_headers()
        tunnel = self.server.far_end.wrap_socket(self.connection, server_side=True)
        self.connection, self.rfile, self.wfile = tunnel, tunnel.makefile("rb"), tunnel.makefile("wb")
        self.handle_one_request()
        for end in (self.wfile, self.rfile, tunnel):
            end.close()
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """No word on stderr."""


class Server(http.server.ThreadingHTTPServer):
    far_end: ssl.SSLContext | None = None
    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str | None]] = []
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *_: Any) -> None:
        """Handshakes that a client breaks off are the point of some tests."""


@contextlib.contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    with Server(tls) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority that signed itself, a server's and a client's certificate that it signed."""
    folder = tmp_path_factory.mktemp("pems")

    def openssl(command: str, *more: str) -> None:
        subprocess.run(["openssl", *command.split(), *more], cwd=folder, check=True, capture_output=True)  # noqa: S607

    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    for name, subject in SUBJECTS.items():
        signed = "" if name == "authority" else " -CA authority.pem -CAkey authority.key"
        leaf = "" if name == "authority" else " -addext basicConstraints=critical,CA:FALSE"
        names = " -addext subjectAltName=IP:127.0.0.1" if name == "server" else ""
        openssl(f"{make} -keyout {name}.key -out {name}.pem{signed}{leaf}{names} -subj", subject)
    return folder


def context(pems: Path, *, asks: bool = False) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pems / "server.pem", pems / "server.key")
    if asks:
        made.load_verify_locations(pems / "authority.pem")
        made.verify_mode = ssl.CERT_REQUIRED
    return made


def turn(url: str, transport: str, **settings: Any) -> str:
    endpoint = Endpoint(base_url=url, model="m", transport=transport, **settings)  # type: ignore[arg-type]
    with Runtime(endpoint) as runtime:
        return runtime.spawn().run("Hi.", retry=None).text


def failure(url: str, transport: str, **settings: Any) -> TurnFailedError:
    with pytest.raises(TurnFailedError) as failed:
        turn(url, transport, **settings)
    return failed.value


def at(server: Server, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_proxy_gets_the_whole_url_and_its_user(transport: str) -> None:
    with serving() as proxy:
        through = at(proxy).replace("//", "//user:word@")
        assert turn("http://nobody.invalid/v1", transport, proxy=through) == "fine"
    assert proxy.seen == [("http://nobody.invalid/v1/chat/completions", "Basic dXNlcjp3b3Jk")]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_tunnel_is_made_through_a_proxy(transport: str, pems: Path) -> None:
    with serving() as proxy:
        proxy.far_end = context(pems)
        tls = Tls(ca_file=str(pems / "authority.pem"))
        assert turn("https://127.0.0.1:9/v1", transport, proxy=at(proxy), tls=tls) == "fine"
    assert proxy.seen == [("127.0.0.1:9", None), ("/v1/chat/completions", None)]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_proxy_that_refuses_or_is_not_there_says_so(transport: str) -> None:
    with serving() as proxy, ScriptedProvider() as nobody:
        refused = failure("https://nobody.invalid/v1", transport, proxy=at(proxy))
        gone = nobody.refused_url.removesuffix("/v1")
        unreachable = failure(
            "http://nobody.invalid/v1", transport, proxy=gone.replace("//", "//u:pass-word@")
        )
        unknown = failure("http://nobody.invalid/v1", transport, proxy="http://neither.invalid:1")
    for error in (refused, unreachable, unknown):
        assert error.event.outcome.reason == "transport:proxy"
        assert (error.trouble, "no way to nobody.invalid" in str(error)) == ("proxy", True)
        assert "pass-word" not in str(error)
    assert f"by the proxy {gone.removeprefix('http://')}" in str(unreachable)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_certificate_is_trusted_by_its_authority_or_not_at_all(transport: str, pems: Path) -> None:
    with serving(context(pems)) as server:
        url = at(server, "https")
        untrusted = failure(url, transport)
        assert (untrusted.event.outcome.reason, untrusted.trouble) == ("transport:tls", "tls")
        assert turn(url, transport, tls=Tls(ca_file=str(pems / "authority.pem"))) == "fine"
        assert turn(url, transport, tls=Tls(verify=False)) == "fine"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_client_shows_its_certificate(transport: str, pems: Path) -> None:
    files = {"ca_file": "authority.pem", "cert_file": "client.pem", "key_file": "client.key"}
    tls = Tls(**{name: str(pems / file) for name, file in files.items()})  # type: ignore[arg-type]
    with serving(context(pems, asks=True)) as server:
        assert turn(at(server, "https"), transport, tls=tls) == "fine"


def test_a_file_that_is_no_certificate_fails_the_turn_in_one_line(tmp_path: Path, pems: Path) -> None:
    (tmp_path / "odd.pem").write_text("no certificate")
    odd = str(tmp_path / "odd.pem")
    own = str(pems / "client.pem")
    for tls, field in (
        (Tls(ca_file=odd), "Tls.ca_file"),
        (Tls(cert_file=odd), "Tls.cert_file"),
        (Tls(cert_file=own, key_file=str(pems / "server.key")), "Tls.cert_file"),
    ):
        error = failure("https://127.0.0.1:9", "aiohttp", tls=tls)
        assert f"internal: {field}: can't be used" in str(error)
        assert "\n" not in str(error)
