from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from click.testing import CliRunner, Result

from actors.cli import main
from tests.dashboard.web.asking import log_turns
from tests.dashboard.web.dashing import dashboard


def dash(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["dash", *map(str, arguments)], catch_exceptions=False)


def address_and_token(url: str) -> tuple[str, dict[str, str]]:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", {"authorization": f"Bearer {parts.fragment}"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_also_with_a_stream_that_nobody_reads(
    tmp_path: Path, number: signal.Signals
) -> None:
    log_turns(tmp_path / "log.jsonl", *(f"s{number}" for number in range(200)))
    with dashboard(tmp_path / "*.jsonl") as (process, url):
        address, token = address_and_token(url)
        with (
            httpx.Client(base_url=address, headers=token, timeout=60) as client,
            client.stream("GET", "/events?top=500") as stream,
        ):
            assert stream.headers["content-type"].startswith("text/event-stream")
            process.send_signal(number)
            output = process.communicate(timeout=60)
    assert output == ("", "")
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGTERM)


def test_the_token_is_new_each_time_long_and_never_sent(tmp_path: Path) -> None:
    tokens = set()
    for _ in range(2):
        with dashboard(tmp_path / "log.jsonl") as (process, url):
            address, token = address_and_token(url)
            assert address.startswith("http://127.0.0.1:")
            assert httpx.get(url).status_code == 200
            assert httpx.get(f"{address}/events").status_code == 401
            assert httpx.get(f"{address}/events?top=0", headers=token).status_code == 400
            tokens.add(urlsplit(url).fragment)
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=60) == ("", "")
    assert [len(token) >= 43 for token in tokens] == [True, True]


def test_other_machines_are_let_in_only_on_purpose(tmp_path: Path) -> None:
    refused = dash(tmp_path / "log.jsonl", "--host", "0.0.0.0")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "--allow-remote" in refused.stderr
    with dashboard(tmp_path / "log.jsonl", "--host", "0.0.0.0", "--allow-remote", "--name", "stage") as (
        process,
        url,
    ):
        port = urlsplit(url).port
        answers = [
            httpx.get(f"http://127.0.0.1:{port}/", headers={"host": host}).status_code
            for host in ("stage", "10.1.2.3", str(urlsplit(url).hostname), "evil.example")
        ]
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert answers == [200, 200, 200, 421]
    assert "not encrypted" in said


def test_what_can_t_be_is_one_line_of_advice(tmp_path: Path) -> None:
    folder = dash(tmp_path)
    assert (folder.exit_code, folder.stderr) == (
        2,
        f"Error: {tmp_path} can't be read (Is a directory): choose a file that can\n",
    )
    nowhere = dash(tmp_path / "log.jsonl", "--host", "192.0.2.1", "--allow-remote")
    assert nowhere.exit_code == 2
    assert "192.0.2.1:0 can't be listened at" in nowhere.stderr


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "fastdigest"])
def test_a_missing_extra_is_named(tmp_path: Path, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    result = dash(tmp_path / "log.jsonl")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: greenroom dash needs the extra `dashboard`: pip install 'greenroom[dashboard]'\n",
    )


def test_other_commands_start_without_the_server() -> None:
    program = (
        "import sys\nfrom actors.cli import main\nmain(['--help'], standalone_mode=False)\n"
        "print(sorted({'starlette', 'uvicorn', 'fastdigest', 'opentelemetry'} & sys.modules.keys()), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
