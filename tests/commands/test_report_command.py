from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import actors.log
from actors import Approvals, RetryPolicy, Rule, Runtime, tool
from actors.cli import main
from actors.log import Log
from actors.provider import Call, Reply, Reset, ScriptedProvider

EVIL = "<script>alert(1)</script>\x1b[2J\u202e&\"'"


def greenroom(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


@tool
def look() -> str:
    """Look."""
    return "Nothing."


@tool
def pay() -> str:
    """Pay."""
    return "Paid."


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a run with a retry and a failure, in which somebody put what browsers and terminals would obey."""
    path = tmp_path_factory.mktemp("report") / "night.jsonl"
    story = Reply("Once upon a time.")
    with (
        actors.log.to_file(path),
        ScriptedProvider(default=story) as provider,
        Runtime(provider.endpoint()) as runtime,
    ):
        provider.script("night", story.but(Reset(after=1)), story)
        session = runtime.spawn(id="night", retry=RetryPolicy(backoff_ms=1, jitter="none"))
        session.run("Tell me a story.")
        provider.script("clerk", Reply("", tool_calls=(Call("look", "{}"), Call("pay", "{}"))), story)
        policy = Approvals(rules=(Rule("pay"),))
        clerk = runtime.spawn(id="clerk", tools=[look, pay], approvals=policy, on_approval=lambda _: False)
        clerk.run("Look, and pay.")
        Log().emit("actors.runtime.started", EVIL, level="WARNING")
    with path.open("a") as file:
        file.write(f"{EVIL}\n")
    return path


class Page(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_report_says_what_happened(path: Path) -> None:
    result = greenroom("report", path)
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert lines[1] == "2 turns: 2 completed, 0 failed, 0 cancelled; 1 retries"
    assert "sessions 2 started, 2 ended" in lines
    assert "requests 4 sent: 3 answered, 1 failed, 0 cancelled" in lines
    assert any(re.fullmatch(r"whole turn 2( [\d.]+s){4}", line) for line in lines)
    assert any(line.startswith("transport:read") and line.endswith("100.0%") for line in lines)
    assert "tool calls 2 asked for, 1 completed, 1 failed" in lines
    assert "approvals 1 requested, 1 decided" in lines
    assert any(re.fullmatch(r"look 1 0 0.0%( [\de.-]+s){3}", line) for line in lines)
    assert "pay 1 1 100.0%" in lines  # it never ran
    assert [line for line in lines if line.startswith("rejected")] == [
        "rejected 1 50.0%",
        "rejected 1 100.0%",
    ]
    assert any(line.startswith("records") and line.endswith("and 1 bad lines") for line in lines)


def test_nothing_in_it_is_obeyed_by_a_terminal(path: Path) -> None:
    text = greenroom("report", path).output
    assert all(char.isprintable() for char in text.replace("\n", ""))
    assert "<script>alert(1)</script>\\x1b[2J\\u202e" in text


def test_the_page_says_the_same_needs_nothing_and_obeys_nothing(path: Path, tmp_path: Path) -> None:
    html = tmp_path / "night.html"
    assert greenroom("report", path, "--html", html).exit_code == 0
    page = Page(html.read_text("utf-8"))
    assert "2 turns: 2 completed, 0 failed, 0 cancelled; 1 retries" in page.text
    assert "<script>alert(1)</script>\\x1b[2J\\u202e&\"'" in page.text
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "img", "iframe", "object"}
    assert "svg" in tags
    attributes = {name for _, attributes in page.tags for name in attributes}
    assert not attributes & {"src", "href", "style"}
    assert not [name for name in attributes if name.startswith("on")]
    assert "default-src 'none'" in html.read_text("utf-8")


def until_closed(terminal: int) -> Iterator[bytes]:
    # Linux ends a pseudo-terminal whose other side is closed with EIO, others with an empty read.
    with contextlib.suppress(OSError):
        while data := os.read(terminal, 4096):
            yield data


def test_a_terminal_is_shown_how_far_it_is(path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from actors.cli import main; main()", "report", str(path)]
    environment = {**os.environ, "TERM": "xterm-256color"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        assert process.stdout is not None
        assert b"2 turns" in process.stdout.read()
    os.close(theirs)
    shown = b"".join(until_closed(ours))
    os.close(ours)
    size = path.stat().st_size
    assert f"{size / 1000:.1f}/{size / 1000:.1f} kB".encode() in shown


def test_several_logs_are_one_report(path: Path) -> None:
    lines = greenroom("report", path, str(path.parent / "*.jsonl")).output.splitlines()
    assert lines[0] == f"{path}, {path.parent}/*.jsonl"
    assert lines[1].startswith("2 turns: ")  # one file, given twice, is one log


def test_an_empty_log_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    result = greenroom("report", tmp_path / "empty.jsonl", "--html", tmp_path / "empty.html")
    assert result.exit_code == 0
    assert "0 turns" in result.output


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [(["nowhere.jsonl"], "is not there"), (["log", "--html", "no/such/folder.html"], "can't be written")],
)
def test_misuse_is_one_line_of_advice(
    arguments: list[str], advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log").touch()
    result = greenroom("report", *arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert advice in result.stderr


def test_without_its_extra_it_says_which(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    for name in ("fastdigest", "actors.fleet.sketch", "actors.fleet.fold", "actors.dashboard.feed"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "fastdigest", None)
    result = greenroom("report", path)
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: greenroom report needs the extra `dashboard`: pip install 'greenroom[dashboard]'\n",
    )
